"""`retia evaluate --self-test`: models planted, audited, and told apart, or the check fails."""

import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.atomic import atomic_folder
from retia.counterfactuals import Fill
from retia.errors import CheckFailedError
from retia.evaluation.selftest.planted import MODEL, SAMPLES, Planted, Recipe, make_tower, plant
from retia.runs import Step, StepConfig, open_step

if TYPE_CHECKING:
    from retia.evaluation.faithfulness.numbers import Faithfulness
    from retia.evaluation.predictors.predictor import Predictor
    from retia.evaluation.question_audit import QuestionAudit
    from retia.evaluation.selftest.verdicts import Model, Outcome

log = logging.getLogger("retia")

RESULT = "selftest.json"
MODALITY = "radiology"
TOWER = "tower"
FILLS: tuple[Fill, ...] = ("mean", "noise", "inpaint")
"""Those that take a colour away; a blur of so small a lesion keeps it, and the answer with it."""
LONGEST = 8
"""Tokens of an answer: one word."""


@dataclass(frozen=True, kw_only=True)
class SelfTestConfig(StepConfig):
    """What `retia evaluate --self-test` takes."""

    recipe: Recipe = field(default_factory=Recipe)
    """How the models are made."""
    models: tuple[str, ...] = ("faithful", "hint", "watermark", "prior")
    """Which are planted."""
    regions: int = 5
    """Random regions beside each lesion."""
    resamples: int = 1000
    """Bootstrap resamples of each interval."""
    level: float = 0.95
    """Coverage of the intervals."""


def self_test(config: SelfTestConfig) -> dict[str, Any]:
    """Plant models, audit them, and compare what the audit says with what they are.

    Writes `selftest.json`, `report.html`, and per model `models/<name>/` with the samples it
    learned from and the model. A run that was killed keeps the models it has trained.

    Returns:
        What was expected and seen, by model and test.

    Raises:
        CheckFailedError: If a model did not learn what it was planted to do, or the audit does
            not tell the models apart.
    """
    from retia.evaluation.selftest.verdicts import MODELS

    with open_step("self-test", config) as step:
        if not step.done:
            chosen = [model for model in MODELS if model.name in config.models]
            _run(config, step, chosen)
    for line in lines(step.summary):
        log.info("%s", line)
    log.info("self-test: open %s", config.out / "report.html")
    _check(step.summary)
    return step.summary


def _run(config: SelfTestConfig, step: Step, chosen: "list[Model]") -> None:
    from retia.evaluation.audit import plain
    from retia.evaluation.selftest.page import write_page
    from retia.evaluation.selftest.verdicts import LEAST_FOLLOWED, as_json, outcomes, separated
    from retia.runs.step import write_json

    folders = _planted(config, step, chosen)
    told: dict[str, tuple[Outcome, ...]] = {}
    summary: dict[str, Any] = {"models": {}}
    for model in chosen:
        audit, faithfulness, followed = _audited(config, folders[model.name])
        told[model.name] = outcomes(model, audit, faithfulness)
        summary["models"][model.name] = {
            "title": model.title,
            "planted": model.truthful,
            "follows": followed,
            "accuracy": {v: own["accuracy"] for v, own in audit.numbers.items()},
            "tests": as_json(told[model.name]),
        }
    summary["planted"] = all(
        own["planted"] is None or own["follows"][own["planted"]] >= LEAST_FOLLOWED
        for own in summary["models"].values()
    )
    summary["separated"] = separated(told)
    step.summary = plain(summary)
    write_json(step.out / RESULT, step.summary)
    write_page(step.out / "report.html", step.summary, folders)


def _planted(config: SelfTestConfig, step: Step, chosen: "list[Model]") -> dict[str, Path]:
    """Train what an earlier run has not; return each model's folder, in the step's own."""
    eyes = Planted(name=TOWER, truthful=None, recipe=config.recipe, seed=config.seed)
    tower = step.partial / f".{TOWER}"
    if not tower.is_dir():
        with atomic_folder(tower) as part:
            make_tower(eyes, part)
    items = {m.name: replace(eyes, name=m.name, truthful=m.truthful, tower=tower) for m in chosen}
    folders = {}
    for name, made in step.map(plant, items, "planting models").items():
        folders[name] = step.out / "models" / name
        shutil.copytree(made, folders[name], dirs_exist_ok=True)
    return folders


def _audited(
    config: SelfTestConfig, folder: Path
) -> "tuple[QuestionAudit, Faithfulness, dict[str, float]]":
    """The audit of one model, what its answers rest on, and which cue it really follows."""
    from retia.evaluation.evaluate import EvaluateConfig, run_audit
    from retia.evaluation.predictors.student import student_predictor

    predictor = student_predictor(folder / MODEL, LONGEST)
    settings = EvaluateConfig(
        samples=folder / SAMPLES,
        out=folder,
        seed=config.seed,
        fills=FILLS,
        random_regions=config.regions,
        resamples=config.resamples,
        level=config.level,
    )
    audit = run_audit(settings, predictor)
    faithfulness = audit.parts[MODALITY].faithfulness
    assert faithfulness is not None, "a student scores, and every question has a region"
    return audit.questions[MODALITY], faithfulness, _followed(folder / SAMPLES, predictor)


def _followed(folder: Path, predictor: "Predictor") -> dict[str, float]:
    """Share of contradictory pictures in which the answer is what each cue says.

    This looks at what was planted, not at the audit: it is the truth that the audit must find.
    """
    from retia.evaluation.selftest.world import CUES
    from retia.records import read_cases, read_samples
    from retia.students.pictures import shown_picture

    cases = {c.id: c for c in read_cases(folder) if c.split == "conflict"}
    asked = {s.case: s.messages[0].text for s in read_samples(folder) if s.case in cases}
    shown = [shown_picture(folder / cases[id].file_name, MODALITY) for id in asked]
    said = predictor.answer(shown, list(asked.values()))
    pairs = [(one.text, cases[id].labels) for one, id in zip(said, asked, strict=True)]
    return {cue: sum(text == told[cue] for text, told in pairs) / len(pairs) for cue in CUES}


def lines(summary: Mapping[str, Any]) -> list[str]:
    """The result for people."""
    from retia.evaluation.selftest.verdicts import TESTS

    found = []
    for own in summary["models"].values():
        accuracy = own["accuracy"]["real"]["estimate"]
        found.append(f"{own['title']}: accuracy {accuracy:.3f}")
        for test, one in own["tests"].items():
            mark = "as it must" if one["seen"] is one["expected"] else "WRONG"
            found.append(f"  {TESTS[test]:58s} {word(one['seen']):12s} {mark}")
    found.append(verdict(summary))
    return found


def word(seen: bool | None) -> str:
    """A test's result in a word."""
    return {True: "passed", False: "failed", None: "cannot tell"}[seen]


def verdict(summary: Mapping[str, Any]) -> str:
    """One sentence."""
    if not summary["planted"]:
        return "The models did not learn what they were planted to do: the self-test says nothing."
    if not summary["separated"]:
        return "The audit does not tell the planted models apart as it must."
    return "The audit tells every planted model for what it is."


def _check(summary: Mapping[str, Any]) -> None:
    if not (summary["planted"] and summary["separated"]):
        wrong = [
            f"{name}/{test}"
            for name, own in summary["models"].items()
            for test, one in own["tests"].items()
            if one["seen"] is not one["expected"]
        ]
        raise CheckFailedError(f"{verdict(summary)} Not as expected: {', '.join(wrong) or 'none'}.")
