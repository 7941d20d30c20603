"""The decorator of every record: a frozen dataclass whose unknown keys are errors when read."""

from dataclasses import dataclass
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def record(cls: type[T]) -> type[T]:
    """Make a frozen, keyword-only dataclass; read strictly (see `records/jsonl.py`)."""
    strict: Any = {"extra": "forbid", "allow_inf_nan": False}
    cls.__pydantic_config__ = strict  # type: ignore[attr-defined]
    return dataclass(frozen=True, kw_only=True)(cls)
