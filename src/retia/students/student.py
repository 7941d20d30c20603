"""A student: a model with its processor, loaded from a folder.

In:  a plain model folder, or a PEFT adapter folder that names its base.
Out: a `Student`.
"""

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retia.errors import UserError
from retia.students.families import Family, family_of


@dataclass(frozen=True, kw_only=True)
class Student:
    """A model ready to be asked."""

    model: Any
    """A `transformers` model, in evaluation mode, fp32 on a CPU."""
    processor: Any
    family: Family
    folder: Path | None = None

    @property
    def tokenizer(self) -> Any:
        """The processor's tokenizer."""
        return self.processor.tokenizer


def load_student(folder: Path) -> Student:
    """Load a student.

    Args:
        folder: A model folder, or a PEFT adapter folder (`adapter_config.json`).

    Raises:
        UserError: If the folder is missing or no model, its weights do not fit, or its family
            needs something that is not installed.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(
            f"{folder} is no folder. Expected a model folder, as `retia sft` writes it."
        )
    base = _base_of(folder)
    family = family_of(base)
    model = _load_model(base, family)
    if base != folder:
        from peft import PeftModel

        with warnings.catch_warnings():
            # peft 0.21 asks transformers 5.23 by an old name.
            warnings.simplefilter("ignore", FutureWarning)
            model = PeftModel.from_pretrained(model, folder)
    processor = _load_processor(_processor_folder(folder, base), family)
    return Student(model=model.eval(), processor=processor, family=family, folder=folder)


def load_tokenizer(folder: Path) -> Any:
    """Load the tokenizer of a model or adapter folder alone, without its weights."""
    from transformers import AutoTokenizer

    own = _processor_folder(folder, _base_of(folder))
    return AutoTokenizer.from_pretrained(own, local_files_only=True)


def _processor_folder(folder: Path, base: Path) -> Path:
    """Where the processor lies: an adapter folder may leave it to its base."""
    return folder if (folder / "tokenizer_config.json").is_file() else base


def _base_of(folder: Path) -> Path:
    path = folder / "adapter_config.json"
    if not path.is_file():
        return folder
    name = json.loads(path.read_text(encoding="utf-8")).get("base_model_name_or_path") or ""
    for candidate in (Path(name), folder / name, folder.parent / Path(name).name):
        if name and candidate.is_dir():
            return candidate
    raise UserError(
        f"{path}: base_model_name_or_path is {name!r}, and there is no such folder. "
        "Put the base model there, or correct the path."
    )


def _load_model(folder: Path, family: Family) -> Any:
    import torch
    from transformers import AutoModelForImageTextToText
    from transformers.utils import logging as transformers_logging

    from retia.students.tower import register

    register()
    transformers_logging.disable_progress_bar()
    cuda = torch.cuda.is_available() and family.name != "embedded"
    dtype = torch.bfloat16 if cuda else torch.float32
    try:
        loaded: Any = AutoModelForImageTextToText.from_pretrained(
            folder, dtype=dtype, local_files_only=True, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        text = " ".join(str(error).split())
        raise UserError(f"{folder} cannot be loaded as {family.title}: {text:.300}") from error
    model, report = loaded
    unfit = [*report["missing_keys"], *report["mismatched_keys"], *report["unexpected_keys"]]
    if unfit:
        raise UserError(
            f"{folder}: {len(unfit)} tensors of the file and of the model do not match, "
            f"such as {unfit[0]}. The folder is damaged or of another version."
        )
    return model.to("cuda") if cuda else model


def _load_processor(folder: Path, family: Family) -> Any:
    from transformers import AutoProcessor, AutoTokenizer

    if family.name != "embedded":
        return AutoProcessor.from_pretrained(folder, local_files_only=True)
    from retia.students.embedded import read_processor

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return read_processor(folder, tokenizer)
