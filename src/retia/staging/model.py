"""A staging model on disk: `config.json`, `model.safetensors`, `README.md`."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch_geometric.data import Batch, HeteroData

from retia.atomic import atomic_file
from retia.errors import UserError
from retia.graphs.hetero import EDGE_TYPES, FEATURES
from retia.staging.network import EdgeType, StageNetwork
from retia.staging.scaling import (
    Scaling,
    fit_scaling,
    mean_edge_features,
    mean_features,
    mean_zone_features,
)
from retia.taxonomy import STAGES


@dataclass(frozen=True)
class StageModel:
    """A network with the scaling it was trained with.

    The three baselines are of the training cases of the first class, which is the healthy one:
    where attribution starts from, since a mean over all classes is not neutral.
    """

    network: StageNetwork
    scaling: Scaling
    settings: dict[str, Any]
    """Arguments of `StageNetwork`."""
    baseline: dict[str, tuple[float, ...]]
    """Per node type, the mean z-scored features."""
    zone_baseline: dict[str, tuple[tuple[float, ...], ...]]
    """Per node type, the same for each ring of the ETDRS grid, from the fovea outwards."""
    edge_baseline: dict[EdgeType, tuple[float, ...]]
    """Per edge type, the mean z-scored features of edges."""
    label: str = "stage"
    """What it tells: the stage, or the key of a label of the cases."""

    @property
    def classes(self) -> tuple[str, ...]:
        """What the logits stand for, in their order; the healthy class first."""
        return tuple(self.settings["classes"])

    @classmethod
    def untrained(
        cls,
        settings: dict[str, Any],
        train: Sequence[HeteroData],
        healthy: Sequence[HeteroData],
        label: str = "stage",
    ) -> "StageModel":
        """A network with random weights, scaled to its training part.

        Args:
            settings: Arguments of `StageNetwork`.
            train: Raw graphs of the training part.
            healthy: Those of them that are healthy.
            label: What it is to tell.
        """
        settings = {"classes": list(STAGES)} | settings
        scaling = fit_scaling(train)
        scaled = [scaling.apply(g) for g in healthy]
        return cls(
            StageNetwork(**settings),
            scaling,
            settings,
            mean_features(scaled),
            mean_zone_features(scaled),
            mean_edge_features(scaled),
            label,
        )

    def logits(
        self,
        scaled: HeteroData | Batch,
        graphs: int,
        edge_weight: Mapping[EdgeType, torch.Tensor] | None = None,
        node_weight: Mapping[str, torch.Tensor] | None = None,
    ) -> torch.Tensor:
        """Logits of scaled graphs, shape `(B, K)`; keeps gradients.

        Args:
            scaled: One graph, or a batch of them, of `Scaling.apply`.
            graphs: How many, `B`.
            edge_weight: Per edge type, shape `(E,)`: how much each message counts.
            node_weight: Per node type, shape `(N,)`: how much each node counts.
        """
        return self.network(*network_inputs(scaled), graphs, edge_weight, node_weight)

    @torch.no_grad()
    def probabilities(self, graphs: Sequence[HeteroData], batch_size: int = 16) -> torch.Tensor:
        """Class probabilities of raw (unscaled) graphs, shape `(B, K)`."""
        return self.scaled_probabilities([self.scaling.apply(g) for g in graphs], batch_size)

    @torch.no_grad()
    def scaled_probabilities(
        self, scaled: Sequence[HeteroData], batch_size: int = 16
    ) -> torch.Tensor:
        """Class probabilities of graphs that are scaled already, shape `(B, K)`."""
        self.network.eval()
        parts = [torch.zeros((0, len(self.classes)))]
        for start in range(0, len(scaled), batch_size):
            chunk = list(scaled[start : start + batch_size])
            batch = Batch.from_data_list(chunk)  # type: ignore[arg-type]
            parts.append(self.logits(batch, len(chunk)).softmax(dim=1))
        return torch.cat(parts)

    def save(self, folder: Path) -> None:
        """Write `config.json` and `model.safetensors`, atomically."""
        config = {
            "label": self.label,
            "network": self.settings,
            "features": {kind: list(names) for kind, names in FEATURES.items()},
            "scaling": dataclasses.asdict(self.scaling),
            "baseline": self.baseline,
            "zone_baseline": self.zone_baseline,
            "edge_baseline": {"__".join(e): v for e, v in self.edge_baseline.items()},
        }
        with atomic_file(folder / "model.safetensors") as part:
            save_file({k: v.contiguous() for k, v in self.network.state_dict().items()}, part)
        with atomic_file(folder / "config.json") as part:
            part.write_text(json.dumps(config, indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "StageModel":
        """Read a model folder.

        Raises:
            UserError: If a file is missing, or the model wants other features than this version
                of Retia measures.
        """
        for name in ("config.json", "model.safetensors"):
            if not (folder / name).is_file():
                raise UserError(
                    f"{folder} holds no {name}. Expected a folder of `retia stage train`."
                )
        config = json.loads((folder / "config.json").read_text())
        features = {kind: tuple(names) for kind, names in config.get("features", {}).items()}
        if features != FEATURES or "edge_baseline" not in config:
            raise UserError(
                f"{folder} was trained on other graph features than this version measures. "
                "Train it again with `retia stage train`."
            )
        scaling = Scaling(
            **{f: {k: tuple(v) for k, v in s.items()} for f, s in config["scaling"].items()}
        )
        network = StageNetwork(**config["network"])
        network.load_state_dict(load_file(folder / "model.safetensors"))
        network.eval()
        zones = config["zone_baseline"].items()
        edges = config["edge_baseline"]
        return cls(
            network,
            scaling,
            config["network"],
            {kind: tuple(values) for kind, values in config["baseline"].items()},
            {kind: tuple(tuple(ring) for ring in rings) for kind, rings in zones},
            {e: tuple(edges["__".join(e)]) for e in EDGE_TYPES},
            config["label"],
        )


def network_inputs(
    data: HeteroData | Batch,
) -> tuple[
    dict[str, torch.Tensor],
    dict[EdgeType, torch.Tensor],
    dict[EdgeType, torch.Tensor],
    dict[str, torch.Tensor],
]:
    """Features, edges, features of edges and graph numbers of a batch, or of a single graph."""
    x = {kind: data[kind].x for kind in FEATURES}
    edges = {e: data[e].edge_index for e in EDGE_TYPES}
    edge_attr = {e: data[e].edge_attr for e in EDGE_TYPES}
    batch = {
        kind: data[kind].batch
        if "batch" in data[kind]
        else torch.zeros(len(x[kind]), dtype=torch.long)
        for kind in FEATURES
    }
    return x, edges, edge_attr, batch
