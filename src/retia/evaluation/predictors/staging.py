"""The graph model: its stages stand beside a student's, or are audited as answers of their own."""

import math
from pathlib import Path

from retia.errors import UserError
from retia.evaluation.predictors.predictor import Said
from retia.taxonomy import STAGES, read_vocabulary

TABLE = "predictions.parquet"
LEAST_PROBABILITY = 1e-300
"""Stands for 0, whose logarithm no file can hold."""


def read_staging(path: Path) -> dict[str, str]:
    """Read the predicted stage of each case.

    Args:
        path: `predictions.parquet` of `retia stage`, or its folder.

    Raises:
        UserError: If the table is missing, damaged, lacks a column, or holds something that is no
            stage or no probability.
    """
    return {case: stage for case, (stage, _) in _read(path).items()}


def staging_answers(path: Path) -> dict[str, Said]:
    """Read the graph model's answers to the stage question, one a case.

    The text is the stage's name. `logprob` is the logarithm of the probability of that stage, where
    the table has the columns `p_<stage>`: the whole answer is one choice.

    Args:
        path: As of `read_staging`.

    Raises:
        UserError: As `read_staging`.
    """
    names = read_vocabulary("octa")
    return {
        case: Said(
            text=names.stage_name(stage),
            logprob=None if p is None else math.log(max(p, LEAST_PROBABILITY)),
        )
        for case, (stage, p) in _read(path).items()
    }


def _read(path: Path) -> dict[str, tuple[str, float | None]]:
    """Per case the predicted stage and its probability."""
    import polars as pl

    file = path / TABLE if path.is_dir() else path
    if not file.is_file():
        raise UserError(f"{file} does not exist. Expected what `retia stage predict` writes.")
    try:
        table = pl.read_parquet(file)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UserError(f"{file} cannot be read as Parquet ({error}).") from None
    for column in ("case", "predicted"):
        if column not in table.columns:
            raise UserError(f"{file} has no column `{column}`. It has {', '.join(table.columns)}.")
    found: dict[str, tuple[str, float | None]] = {}
    for row in table.iter_rows(named=True):
        case, stage = row["case"], row["predicted"]
        if stage not in STAGES:
            raise UserError(
                f"{file}: the predicted stage of case {case} is {stage!r}. Expected one of "
                f"{', '.join(STAGES)}: a graph model of the stage, not of another label."
            )
        if case in found:
            raise UserError(f"{file} holds case {case} twice. Expected one row a case.")
        found[case] = stage, _probability(file, case, row.get(f"p_{stage}"))
    return found


def _probability(file: Path, case: str, value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise UserError(
            f"{file}: the probability of the predicted stage of case {case} is {value!r}. Expected "
            "a number from 0 to 1."
        )
    return float(value)
