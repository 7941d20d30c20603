"""Reading a vocabulary: kinds with their names, synonyms, numeric keys and severity thresholds."""

import functools
from dataclasses import dataclass, field
from importlib import resources
from typing import Literal

from retia.errors import UserError, did_you_mean


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of finding."""

    id: str
    name: str
    plural: str
    synonyms: tuple[str, ...] = ()
    values: dict[str, str] = field(default_factory=dict)
    """Numeric keys of this kind, with their units."""
    severity_by: str | None = None
    direction: Literal["rising", "falling"] = "rising"
    thresholds: dict[str, float] = field(default_factory=dict)
    """Severity word to its bound on `severity_by`, mildest first."""

    def severity(self, values: dict[str, float]) -> str | None:
        """Word for how severe a finding with these values is.

        Returns:
            The severest word whose bound is met; None when the kind is not graded, the value is
            missing, or not even the mildest bound is met (then it is no finding).
        """
        value = values.get(self.severity_by or "")
        if value is None:
            return None
        rising = self.direction == "rising"
        met = [
            w
            for w, bound in self.thresholds.items()
            if (value >= bound if rising else value <= bound)
        ]
        return met[-1] if met else None


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """All words of one modality."""

    modality: str
    image: str
    kinds: dict[str, Kind]
    stages: dict[str, tuple[str, ...]]
    """Stage id to its name followed by its synonyms."""
    measures: dict[str, tuple[str, str]]
    """Measure id to (name, unit)."""

    def kind(self, id: str) -> Kind:
        """Return a kind.

        Raises:
            UserError: If there is none with this id.
        """
        if id not in self.kinds:
            raise UserError(
                f"`{id}` is no kind of finding in {self.modality}."
                f"{did_you_mean(id, self.kinds)} Known: {', '.join(self.kinds)}."
            )
        return self.kinds[id]

    def stage_name(self, id: str) -> str:
        """The name of a stage as written in text, such as `NPDR`."""
        return self.stages[id][0]


@functools.cache
def read_vocabulary(modality: str = "octa") -> Vocabulary:
    """Read the shipped vocabulary of a modality.

    Raises:
        UserError: If there is none.
    """
    import pydantic
    import yaml

    file = resources.files("retia.taxonomy") / f"{modality}.yaml"
    if not file.is_file():
        raise UserError(f"there is no vocabulary for modality {modality!r}. Known: octa.")
    raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    read_kind = pydantic.TypeAdapter(Kind).validate_python
    kinds = {id: read_kind({"id": id} | entry) for id, entry in raw["kinds"].items()}
    return Vocabulary(
        modality=raw["modality"],
        image=raw["image"],
        kinds=kinds,
        stages={id: (s["name"], *s["synonyms"]) for id, s in raw["stages"].items()},
        measures={id: (m["name"], m["unit"]) for id, m in raw["measures"].items()},
    )
