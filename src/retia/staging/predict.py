"""`retia stage predict`: graphs in, stage probabilities out."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.records import Case
from retia.runs import StepConfig, open_step

if TYPE_CHECKING:
    import polars as pl
    from torch_geometric.data import HeteroData

    from retia.staging.model import StageModel


@dataclass(frozen=True, kw_only=True)
class StagePredictConfig(StepConfig):
    """What `retia stage predict` takes."""

    graphs: Path
    """Folder that `retia graph` wrote."""
    model: Path | None = None
    """Folder of `retia stage train`; the shipped model when left out."""


def predict(config: StagePredictConfig) -> dict[str, Any]:
    """Stage vessel graphs with a trained model.

    Writes `predictions.parquet`: `case, group, split, stage, predicted` and one probability a
    class, `p_healthy, p_npdr, p_pdr`. A model of another label than the stage has that label's
    name and classes in the place of the stage's.

    Returns:
        Metrics of the test part where its classes are known, else nothing.

    Raises:
        UserError: If the graphs or the model cannot be read.
    """
    from retia.weights import staging_folder

    folder = config.model or staging_folder()
    with open_step("stage predict", config, {"graphs": config.graphs, "model": folder}) as step:
        if step.done:
            return step.summary
        from retia.staging.data import read_graphs
        from retia.staging.metrics import stage_metrics
        from retia.staging.model import StageModel

        cases, graphs = read_graphs(config.graphs)
        model = StageModel.load(folder)
        table = predictions_table(model, cases, graphs)
        write_predictions(step.out, table)
        step.summary = stage_metrics(table, model.label, model.classes, config.seed)
    return step.summary


def predictions_table(
    model: "StageModel", cases: list[Case], graphs: dict[str, "HeteroData"]
) -> "pl.DataFrame":
    """Stage every case; one row a case, in their order."""
    import polars as pl

    from retia.staging.labels import label_of

    p = model.probabilities([graphs[c.id] for c in cases]).double().numpy()
    return pl.DataFrame(
        {
            "case": [c.id for c in cases],
            "group": [c.group for c in cases],
            "split": [c.split for c in cases],
            model.label: [label_of(c, model.label) for c in cases],
            "predicted": [model.classes[i] for i in p.argmax(axis=1)],
        }
        | {f"p_{name}": p[:, i] for i, name in enumerate(model.classes)},
        schema_overrides={"split": pl.String, model.label: pl.String},
    )


def write_predictions(folder: Path, table: "pl.DataFrame") -> None:
    """Write `predictions.parquet`, atomically."""
    from retia.atomic import atomic_file

    with atomic_file(folder / "predictions.parquet") as part:
        table.write_parquet(part)
