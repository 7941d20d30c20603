"""The graph model's stages, read to stand beside the student's."""

from pathlib import Path

from retia.errors import UserError

TABLE = "predictions.parquet"


def read_staging(path: Path) -> dict[str, str]:
    """Read the predicted stage of each case.

    Args:
        path: `predictions.parquet` of `retia stage`, or its folder.

    Raises:
        UserError: If the table is missing, damaged, or lacks a column.
    """
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
    return dict(zip(table["case"].to_list(), table["predicted"].to_list(), strict=True))
