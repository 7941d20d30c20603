"""`retia doctor`: what this machine can do."""

import importlib.metadata
import os
import platform
import shutil
from dataclasses import dataclass
from typing import Any

from retia.errors import UserError

EXTRAS = {
    "tune": ("transformers", "trl", "peft", "datasets", "accelerate"),
    "teacher": ("openai",),
    "serve": ("fastapi", "uvicorn"),
    "demo": ("gradio",),
    "dicom": ("pydicom", "nibabel"),
    "video": ("av",),
    "similarity": ("model2vec",),
    "cluster": ("ray",),
    "gpu": ("torchvision", "bitsandbytes"),
}


@dataclass(frozen=True, kw_only=True)
class DoctorConfig:
    """`retia doctor` takes nothing."""


def doctor(config: DoctorConfig) -> dict[str, Any]:
    """Tell what this machine can do.

    Returns:
        Python, cores, memory, accelerator, precision for tuning, extras, shipped models.
    """
    import logging

    import torch

    from retia.students.precision import use_bf16

    report: dict[str, Any] = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "disk_free_gb": round(shutil.disk_usage(".").free / 2**30, 1),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "precision": "bf16" if use_bf16() else "fp32",
    }
    for extra, packages in EXTRAS.items():
        missing = [p for p in packages if not _installed(p)]
        report[f"extra {extra}"] = f"without {', '.join(missing)}" if missing else "installed"
    for name in ("staging", "student"):
        report[f"shipped {name}"] = _shipped(name)
    for key, value in report.items():
        logging.getLogger("retia").info("%-18s %s", key, value)
    return report


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _shipped(name: str) -> str:
    from retia import weights

    try:
        folder = weights.staging_folder() if name == "staging" else weights.student_folder()
    except UserError as error:
        return str(error)
    return f"whole, {sum(f.stat().st_size for f in folder.iterdir()) / 2**20:.1f} MiB"
