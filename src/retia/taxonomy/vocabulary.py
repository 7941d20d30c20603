"""Reading a vocabulary: kinds with their names, synonyms, numeric keys and severity thresholds."""

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from retia.errors import UserError, did_you_mean
from retia.records.jsonl import from_plain
from retia.taxonomy.procedure import procedure_files, read_procedure, shipped_files
from retia.taxonomy.surgery import Term, fold

Part = Literal["kinds", "organs", "imaging", "sides"]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of finding."""

    id: str
    name: str
    plural: str
    synonyms: tuple[str, ...] = ()
    category: Literal["finding", "instrument", "anatomy"] = "finding"
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
    phases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Phase id of a surgical procedure to its name followed by its synonyms, in usual order."""
    organs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Organ id to its name followed by further words; the next two likewise."""
    imaging: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """How a picture was taken, such as `ct`."""
    sides: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """`left`, `right` and `bilateral`, where a modality speaks of sides of the body."""

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

    def words(self, part: Part) -> dict[str, str]:
        """Every word of one part, folded as `retia.taxonomy.surgery.fold` does, with its id.

        Case, blanks, hyphens and underscores do not matter; what is not among the words has no id,
        and nothing is guessed.
        """
        if part == "kinds":
            named = {k.id: (k.name, k.plural, *k.synonyms) for k in self.kinds.values()}
        else:
            named = getattr(self, part)
        return {fold(w): id for id, names in named.items() for w in (id, *names)}

    def stage_name(self, id: str) -> str:
        """The name of a stage as written in text, such as `NPDR`."""
        return self.stages[id][0]


def read_vocabulary(modality: str = "octa") -> Vocabulary:
    """Read the vocabulary of a modality: shipped, in `RETIA_TAXONOMIES`, or a procedure's.

    Raises:
        UserError: If there is none, or its file is malformed.
    """
    shipped = shipped_files()[False]
    if modality in shipped:
        return _read_plain(shipped[modality])
    further = procedure_files()
    if modality not in further:
        known = (*shipped, *further)
        raise UserError(
            f"there is no vocabulary for modality {modality!r}.{did_you_mean(modality, known)} "
            f"Known: {', '.join(known)}."
        )
    path = further[modality]
    return _of_procedure(path) if _is_procedure(path) else _read_plain(path)


@functools.cache
def _is_procedure(path: Path) -> bool:
    return "\ninstruments:" in path.read_text(encoding="utf-8")


@functools.cache
def _read_plain(path: Path) -> Vocabulary:
    import yaml

    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no valid YAML: {' '.join(str(error).split())}.") from None
    try:
        kinds = {
            id: from_plain(Kind, {"id": id} | entry, f"{path}, {id}")
            for id, entry in raw["kinds"].items()
        }
        return Vocabulary(
            modality=raw["modality"],
            image=raw["image"],
            kinds=kinds,
            stages={id: (s["name"], *s["synonyms"]) for id, s in raw["stages"].items()},
            measures={id: (m["name"], m["unit"]) for id, m in raw["measures"].items()},
            **{
                part: {id: tuple(words) for id, words in raw.get(part, {}).items()}
                for part in ("organs", "imaging", "sides")
            },
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} is no vocabulary ({type(error).__name__}: {error}). Expected `modality`, "
            "`image`, `stages`, `kinds` and `measures`; a procedure has `instruments`."
        ) from None


@functools.cache
def _of_procedure(path: Path) -> Vocabulary:
    procedure = read_procedure(path)
    kinds = {t.id: _kind(t, "instrument") for t in procedure.instruments.values()}
    kinds |= {t.id: _kind(t, "anatomy") for t in procedure.targets.values()}
    return Vocabulary(
        modality=procedure.id,
        image=procedure.image,
        kinds=kinds,
        stages={},
        measures={},
        phases={id: (p.name, *p.synonyms) for id, p in procedure.phases.items()},
    )


def _kind(term: Term, category: Literal["instrument", "anatomy"]) -> Kind:
    return Kind(
        id=term.id,
        name=term.name,
        plural=term.plural,
        synonyms=term.synonyms,
        category=category,
    )
