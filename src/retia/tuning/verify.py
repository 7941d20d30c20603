"""Saving and loading that is checked: a model that comes back is the model that was saved.

In:  a student.
Out: its folder with the hash of its tensors; a load that refuses other tensors.

`Trainer`'s own resume loads weights non-strictly and only warns: where names on disk differ from
names in memory (LLaVA, Qwen2.5-VL) it silently trains on from the base weights. So parts of a run
are saved here and come back through `from_pretrained`.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from retia.errors import CheckFailedError
from retia.runs.step import write_json
from retia.students.student import Student, load_student

HASH_FILE = "tensors.json"
LOGIT_TOLERANCE = 1e-3


def tensor_hash(model: Any) -> str:
    """SHA-256 over names, types and values of all tensors."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).numpy().tobytes())
    return digest.hexdigest()


def save_student(student: Student, folder: Path) -> None:
    """Write model, processor and chat template, and the hash of the tensors."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    student.model.save_pretrained(folder)
    student.processor.save_pretrained(folder)
    write_json(Path(folder) / HASH_FILE, {"sha256": tensor_hash(student.model)})


def load_verified(folder: Path) -> Student:
    """Load a student that `save_student` wrote.

    Raises:
        CheckFailedError: If its tensors are not those that were saved.
    """
    student = load_student(folder)
    saved = json.loads((Path(folder) / HASH_FILE).read_text(encoding="utf-8"))["sha256"]
    found = tensor_hash(student.model)
    if found != saved:
        raise CheckFailedError(
            f"{folder}: the tensors read ({found[:12]}) are not those saved ({saved[:12]}). "
            "Training on would start from other weights; delete the folder and run again."
        )
    return student


def logits_of(student: Student, batch: dict[str, Any]) -> np.ndarray:
    """Logits for a collated batch, fp32."""
    import torch

    inputs = {k: v.to(student.model.device) for k, v in batch.items() if k != "labels"}
    with torch.inference_mode():
        return student.model.eval()(**inputs).logits.float().cpu().numpy()


def check_same(name: str, first: np.ndarray, second: np.ndarray) -> float:
    """Return the largest difference of two arrays of logits.

    Raises:
        CheckFailedError: If it is above the tolerance.
    """
    gap = float(np.abs(first - second).max())
    if not gap <= LOGIT_TOLERANCE:
        raise CheckFailedError(
            f"{name}: logits differ by {gap:.2g}, more than {LOGIT_TOLERANCE}. "
            "The saved model would answer otherwise than the trained one; nothing was written."
        )
    return gap
