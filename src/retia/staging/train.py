"""`retia stage train`: graphs with known stages in, a staging model out."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.errors import UserError
from retia.records import Case
from retia.runs import open_step, track
from retia.staging.fit import FitConfig, Part

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

log = logging.getLogger("retia")


@dataclass(frozen=True, kw_only=True)
class StageTrainConfig(FitConfig):
    """What `retia stage train` takes."""

    graphs: Path
    """Folder that `retia graph` wrote; its cases know their stages."""


def train(config: StageTrainConfig) -> dict[str, Any]:
    """Train the graph neural network that stages.

    The classes come from the data: those that `--label` has in the cases; cases without it are
    left out. Writes `config.json`, `model.safetensors`, `healthy.parquet` (the healthy reference),
    `metrics.jsonl`, `metrics.json`, `predictions.parquet` of all splits, `README.md` (card).

    Returns:
        Balanced accuracy on the test part with its 95 % interval, clustered by group.

    Raises:
        UserError: If cases have no label, or a split lacks one of the classes.
    """
    with open_step("stage train", config, {"graphs": config.graphs}) as step:
        if step.done:
            return step.summary
        from retia.graphs.reference import healthy_reference
        from retia.runs.step import write_json, write_lines
        from retia.staging.data import read_graphs
        from retia.staging.fit import fit
        from retia.staging.labels import labelled
        from retia.staging.metrics import stage_metrics
        from retia.staging.predict import predictions_table, write_predictions
        from retia.staging.splits import assign_splits

        cases, graphs = read_graphs(config.graphs, config.label)
        cases, classes = labelled(cases, config.label)
        cases = assign_splits(cases, config.seed, config.label)
        parts = {
            name: part_of([c for c in cases if c.split == name], graphs, config.label, classes)
            for name in ("train", "validation", "test")
        }
        for name, part in parts.items():
            _check(part, name, classes)
        epochs = track(range(config.epochs), "training")
        model, history = fit(
            config, classes, parts["train"], parts["validation"], config.seed, epochs
        )
        model.save(step.out)
        write_lines(step.out / "metrics.jsonl", history)
        healthy_reference(parts["train"].of_class(0), step.out)
        table = predictions_table(model, cases, graphs)
        write_predictions(step.out, table)
        step.summary = stage_metrics(table, config.label, classes, config.seed)
        write_json(step.out / "metrics.json", step.summary)
        _write_card(
            step.out, config, classes, step.summary, {k: len(v.truth) for k, v in parts.items()}
        )
        log.info(
            "balanced accuracy %s on %d held-out eyes", step.summary["text"], step.summary["n"]
        )
    return step.summary


def part_of(
    cases: Sequence[Case], graphs: dict[str, "HeteroData"], label: str, classes: Sequence[str]
) -> Part:
    """The graphs of some labelled cases with the numbers of their classes."""
    from retia.staging.labels import label_of

    truth = [classes.index(str(label_of(c, label))) for c in cases]
    return Part([graphs[c.id] for c in cases], truth)


def _check(part: Part, split: str, classes: Sequence[str]) -> None:
    missing = [name for number, name in enumerate(classes) if number not in part.truth]
    if missing:
        raise UserError(
            f"the {split} part ({len(part.truth)} cases) holds no {' and no '.join(missing)} eye. "
            "Training needs every class in every split; give it more cases."
        )


def _write_card(
    out: Path,
    config: StageTrainConfig,
    classes: Sequence[str],
    summary: dict[str, Any],
    sizes: dict[str, int],
) -> None:
    from retia.atomic import atomic_file
    from retia.disclaimer import DISCLAIMER

    names = f"{', '.join(classes[:-1])} or {classes[-1]}"
    card = f"""---
license: mit
library_name: retia
tags: [medical, ophthalmology, OCTA, graph-neural-network]
---
# Staging model

{DISCLAIMER}

A heterogeneous graph neural network ({config.layers} rounds of {config.conv}, width \
{config.hidden}) that
tells whether a vessel graph is {names}. Written by `retia stage train`.

- **Intended use**: research on explanations of OCTA staging. Out of scope: patients.
- **Trained on**: {sizes["train"]} graphs, {sizes["validation"]} for choosing the epoch, \
{sizes["test"]} held out;
  split by group; label `{config.label}`. Whether the eyes are real or grown stands in `run.json`
  of the graphs. Stages of grown eyes follow the stage rule of `retia.taxonomy`.
- **Held-out balanced accuracy**: {summary["text"]}, 95 % interval by group bootstrap,
  n = {summary["n"]}.
- **Known failure modes**: a model trained on grown eyes has seen no motion artefact, no media
  opacity and no other disease; on real images its stage is a demonstration, not a measurement.
- **Files**: `model.safetensors`, `config.json` (features and their scaling), `healthy.parquet`
  (quantiles of the healthy training eyes), `predictions.parquet`.
"""
    with atomic_file(out / "README.md") as part:
        part.write_text(card, encoding="utf-8")
