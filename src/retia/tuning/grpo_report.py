"""What a GRPO run shows: reward curves, held-out figures before and after, the model card."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from retia.disclaimer import DISCLAIMER
from retia.figures import Report, line_chart
from retia.statistics import Interval
from retia.tuning.rewards import REWARDS

if TYPE_CHECKING:
    from retia.students.student import Student
    from retia.tuning.grpo import GrpoConfig

NAMES = {
    "total": "reward (weighted sum)",
    "format": "format",
    "answer": "answer",
    "consistency": "consistency",
    "counterfactual": "counterfactual",
    "effect": "counterfactual effect, nats per token",
    "effect_other": "the same, other fill",
}
WINDOW = 10
"""Steps that a point of a curve is the mean of."""


def write_report(
    config: "GrpoConfig", rows: Sequence[dict[str, Any]], numbers: dict[str, Any]
) -> None:
    """Write `report.html` into the run's folder.

    Args:
        config: Of the run.
        rows: Metrics, one a step.
        numbers: What `grpo.json` holds.
    """
    report = Report("Training on rewards")
    if "sampled" in numbers:
        report.headline(_headline(numbers))
        report.heading("Held out: before and after")
        report.paragraph(
            f"{numbers['samples']} samples of {numbers['groups']} groups ({numbers['split']} "
            f"split), never trained on. Paired by sample; 95 % intervals by bootstrap over groups. "
            f"Regions are removed by <i>{config.fill}</i> (as in training) and by "
            f"<i>{config.other_fill}</i>."
        )
        for mode in ("sampled", "greedy"):
            title = f"at temperature {config.temperature}" if mode == "sampled" else "greedy"
            report.table(
                (f"answers {title}", "before", "after", "difference"),
                _table(numbers[mode]),
            )
    report.heading("Rewards while training")
    for title, caption, names in (
        ("Mean of each reward", "Mean of each reward", ("reward", *REWARDS)),
        (
            "Spread within a question",
            "Spread of rewards, and share of questions whose rollouts all earn the same",
            ("reward_std", "zero_variance_groups"),
        ),
    ):
        curves = {name: _smooth([row.get(name) for row in rows]) for name in names}
        series = {name: values for name, values in curves.items() if np.isfinite(values).any()}
        steps = [row["step"] for row in rows]
        report.picture(
            line_chart(steps, series, title, "step", "value"),
            f"{caption}; means over {WINDOW} steps.",
        )
    report.write(config.out / "report.html")


def _headline(numbers: dict[str, Any]) -> list[tuple[str, str, str]]:
    cards = []
    for key in ("total", "effect"):
        found = Interval(**numbers["sampled"][key]["difference"])
        value = "n/a" if found.estimate is None else f"{found.estimate:+.3f}"
        small = found.note or f"95 %: {found.low:+.3f} to {found.high:+.3f}"
        cards.append((value, f"change of the {NAMES[key]}", small))
    return cards


def _table(numbers: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            NAMES[key],
            *(str(Interval(**found[name])) for name in ("before", "after", "difference")),
        )
        for key, found in sorted(numbers.items(), key=lambda pair: list(NAMES).index(pair[0]))
    ]


def _smooth(values: Sequence[float | None]) -> Sequence[float]:
    """Means over the last `WINDOW` values, those that are there."""
    known = np.array([np.nan if v is None else v for v in values], float)
    means = []
    for end in range(1, len(known) + 1):
        own = known[max(0, end - WINDOW) : end]
        own = own[np.isfinite(own)]
        means.append(float(own.mean()) if len(own) else float("nan"))
    return means


def card(config: "GrpoConfig", student: "Student", numbers: dict[str, Any]) -> str:
    """Return the text of `README.md`, with Hugging Face front matter."""
    size_m = sum(p.numel() for p in student.model.parameters()) / 1e6
    weights = ", ".join(f"{name} {value:g}" for name, value in vars(config.weights).items())
    found = "Nothing was measured on held-out samples."
    if "sampled" in numbers:
        lines = [
            f"| {name} | {before} | {after} | {difference} |"
            for name, before, after, difference in _table(numbers["sampled"])
        ]
        found = "\n".join(
            [
                f"Sampled answers to {numbers['samples']} held-out samples, before and after:",
                "",
                "| | before | after | difference |",
                "|---|---|---|---|",
                *lines,
            ]
        )
    return f"""\
---
license: other
language: en
library_name: transformers
pipeline_tag: image-text-to-text
base_model: {config.model.name}
tags: [medical, retia, grpo]
---

# A student trained on rewards with Retia

**{DISCLAIMER}**

Family: {student.family.title}, {size_m:.1f} M parameters. Trained from the model
`{config.model.name}` for {config.steps} steps of {config.batch_size} questions with
{config.generations} rollouts each, on the samples of `{config.samples.name}`.

Rewards: {weights}. The counterfactual one is measured on the rollout itself: its
log-probability with and without the region that it should rest on, against random regions.

{found}

Settings, versions and hashes of the inputs are in `run.json`, every reward of every step in
`metrics.jsonl`.

## Intended use

Research on explanations that can be checked.

## Out of scope

Any clinical decision. What was learned from synthetic images says nothing about real eyes until it
has been measured there with `retia evaluate`.

## Known failure modes

Rewards are proxies: a reward can rise without the explanation getting better. Hold the student
against `retia evaluate` on held-out samples before and after.
"""
