"""Counterfactual study of grown eyes: CPU seconds an eye, and what sharing the reading saves.

`python -m benchmarks.audit [EYES [COHORT]]`. The shipped student answers the stage question about
grown eyes (of a cohort with twins, if one is given); each eye that has a finding is then studied
with 5 random regions and 3 fills, its twins, doses, only the region kept, and asked again. The goal
is 600 CPU seconds for the whole audit of 200 eyes. Against it stands every metric by itself: each
makes its own call of the scorer with the original image beside its own.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from retia.counterfactuals import Scorer
from retia.evaluation.answers.predictions import Prediction
from retia.evaluation.evaluate import image_loader
from retia.evaluation.faithfulness import (
    Probe,
    ProbeRow,
    StudyConfig,
    faithfulness_numbers,
    make_probes,
    study,
)
from retia.evaluation.faithfulness.edits import edit
from retia.evaluation.plan.items import stage_items
from retia.evaluation.predictors.predictor import Predictor
from retia.evaluation.predictors.student import student_predictor
from retia.records import read_cases
from retia.synthesis.cohort import GrowConfig, grow
from retia.weights import student_folder

EYES = 40
AUDITED = 200
GOAL_S = 600
MAX_NEW_TOKENS = 256
COMPARED = 8
"""Probes whose metrics are also scored one by one."""


def probes_of(eyes: int, folder: Path, predictor: Predictor) -> list[Probe]:
    """Ask for the stage of grown eyes, and find the regions the answers should rest on."""
    items, load = stage_items(read_cases(folder)[:eyes]), image_loader(folder)
    said = predictor.answer([load(i.case) for i in items], [i.question for i in items])
    answered = [
        (item, Prediction(case=item.case.id, question=item.question, text=one.text))
        for item, one in zip(items, said, strict=True)
    ]
    return make_probes(answered, folder, load)[0]


def by_itself(probe: Probe, score: Scorer, config: StudyConfig) -> None:
    """Score every metric of a probe in a call of its own."""
    made = edit(
        probe,
        probe.image,
        fills=config.fills,
        main=config.main,
        regions=config.regions,
        control_regions=config.control_regions,
        shares=config.doses,
        seed=config.seed,
    )
    if made is None:
        return
    pairs = [*made.fills.values(), *made.doses.values(), *([made.kept] if made.kept else [])]
    alone = [(made.again,), (made.noise,), *((p.removed, *p.random) for p in pairs)]
    # The dose of 1 is the main fill once more.
    alone += [(p.removed, *p.random) for f, p in made.fills.items() if f == config.main]
    for images in alone:
        shown = [made.original.copy(), *images]
        score(shown, [probe.item.question] * len(shown), [probe.said] * len(shown))


def seconds_of(do: Callable[[], object]) -> float:
    """CPU seconds of a call."""
    start = time.process_time()
    do()
    return time.process_time() - start


def main(eyes: int = EYES, cohort: Path | None = None) -> None:
    """Print seconds, and the effects found on the way."""
    predictor, config = student_predictor(student_folder(), MAX_NEW_TOKENS), StudyConfig()
    score = predictor.score
    assert score is not None
    quiet, settings = replace(config, ask=False), {"resamples": 1000, "level": 0.95, "seed": 0}
    with tempfile.TemporaryDirectory() as new:
        folder = Path(new) / "cohort" if cohort is None else cohort
        if cohort is None:
            grow(GrowConfig(count=eyes, seed=11, twins=True, out=folder))
        probes = probes_of(eyes, folder, predictor)
        rows: list[ProbeRow] = []
        whole = seconds_of(lambda: rows.extend(study(probes, predictor, config)))
        numbers = seconds_of(lambda: faithfulness_numbers(rows, settings))
        few = [probe for probe in probes if probe.region.scope == "answer"][:COMPARED]
        shared = seconds_of(lambda: study(few, predictor, quiet))
        alone = seconds_of(lambda: [by_itself(probe, score, config) for probe in few])
    print(f"  {eyes} eyes, {len(probes)} probes: {whole:.1f} CPU s, numbers {numbers:.1f} s")
    print(f"  {AUDITED} eyes: {whole / eyes * AUDITED:.0f} CPU s (the whole audit: <= {GOAL_S})")
    print(f"  every metric by itself, not asking again: {alone / shared:.2f} times as long")
    for line in faithfulness_numbers(rows, settings).lines():
        print(f"  {line}")


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else EYES,
        Path(sys.argv[2]) if len(sys.argv) > 2 else None,
    )
