"""One YAML file a surgical procedure: its words, its order, its checks and its questions.

In:  the name of a procedure, or a path.
Out: `Procedure`, checked: every id that the file mentions exists, and no word means two things.

Everything else that speaks of surgery (labels, vocabulary, schema, questions) comes from it.
"""

import functools
import os
import re
import string
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from retia.errors import UserError, did_you_mean
from retia.records.jsonl import from_plain
from retia.taxonomy.surgery import (
    Contingency,
    Gate,
    Phase,
    Procedure,
    RedFlag,
    Term,
    fold,
    words_of,
)

QUESTION_KINDS = (
    *("phase", "instruments", "action", "anatomy", "box"),
    *("description", "next_step", "safety", "pitfalls"),
)
OPTIONAL_KINDS = ("contingency",)
"""Further phrasings, beside the question that each plan brings along."""
PLACEHOLDERS = ("instrument", "target", "phase", "event", "be", "do")
"""What a question template may leave open; `be` and `do` agree with the instrument: is or are,
does or do."""
RESERVED = ("phase", "tools", "anatomy")
"""Names of labels that are no events."""
TAXONOMIES = "RETIA_TAXONOMIES"
"""Environment variable: a folder of further procedures."""
_NAME = re.compile(r"[\w-]+")


def read_procedure(name_or_path: str | Path) -> Procedure:
    """Read a procedure; each file is read once.

    Args:
        name_or_path: A shipped name such as `cholecystectomy`, the name of a YAML file in the
            folder that the environment variable `RETIA_TAXONOMIES` names, or a path of one.

    Raises:
        UserError: If there is none, or its file contradicts itself.
    """
    return _load(procedure_path(name_or_path))


def procedure_path(name_or_path: str | Path) -> Path:
    """Where the YAML file of a procedure lies.

    Raises:
        UserError: If a name is unknown; a path is not looked at.
    """
    text = str(name_or_path)
    if _NAME.fullmatch(text) is None:
        return Path(text).resolve()
    files = procedure_files()
    if text not in files:
        raise UserError(
            f"there is no procedure {text!r}.{did_you_mean(text, files)} Known: "
            f"{', '.join(files)}. Pass the path of a YAML file, or set {TAXONOMIES} to its folder."
        )
    return files[text]


def procedure_files() -> dict[str, Path]:
    """All procedures that can be named, by name: shipped ones, then those of `RETIA_TAXONOMIES`."""
    further = os.environ.get(TAXONOMIES)
    named = {p.stem: p.resolve() for p in sorted(Path(further).glob("*.yaml"))} if further else {}
    # A shipped name cannot be taken over: it means the same on every machine.
    own = shipped_files()
    return {**own[True], **{n: p for n, p in named.items() if n not in own[True] | own[False]}}


@functools.cache
def shipped_files() -> dict[bool, dict[str, Path]]:
    """Shipped YAML files by name; under True the procedures, under False the other vocabularies."""
    files: dict[bool, dict[str, Path]] = {True: {}, False: {}}
    for path in sorted(Path(str(resources.files("retia.taxonomy"))).glob("*.yaml")):
        files["\ninstruments:" in path.read_text(encoding="utf-8")][path.stem] = path
    return files


@functools.cache
def _load(path: Path) -> Procedure:
    import yaml

    if not path.is_file():
        raise UserError(f"{path} does not exist. Expected the YAML file of a procedure there.")
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no valid YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(raw, dict):
        raise UserError(f"{path} holds {type(raw).__name__}, expected a procedure's keys.")
    procedure = _build(raw, path)
    _check(procedure, path)
    return procedure


def _build(raw: dict[str, Any], path: Path) -> Procedure:
    plain = dict(raw)
    for key, kind in (
        ("phases", Phase),
        ("instruments", Term),
        ("verbs", Term),
        ("targets", Term),
        ("gates", Gate),
        ("red_flags", RedFlag),
    ):
        plain[key] = _entries(raw.get(key), kind, f"{path}, {key}", plain_plural=key == "verbs")
    if "contingencies" in raw:
        where = f"{path}, contingencies"
        plain["contingencies"] = _entries(raw["contingencies"], Contingency, where, False)
    plain["triplets"] = _triplets(raw.get("triplets"), path)
    return from_plain(Procedure, plain, str(path))


def _entries(raw: Any, kind: type, where: str, plain_plural: bool) -> dict[str, Any]:
    if not isinstance(raw, dict) or not all(isinstance(e, dict) for e in raw.values()):
        raise UserError(f"{where}: expected `id: {{name: ...}}` lines, saw {raw!r:.80}.")
    entries = {}
    for id, entry in raw.items():
        plain = {"id": id, **entry}
        if kind is Term:
            ending = "" if plain_plural else "s"
            plain.setdefault("plural", f"{plain.get('name')}{ending}")
        entries[str(id)] = from_plain(kind, plain, f"{where}, {id}")
    return entries


def _triplets(raw: Any, path: Path) -> list[tuple[str, str, str]]:
    """Instrument to verb to targets, flattened."""
    try:
        return [(i, v, t) for i, verbs in raw.items() for v, ts in verbs.items() for t in ts]
    except (AttributeError, TypeError):
        raise UserError(
            f"{path}, triplets: expected `instrument: {{verb: [targets]}}`, saw {raw!r:.80}."
        ) from None


def _check(procedure: Procedure, path: Path) -> None:
    """Refuse a file that contradicts itself."""
    if path.stem != procedure.id:
        raise UserError(f"{path}: its id is {procedure.id!r}. Expected the name of the file.")

    def known(word: str, among: Iterable[str], where: str) -> None:
        if word not in among:
            raise UserError(f"{path}, {where}: unknown id {word!r}.{did_you_mean(word, among)}")

    for phase in procedure.phases.values():
        for following in phase.next:
            known(following, procedure.phases, f"phases, {phase.id}, next")
    for gate in procedure.gates.values():
        known(gate.phase, procedure.phases, f"gates, {gate.id}, phase")
    for part in ("red_flags", "contingencies"):
        for plan in getattr(procedure, part).values():
            for phase in plan.phases:
                known(phase, procedure.phases, f"{part}, {plan.id}, phases")
    for instrument, verb, target in procedure.triplets:
        known(instrument, procedure.instruments, "triplets")
        known(verb, procedure.verbs, f"triplets, {instrument}")
        known(target, procedure.targets, f"triplets, {instrument}, {verb}")
    _check_words(path, procedure.phases)
    _check_words(path, procedure.verbs)
    _check_words(path, {**procedure.instruments, **procedure.targets})
    if clash := set(procedure.instruments) & set(procedure.targets):
        raise UserError(f"{path}: {sorted(clash)[0]!r} is an instrument and a target.")
    if clash := set(procedure.gates) & {*procedure.red_flags, *RESERVED}:
        raise UserError(f"{path}: {sorted(clash)[0]!r} is a gate and another label.")
    if clash := set(procedure.red_flags) & {*procedure.contingencies, *RESERVED}:
        raise UserError(f"{path}: {sorted(clash)[0]!r} is a red flag and something else.")
    _check_questions(path, procedure.questions)


def _check_words(path: Path, entries: Mapping[str, Term | Phase]) -> None:
    owner: dict[str, str] = {}
    for id, entry in entries.items():
        for word in map(fold, words_of(entry)):
            if owner.setdefault(word, id) != id:
                raise UserError(f"{path}: {word!r} means both {owner[word]} and {id}.")


def _check_questions(path: Path, questions: Mapping[str, tuple[str, ...]]) -> None:
    for kind in questions:
        if kind not in (*QUESTION_KINDS, *OPTIONAL_KINDS):
            hint = did_you_mean(kind, (*QUESTION_KINDS, *OPTIONAL_KINDS))
            raise UserError(f"{path}, questions: unknown kind {kind!r}.{hint}")
    for kind in QUESTION_KINDS:
        if not questions.get(kind):
            raise UserError(f"{path}, questions: no template for {kind!r}. Expected at least one.")
    for kind, templates in questions.items():
        for template in templates:
            try:
                names = [name for _, name, _, _ in string.Formatter().parse(template) if name]
            except ValueError as error:
                raise UserError(f"{path}, questions, {kind}: {template!r}: {error}.") from None
            if bad := [name for name in names if name not in PLACEHOLDERS]:
                raise UserError(
                    f"{path}, questions, {kind}: unknown placeholder {{{bad[0]}}}."
                    f"{did_you_mean(bad[0], PLACEHOLDERS)} Known: {', '.join(PLACEHOLDERS)}."
                )
