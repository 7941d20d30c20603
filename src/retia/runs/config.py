"""What every step's config shares, and how a config is read from YAML."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from retia.errors import UserError

Config = TypeVar("Config")


@dataclass(frozen=True, kw_only=True)
class StepConfig:
    """The flags that every step has."""

    out: Path
    """Folder to write; created if missing."""
    seed: int = 0
    """Base seed: the same seed gives the same bytes."""
    workers: int = 1
    """Worker processes. The result does not depend on it."""
    engine: Literal["local", "ray"] = "local"
    """Where workers run: processes of this machine, or a Ray cluster."""
    resume: bool = True
    """Keep what an earlier run with the same settings has finished."""


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping.

    Raises:
        UserError: If the file is missing, is no YAML or holds no mapping.
    """
    import yaml

    if not path.is_file():
        raise UserError(f"{path} does not exist. Expected a YAML file there.")
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        text = " ".join(str(error).split())
        raise UserError(f"{path} is no valid YAML: {text}.") from None
    if not isinstance(value, dict):
        raise UserError(f"{path} holds {type(value).__name__}, expected `key: value` lines.")
    return value


def to_config(kind: type[Config], values: dict[str, Any], where: str) -> Config:
    """Build a config from plain values, strictly.

    Args:
        kind: A config dataclass.
        values: As read from YAML.
        where: Named in errors, such as `recipe.yaml, step grow`.

    Raises:
        UserError: If a key is unknown or missing, or a value has the wrong type.
    """
    import dataclasses

    import pydantic

    from retia.errors import did_you_mean
    from retia.records.jsonl import describe

    known = [f.name for f in dataclasses.fields(kind)]  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise UserError(f"{where}: unknown key `{key}`.{did_you_mean(str(key), known)}")
    try:
        return pydantic.TypeAdapter(kind).validate_python(values)
    except pydantic.ValidationError as error:
        raise UserError(f"{where}: {describe(error, kind)}") from None
