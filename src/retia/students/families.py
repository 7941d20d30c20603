"""What differs between model families, in one table.

In:  a model's `config.json`.
Out: its row. A new family is a new row.
"""

import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path

from retia.errors import UserError
from retia.students.boxes import Convention

TEXT_LAYERS = r".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"


@dataclass(frozen=True, kw_only=True)
class Family:
    """One row."""

    name: str
    title: str
    image_token: str
    """The placeholder that stands for an image in the rendered chat."""
    boxes: Convention
    fixed_tokens: bool
    """Whether every image takes the same number of tokens, so that its pixels can be cached."""
    needs_torchvision: bool = False
    """Its processor declares a video processor, which exists only with torchvision."""
    lora_targets: str = TEXT_LAYERS
    """Regular expression of the layers that get an adapter."""


_QWEN = {"image_token": "<|image_pad|>", "fixed_tokens": False, "needs_torchvision": True}

FAMILIES = {
    row.name: row
    for row in (
        Family(
            name="embedded",
            title="the embedded student",
            image_token="<image>",
            boxes="relative_1000",
            fixed_tokens=True,
        ),
        Family(
            name="llava",
            title="LLaVA",
            image_token="<image>",
            boxes="relative_1000",
            fixed_tokens=True,
        ),
        Family(name="qwen2_vl", title="Qwen2-VL", boxes="relative_1000", **_QWEN),
        Family(name="qwen2_5_vl", title="Qwen2.5-VL", boxes="resized_pixels", **_QWEN),
        Family(name="qwen3_vl", title="Qwen3-VL", boxes="relative_1000", **_QWEN),
    )
}


def family_of(folder: Path) -> Family:
    """Return the row of a model folder that this environment can load.

    Raises:
        UserError: As `declared_family`, or if the family needs torchvision, which is not installed.
    """
    family = declared_family(folder)
    if family.needs_torchvision and importlib.util.find_spec("torchvision") is None:
        raise UserError(
            f"{family.title} needs torchvision, which is not installed. "
            'Run `pip install "retia[gpu]"`, or use the embedded student.'
        )
    return family


def declared_family(folder: Path) -> Family:
    """Return the row of a model folder, whether or not it can be loaded here.

    Raises:
        UserError: If the folder has no readable `config.json`, or the family is unknown.
    """
    path = Path(folder) / "config.json"
    if not path.is_file():
        raise UserError(
            f"{folder} holds no config.json. Expected a model folder, as `retia sft` writes it."
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is no valid JSON ({error}).") from None
    name = config.get("model_type")
    if config.get("vision_config", {}).get("model_type") == "retia_tower":
        name = "embedded"
    if name not in FAMILIES:
        raise UserError(
            f"{path}: model_type is {name!r}. Retia knows {', '.join(FAMILIES)}; "
            "another family needs a row in retia/students/families.py."
        )
    return FAMILIES[name]
