"""The same answers counted after two conventions: how far apart they lie is no model's merit.

In:  scored answers.
Out: numbers of closed and of open questions under both, side by side.

*LLaVA-Med* (Li et al. 2023, arXiv 2306.00890): a closed question is right where the right answer
occurs in the text, letter for letter, so that `no` occurs in `normal`; an open one gets the share
of the right answer's words that the text says. The script that was published with it counts closed
questions in its own way: a text that holds `yes` or `no` but not the right answer is counted
nowhere, neither as right nor as wrong. Its number stands beside, with how many it leaves out.

*Strict*: equal but for case, punctuation and articles; open questions also by F1.

Neither knows that `the hook is dissecting the gallbladder` is the choice `hook dissecting
gallbladder`, nor that `Yes, a nodule is seen` is `yes`: the reading of reward and audit stands
beside closed questions.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from retia.claims import normalised
from retia.evaluation.answers.scores import QuestionRow
from retia.statistics import mean_interval, ratio_interval

Settings = dict[str, Any]
"""`resamples`, `level`, `seed` of the intervals."""


def convention_numbers(
    rows: Sequence[QuestionRow], clusters: Sequence[str], settings: Settings
) -> dict[str, dict[str, Any]]:
    """Numbers under both conventions; only of the sorts of questions that were asked.

    An answer that cannot be read is wrong under each, and stays in each denominator.

    Args:
        rows: Answers of one voice.
        clusters: What the intervals resample, one a row.
        settings: Of the intervals.

    Returns:
        `closed` and `open`, each with `questions`, `llava_med`, `strict` and `gap` (LLaVA-Med minus
        strict, paired). Closed ones have `retia` (the reading of reward and audit), and
        `llava_med_as_published` with `left_out_as_published` (see above); open ones have
        `strict_f1`.
    """
    pairs = list(zip(rows, clusters, strict=True))
    closed = [(row, own) for row, own in pairs if "closed_contains" in row.scores]
    asked = [(row, own) for row, own in pairs if "open_token_recall" in row.scores]
    return {
        **({"closed": _closed(closed, settings)} if closed else {}),
        **({"open": _open(asked, settings)} if asked else {}),
    }


def _closed(pairs: Sequence[tuple[QuestionRow, str]], settings: Settings) -> dict[str, Any]:
    rows, clusters = [row for row, _ in pairs], [cluster for _, cluster in pairs]
    lenient, strict = _scores(rows, "closed_contains"), _scores(rows, "closed_exact_match")
    counted = np.array([_counted_as_published(row) for row in rows])
    return {
        "questions": len(rows),
        "llava_med": mean_interval(lenient, clusters, **settings),
        "llava_med_as_published": ratio_interval(lenient * counted, counted, clusters, **settings),
        "left_out_as_published": int((~counted).sum()),
        "strict": mean_interval(strict, clusters, **settings),
        "retia": mean_interval(_scores(rows, "closed_accuracy"), clusters, **settings),
        "gap": mean_interval(lenient - strict, clusters, **settings),
    }


def _open(pairs: Sequence[tuple[QuestionRow, str]], settings: Settings) -> dict[str, Any]:
    rows, clusters = [row for row, _ in pairs], [cluster for _, cluster in pairs]
    lenient, strict = _scores(rows, "open_token_recall"), _scores(rows, "open_exact_match")
    return {
        "questions": len(rows),
        "llava_med": mean_interval(lenient, clusters, **settings),
        "strict": mean_interval(strict, clusters, **settings),
        "strict_f1": mean_interval(_scores(rows, "open_token_f1"), clusters, **settings),
        "gap": mean_interval(lenient - strict, clusters, **settings),
    }


def _counted_as_published(row: QuestionRow) -> bool:
    """Whether the published script counts a closed answer at all (`llava/eval/run_eval.py`)."""
    said = normalised(row.said)
    return bool(row.scores["closed_contains"]) or not ("yes" in said or "no" in said)


def _scores(rows: Sequence[QuestionRow], measure: str) -> np.ndarray:
    return np.array([row.scores[measure] for row in rows])
