"""Probes to rows: every edited image is made once, scored, and some are asked about again.

In:  probes and a predictor.
Out: one row a probe. What was measured is kept as it comes, so that a run that was killed measures
only the rest.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from retia.atomic import atomic_file
from retia.counterfactuals import FILLS, Fill
from retia.counterfactuals.regions import LEAST_REGIONS
from retia.errors import UserError, did_you_mean
from retia.evaluation.faithfulness.edits import EditedImages, Pair, edit, fill_seed
from retia.evaluation.faithfulness.measured import (
    NO_ROOM,
    NO_SCORES,
    Dose,
    FillScores,
    Measured,
    ProbeRow,
)
from retia.evaluation.faithfulness.probes import Probe
from retia.evaluation.predictors.predictor import Predictor
from retia.records.jsonl import from_plain, to_json
from retia.runs import track

log = logging.getLogger("retia")

DIGITS = 6
"""Of a score: further ones depend on which images were scored together."""


@dataclass(frozen=True, kw_only=True)
class StudyConfig:
    """How regions are removed."""

    fills: tuple[Fill, ...] = ("mean", "noise", "inpaint")
    """Ways to remove a region, each with its own row: no fill is neutral."""
    main: Fill = "inpaint"
    """The one under which doses are measured and the model is asked again."""
    regions: int = 5
    """Random regions of equal area and shape; at least 5."""
    control_regions: int = 2
    """Of those, how many are used for doses and for keeping only one."""
    doses: tuple[float, ...] = (0.25, 0.5, 0.75)
    """Shares of the region's area; the whole region is added."""
    ask: bool = True
    """Whether the model is asked again, for flips and for what it still names."""
    chunk: int = 16
    """Probes measured together."""
    seed: int = 0


def study(
    probes: Sequence[Probe],
    predictor: Predictor,
    config: StudyConfig | None = None,
    store: Path | None = None,
) -> list[ProbeRow]:
    """Measure every probe.

    Args:
        probes: From `make_probes`.
        predictor: Who is asked. Without `score` only flips and named findings can be measured.
        config: How regions are removed.
        store: JSON Lines file in which the rows are kept as they come, and from which those of an
            earlier run with the same probes, predictor and settings are read. Rows whose questions
            got no answer are not kept: they are asked again.

    Returns:
        One row a probe, in order.

    Raises:
        UserError: If the settings make no sense.
    """
    config = StudyConfig() if config is None else config
    _check(config)
    chunks = [probes[i : i + config.chunk] for i in range(0, len(probes), config.chunk)]
    known = {} if store is None else _read(store, _settings(config, predictor))
    measured: dict[str, Measured] = {}
    for chunk in track(chunks, "removing regions"):
        # Always the same probes together: what is scored in one batch may shift the last digits.
        if all(probe.key in known for probe in chunk):
            measured |= {probe.key: known[probe.key] for probe in chunk}
            continue
        new = _measure(chunk, predictor, config)
        measured |= {row.key: row for row in new}
        if store is not None and not any(row.troubles for row in new):
            _keep(store, new)
    return [ProbeRow(probe=probe, measured=measured[probe.key]) for probe in probes]


def _check(config: StudyConfig) -> None:
    for fill in (*config.fills, config.main):
        if fill not in FILLS:
            raise UserError(
                f"{fill!r} is no fill.{did_you_mean(fill, FILLS)} Known: {', '.join(FILLS)}."
            )
    if config.main not in config.fills:
        raise UserError(
            f"the main fill {config.main!r} is not among the fills {', '.join(config.fills)}."
        )
    if config.regions < LEAST_REGIONS:
        raise UserError(
            f"regions is {config.regions}. Expected {LEAST_REGIONS} or more random regions: fewer "
            "are no control."
        )
    if not 1 <= config.control_regions <= config.regions:
        raise UserError(
            f"control_regions is {config.control_regions}. Expected 1 to {config.regions}, the "
            "number of random regions."
        )
    if config.chunk < 1:
        raise UserError(f"chunk is {config.chunk}. Expected 1 or more probes at once.")
    if any(not 0 < share < 1 for share in config.doses):
        raise UserError(f"doses are {config.doses}. Expected shares above 0 and below 1.")


def _measure(probes: Sequence[Probe], predictor: Predictor, config: StudyConfig) -> list[Measured]:
    images = {p.item.case.id: p.image for p in {q.item.case.id: q for q in probes}.values()}
    edits = [
        edit(
            probe,
            images[probe.item.case.id],
            fills=config.fills,
            main=config.main,
            regions=config.regions,
            control_regions=config.control_regions,
            shares=config.doses,
            seed=config.seed,
        )
        for probe in probes
    ]
    scores = _scores(probes, edits, predictor)
    answers = _answers(probes, edits, predictor) if config.ask else [{} for _ in probes]
    return [
        _measured(*own, config=config, can_score=predictor.score is not None)
        for own in zip(probes, edits, scores, answers, strict=True)
    ]


def _scores(
    probes: Sequence[Probe], edits: Sequence[EditedImages | None], predictor: Predictor
) -> list[dict[int, float]]:
    """Per probe the score of its answer on each of its images, by the image's `id`."""
    if predictor.score is None:
        return [{} for _ in probes]
    rows = [
        (place, image)
        for place, own in enumerate(edits)
        if own is not None
        for image in own.scored()
    ]
    found = predictor.score(
        [image for _, image in rows],
        [probes[place].item.question for place, _ in rows],
        [probes[place].said for place, _ in rows],
    )
    scores: list[dict[int, float]] = [{} for _ in probes]
    for (place, image), score in zip(rows, found, strict=True):
        scores[place][id(image)] = round(float(score), DIGITS)
    return scores


def _answers(
    probes: Sequence[Probe], edits: Sequence[EditedImages | None], predictor: Predictor
) -> list[dict[str, Any]]:
    """Per probe what is answered to each of the images it is asked about again."""
    rows = [
        (place, name, image)
        for place, own in enumerate(edits)
        if own is not None
        for name, image in own.to_ask(probes[place].region.scope == "answer").items()
    ]
    said = predictor.answer(
        [image for _, _, image in rows], [probes[place].item.question for place, _, _ in rows]
    )
    answers: list[dict[str, Any]] = [{} for _ in probes]
    for (place, name, _), one in zip(rows, said, strict=True):
        answers[place][name] = one
    return answers


def _measured(
    probe: Probe,
    edits: EditedImages | None,
    scores: dict[int, float],
    answers: dict[str, Any],
    config: StudyConfig,
    can_score: bool,
) -> Measured:
    area_share = round(float(probe.region.mask.mean()), DIGITS)
    if edits is None:
        return Measured(key=probe.key, area_share=area_share, reason=NO_ROOM)

    def scored(pair: Pair) -> FillScores:
        random = tuple(scores[id(image)] for image in pair.random)
        return FillScores(removed=scores[id(pair.removed)], random=random)

    told: dict[str, Any] = {
        "main": config.main,
        "seed": fill_seed(probe, config.seed),
        "asked": edits.asked if answers else None,
        "answers": {name: said.text for name, said in answers.items() if said.trouble is None},
        "troubles": {name: said.trouble for name, said in answers.items() if said.trouble},
    }
    if not can_score:
        return Measured(key=probe.key, area_share=area_share, reason=NO_SCORES, **told)
    return Measured(
        key=probe.key,
        area_share=area_share,
        original=scores[id(edits.original)],
        again=scores[id(edits.again)],
        noise=scores[id(edits.noise)],
        fills={name: scored(pair) for name, pair in edits.fills.items()},
        kept=None if edits.kept is None else scored(edits.kept),
        doses=tuple(
            Dose(share=share, **asdict(scored(pair))) for share, pair in edits.doses.items()
        ),
        **told,
    )


def _settings(config: StudyConfig, predictor: Predictor) -> str:
    plain = asdict(config) | {"predictor": predictor.name, "scores": predictor.score is not None}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _read(store: Path, settings: str) -> dict[str, Measured]:
    """What an earlier run kept; a store of other settings, or none, begins anew."""
    lines = store.read_text(encoding="utf-8").splitlines(keepends=True) if store.is_file() else []
    known: dict[str, Measured] = {}
    whole = []
    if lines and lines[0] == json.dumps({"settings": settings}) + "\n":
        for number, line in enumerate(lines[1:], 2):
            # Cut short when the run was killed: that probe is measured again.
            if line.endswith("\n"):
                row = from_plain(Measured, json.loads(line), f"{store}, line {number}")
                known[row.key] = row
                whole.append(line)
    elif lines:
        log.warning("evaluate: %s is of other settings and begins anew", store)
    with atomic_file(store) as part:
        part.write_text("".join([json.dumps({"settings": settings}) + "\n", *whole]), "utf-8")
    return known


def _keep(store: Path, rows: Sequence[Measured]) -> None:
    with store.open("a", encoding="utf-8") as file:
        file.write("".join(to_json(row) + "\n" for row in rows))
