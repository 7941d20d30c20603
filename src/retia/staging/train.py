"""`retia stage train`: graphs with known stages in, a staging model out."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.errors import UserError
from retia.records import Case
from retia.runs import StepConfig, open_step, track

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

    from retia.staging.model import StageModel

log = logging.getLogger("retia")


@dataclass(frozen=True, kw_only=True)
class StageTrainConfig(StepConfig):
    """What `retia stage train` takes."""

    graphs: Path
    """Folder that `retia graph` wrote; its cases know their stages."""
    epochs: int = 10
    """Rounds over the training part; the best on the validation part is kept."""
    batch_size: int = 8
    """Graphs a step."""
    learning_rate: float = 3e-3
    """Peak of the one-cycle schedule."""
    weight_decay: float = 1e-3
    """Of AdamW."""
    hidden: int = 24
    """Width of the network."""
    layers: int = 1
    """Rounds of message passing."""
    dropout: float = 0.2
    """Share of pooled features dropped in training."""


def train(config: StageTrainConfig) -> dict[str, Any]:
    """Train the graph neural network that stages.

    Writes `config.json`, `model.safetensors`, `healthy.parquet` (the healthy reference),
    `metrics.jsonl`, `metrics.json`, `predictions.parquet` of all splits, `README.md` (card).

    Returns:
        Balanced accuracy on the test part with its 95 % interval, clustered by group.

    Raises:
        UserError: If cases have no stage, or a split lacks one of the stages.
    """
    with open_step("stage train", config, {"graphs": config.graphs}) as step:
        if step.done:
            return step.summary
        from retia.graphs.reference import healthy_reference
        from retia.runs.step import write_json
        from retia.staging.data import read_graphs
        from retia.staging.metrics import stage_metrics
        from retia.staging.predict import predictions_table, write_predictions
        from retia.staging.splits import assign_splits

        cases, graphs = read_graphs(config.graphs)
        cases = assign_splits(cases, config.seed)
        parts = {name: _part(cases, name) for name in ("train", "validation", "test")}
        model = _fit(config, graphs, parts)
        model.save(step.out)
        healthy_reference([graphs[c.id] for c in parts["train"] if c.stage == "healthy"], step.out)
        table = predictions_table(model, cases, graphs)
        write_predictions(step.out, table)
        step.summary = stage_metrics(table, config.seed)
        write_json(step.out / "metrics.json", step.summary)
        _write_card(step.out, config, step.summary, {k: len(v) for k, v in parts.items()})
        log.info(
            "balanced accuracy %s on %d held-out eyes", step.summary["text"], step.summary["n"]
        )
    return step.summary


def _part(cases: list[Case], split: str) -> list[Case]:
    from retia.taxonomy import STAGES

    part = [c for c in cases if c.split == split]
    present = {c.stage for c in part}
    missing = [s for s in STAGES if s not in present]
    if missing:
        raise UserError(
            f"the {split} part ({len(part)} cases) holds no {' and no '.join(missing)} eye. "
            "Training needs every stage in every split; give it more cases."
        )
    return part


def _fit(
    config: StageTrainConfig,
    graphs: dict[str, "HeteroData"],
    parts: dict[str, list[Case]],
) -> "StageModel":
    import numpy as np
    import torch
    from torch_geometric.data import Batch

    from retia.runs.step import write_lines
    from retia.staging.model import StageModel
    from retia.staging.network import StageNetwork
    from retia.staging.scaling import fit_scaling, mean_features
    from retia.taxonomy import STAGES

    torch.manual_seed(config.seed)
    torch.set_num_threads(1)
    scaling = fit_scaling([graphs[c.id] for c in parts["train"]])
    settings = {"hidden": config.hidden, "layers": config.layers, "dropout": config.dropout}
    scaled = {c.id: scaling.apply(graphs[c.id]) for c in parts["train"]}
    healthy = [scaled[c.id] for c in parts["train"] if c.stage == "healthy"]
    model = StageModel(StageNetwork(**settings), scaling, settings, mean_features(healthy))
    truth = torch.tensor([STAGES.index(str(c.stage)) for c in parts["train"]])
    counts = torch.bincount(truth, minlength=len(STAGES)).float()
    loss_of = torch.nn.CrossEntropyLoss(weight=len(truth) / (len(STAGES) * counts))
    steps = config.epochs * -(-len(truth) // config.batch_size)
    optimizer = torch.optim.AdamW(
        model.network.parameters(), config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, steps)
    rng = np.random.default_rng(config.seed)
    best, best_state, history = (-1.0, 0.0), None, []
    for epoch in track(range(config.epochs), "training"):
        model.network.train()
        order, losses = rng.permutation(len(truth)), []
        for start in range(0, len(order), config.batch_size):
            rows = order[start : start + config.batch_size]
            batch = Batch.from_data_list([scaled[parts["train"][i].id] for i in rows])
            loss = loss_of(model.logits(batch, len(rows)), truth[rows])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        score = _validate(model, parts["validation"], graphs)
        history.append({"epoch": epoch, "loss": float(np.mean(losses)), "validation": score[0]})
        # Ties in accuracy are broken by the likelihood of the truth.
        if score > best:
            best = score
            best_state = {k: v.clone() for k, v in model.network.state_dict().items()}
    write_lines(Path(config.out) / "metrics.jsonl", history)
    assert best_state is not None
    model.network.load_state_dict(best_state)
    return model


def _validate(
    model: "StageModel", part: list[Case], graphs: dict[str, "HeteroData"]
) -> tuple[float, float]:
    """Balanced accuracy (to 2 decimals) and mean log-probability of the truth."""
    import torch

    from retia.statistics import balanced_accuracy
    from retia.taxonomy import STAGES

    p = model.probabilities([graphs[c.id] for c in part])
    truth = torch.tensor([STAGES.index(str(c.stage)) for c in part])
    likelihood = p[torch.arange(len(truth)), truth].clamp_min(1e-9).log().mean().item()
    accuracy = balanced_accuracy(truth.numpy(), p.argmax(dim=1).numpy())
    return round(float(accuracy), 2), likelihood


def _write_card(
    out: Path, config: StageTrainConfig, summary: dict[str, Any], sizes: dict[str, int]
) -> None:
    from retia.atomic import atomic_file
    from retia.disclaimer import DISCLAIMER

    card = f"""---
license: mit
library_name: retia
tags: [medical, ophthalmology, OCTA, graph-neural-network]
---
# Staging model

{DISCLAIMER}

A heterogeneous graph neural network ({config.layers} rounds, width {config.hidden}) that stages a
vessel graph as healthy, NPDR or PDR. Written by `retia stage train`.

- **Intended use**: research on explanations of OCTA staging. Out of scope: patients.
- **Trained on**: {sizes["train"]} graphs extracted from images, {sizes["validation"]} for choosing
  the epoch, {sizes["test"]} held out; split by group. Whether they are real or grown stands in
  `run.json` of the graphs. Scale: healthy / NPDR / PDR by the stage rule of `retia.taxonomy`.
- **Held-out balanced accuracy**: {summary["text"]}, 95 % interval by group bootstrap,
  n = {summary["n"]}.
- **Known failure modes**: a model trained on grown eyes has seen no motion artefact, no media
  opacity and no other disease; on real images its stage is a demonstration, not a measurement.
- **Files**: `model.safetensors`, `config.json` (features and their scaling), `healthy.parquet`
  (quantiles of the healthy training eyes), `predictions.parquet`.
"""
    with atomic_file(out / "README.md") as part:
        part.write_text(card, encoding="utf-8")
