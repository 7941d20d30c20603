"""All of an audit that takes time: reading, asking, removing regions and asking again.

In:  the configuration of `retia evaluate` and who is audited.
Out: an `Examined`; `audit.py` turns it into numbers.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retia.evaluation.answers.ask import ask_all
from retia.evaluation.answers.notes import Note, image_notes, prediction_notes
from retia.evaluation.answers.predictions import Prediction, by_case
from retia.evaluation.answers.ready import read_predictions
from retia.evaluation.faithfulness import ProbeRow, StudyConfig, make_probes, study
from retia.evaluation.plan.contamination import Contamination, find_contamination
from retia.evaluation.plan.held_out import plan_of
from retia.evaluation.plan.items import Item, Plan
from retia.evaluation.plan.shortcuts import Shortcuts, find_shortcuts
from retia.evaluation.predictors.predictor import Predictor
from retia.evaluation.predictors.staging import read_staging, staging_answers
from retia.records import Case, read_cases, read_samples
from retia.runs import item_seed

if TYPE_CHECKING:
    from retia.evaluation.evaluate import EvaluateConfig

Load = Callable[[Case], np.ndarray]
"""Reads the image of a case, uint8."""


@dataclass(frozen=True, kw_only=True)
class Probed:
    """What removing regions showed about the answers of one part."""

    rows: list[ProbeRow] = field(default_factory=list[ProbeRow])
    left_out: Counter[str] = field(default_factory=Counter[str])
    """Answers without a region that could be removed, by reason."""


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What was asked, answered and found."""

    plan: Plan
    predictions: list[Prediction]
    staged: dict[str, str]
    """The graph model's stage per case; may be empty."""
    notes: list[Note]
    contamination: Contamination
    shortcuts: Shortcuts
    probed: dict[str, Probed]
    """Per part: `stage`, and each modality with questions."""


def examine(
    config: "EvaluateConfig", predictor: Predictor | None, load: Load, store: Path | None = None
) -> Examined:
    """Ask (or read answers), and look at what may be amiss.

    Args:
        config: As of `evaluate`.
        predictor: Answers the questions; None reads `config.predictions`, else `config.staging`.
        load: Reads the image of a case, uint8.
        store: Folder in which answers are kept as they come, to go on after a stop.

    Raises:
        UserError: If nothing can be asked, or the predictions answer nothing that was asked.
    """
    folder = config.folder
    samples, pool = read_samples(folder), read_cases(folder)
    plan = plan_of(config, samples, pool)
    # Read before anything is asked: a wrong file is told at once.
    staged = read_staging(config.staging) if config.staging is not None else {}
    predictions, notes = _answers(config, plan, predictor, load, store)
    probed = {}
    if predictor is not None and config.counterfactuals:
        parts = {"stage": plan.stage, **plan.questions}
        probed = {
            name: _probe(name, items, predictions, config, predictor, load, store)
            for name, items in parts.items()
            if items
        }
    settings = {"resamples": config.resamples, "level": config.level, "seed": config.seed}
    return Examined(
        plan=plan,
        predictions=predictions,
        staged=staged,
        notes=[*image_notes(plan.cases, folder), *notes, *prediction_notes(predictions)],
        contamination=find_contamination(plan, samples, folder, config.against),
        shortcuts=find_shortcuts(plan, load, settings),
        probed=probed,
    )


def _answers(
    config: "EvaluateConfig",
    plan: Plan,
    predictor: Predictor | None,
    load: Load,
    store: Path | None,
) -> tuple[list[Prediction], list[Note]]:
    if predictor is not None:
        kept = None if store is None else store / "answers.jsonl"
        return ask_all(plan, predictor, load, config.seed, kept, config.copies), []
    if config.predictions is not None:
        return read_predictions(config.predictions, plan)
    if config.staging is None:
        raise ValueError("neither a predictor nor predictions")
    return by_case(plan.stage, staging_answers(config.staging)), []


def _probe(
    name: str,
    items: Sequence[Item],
    predictions: Sequence[Prediction],
    config: "EvaluateConfig",
    predictor: Predictor,
    load: Load,
    store: Path | None,
) -> Probed:
    """Remove regions under at most `config.counterfactuals` answers of a part."""
    said = {(p.case, p.question): p for p in predictions if p.condition == "real"}
    answered = [
        (item, said[item.case.id, item.question])
        for item in items
        if (item.case.id, item.question) in said
    ]
    probes, left_out = make_probes(_drawn(answered, config), config.folder, load)
    settings = StudyConfig(
        fills=config.fills,
        main=config.fills[-1],
        regions=config.random_regions,
        seed=config.seed,
    )
    kept = None if store is None else store / f"counterfactuals-{name}.jsonl"
    return Probed(rows=study(probes, predictor, settings, kept), left_out=left_out)


def _drawn(
    answered: list[tuple[Item, Prediction]], config: "EvaluateConfig"
) -> list[tuple[Item, Prediction]]:
    """At most so many, drawn by the seed, in their order."""
    keys = [item_seed(config.seed, f"{i.case.id}/{i.question}/probe") for i, _ in answered]
    chosen = sorted(range(len(answered)), key=lambda place: keys[place])[: config.counterfactuals]
    return [answered[place] for place in sorted(chosen)]
