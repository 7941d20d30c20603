"""What a student's answers are worth on samples: greedy and sampled, before and after.

In:  a student and samples.
Out: one row a sample, with the mean of each reward and the counterfactual effect in nats a token.
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from retia.counterfactuals import Scorer, student_scorer
from retia.records import Sample
from retia.runs import item_seed, track
from retia.statistics import Interval, bootstrap_interval, paired_difference
from retia.students.ask import ask
from retia.students.sample import draw
from retia.tuning.grpo_rewards import effects_of, rewards_of, total
from retia.tuning.grpo_tasks import Tasks, question_of
from retia.tuning.rewards import REWARDS, squashed

if TYPE_CHECKING:
    from retia.students.student import Student
    from retia.tuning.grpo import GrpoConfig

log = logging.getLogger("retia")

BATCH = 32
MODES = ("sampled", "greedy")
Row = dict[str, Any]


def rollouts(
    student: "Student",
    samples: Sequence[Sample],
    tasks: Tasks,
    temperature: float,
    max_new_tokens: int,
    seed: int,
) -> list[str]:
    """Sample one completion a sample, boxes in pixels; the same seed gives the same texts."""
    questions = [question_of(s) for s in samples]
    images = tasks.images(samples)
    return draw(student, images, questions, temperature, max_new_tokens, seed, BATCH)


def judge(
    samples: Sequence[Sample],
    texts: Sequence[str],
    tasks: Tasks,
    scorer: Scorer,
    config: "GrpoConfig",
) -> list[dict[str, float | None]]:
    """Per completion all rewards, their `total` and the `effect` in nats per token."""
    found = {
        name: rewards_of(name, samples, texts, tasks, scorer)
        for name in REWARDS
        if name != "counterfactual"
    }
    measured = effects_of(samples, texts, tasks, scorer)
    found["counterfactual"] = [None if m is None else squashed(m.effect) for m in measured]
    rows = [{name: found[name][i] for name in REWARDS} for i in range(len(samples))]
    return [
        row | {"total": total(config.weights, row), "effect": None if m is None else m.effect}
        for row, m in zip(rows, measured, strict=True)
    ]


def measure(student: "Student", samples: Sequence[Sample], config: "GrpoConfig") -> list[Row]:
    """Judge the greedy answer and `config.copies` sampled ones of every sample.

    Returns:
        Per sample `id`, `group`, and under `greedy` and `sampled` the mean of each number of
        `judge`. The greedy answer's `effect_other` is with regions removed by `config.other_fill`.
    """
    tasks = Tasks(config.samples, config.fill, config.random_regions, config.seed)
    other = Tasks(config.samples, config.other_fill, config.random_regions, config.seed)
    scorer = student_scorer(student)
    rows: list[Row] = []
    starts = range(0, len(samples), BATCH)
    for start in track(starts, "measuring held-out answers"):
        part = samples[start : start + BATCH]
        questions = [question_of(s) for s in part]
        said = ask(student, tasks.images(part), questions, config.max_new_tokens, BATCH)
        greedy = judge(part, said, tasks, scorer, config)
        for row, effect in zip(greedy, effects_of(part, said, other, scorer), strict=True):
            row["effect_other"] = None if effect is None else effect.effect
        copies = [s for s in part for _ in range(config.copies)]
        seed = item_seed(config.seed, f"measure/{start}") % 2**31
        texts = rollouts(student, copies, tasks, config.temperature, config.max_new_tokens, seed)
        judged = judge(copies, texts, tasks, scorer, config)
        for i, sample in enumerate(part):
            own = judged[i * config.copies : (i + 1) * config.copies]
            mean = {key: _mean([row[key] for row in own]) for key in own[0]}
            rows.append(
                {"id": sample.id, "group": sample.group, "sampled": mean, "greedy": greedy[i]}
            )
    return rows


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


def compare(before: Sequence[Row], after: Sequence[Row], seed: int) -> dict[str, Any]:
    """Mean of each number before and after, and the paired difference, clustered by group.

    Returns:
        Per mode and number `before`, `after` and `difference`, each an `Interval` as a dictionary.
    """
    numbers: dict[str, Any] = {}
    for mode in MODES:
        numbers[mode] = {}
        for key in before[0][mode]:
            pairs = [
                (b[mode][key], a[mode][key], b["group"])
                for b, a in zip(before, after, strict=True)
                if b[mode][key] is not None and a[mode][key] is not None
            ]
            old, new = (np.array([p[i] for p in pairs], float) for i in (0, 1))
            groups = [p[2] for p in pairs]
            intervals = {
                "before": bootstrap_interval(_average, [old], groups, seed=seed),
                "after": bootstrap_interval(_average, [new], groups, seed=seed),
                "difference": paired_difference(_average, [new], [old], groups, seed=seed),
            }
            numbers[mode][key] = {name: asdict(i) for name, i in intervals.items()}
    return numbers


def _average(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def as_text(numbers: dict[str, Any]) -> str:
    """An interval of `compare` in words."""
    return str(Interval(**numbers))
