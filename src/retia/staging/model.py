"""A staging model on disk: `config.json`, `model.safetensors`, `README.md`."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch_geometric.data import Batch, HeteroData

from retia.atomic import atomic_file
from retia.errors import UserError
from retia.graphs.hetero import EDGE_TYPES, FEATURES
from retia.staging.network import StageNetwork
from retia.staging.scaling import Scaling
from retia.taxonomy import STAGES


@dataclass(frozen=True)
class StageModel:
    """A network with the scaling it was trained with."""

    network: StageNetwork
    scaling: Scaling
    settings: dict[str, Any]
    """Arguments of `StageNetwork`."""
    baseline: dict[str, tuple[float, ...]]
    """Per node type, the mean z-scored features of healthy training nodes: where attribution
    starts from, since a mean over all stages is not neutral."""

    def logits(self, scaled: HeteroData | Batch, graphs: int) -> torch.Tensor:
        """Logits of scaled graphs, shape `(B, 3)`; keeps gradients."""
        return self.network(*network_inputs(scaled), graphs)

    @torch.no_grad()
    def probabilities(self, graphs: Sequence[HeteroData], batch_size: int = 16) -> torch.Tensor:
        """Stage probabilities of raw (unscaled) graphs, shape `(B, 3)`."""
        self.network.eval()
        parts = []
        for start in range(0, len(graphs), batch_size):
            chunk = [self.scaling.apply(g) for g in graphs[start : start + batch_size]]
            batch = Batch.from_data_list(chunk)  # type: ignore[arg-type]
            parts.append(self.logits(batch, len(chunk)).softmax(dim=1))
        return torch.cat(parts)

    def save(self, folder: Path) -> None:
        """Write `config.json` and `model.safetensors`, atomically."""
        config = {
            "network": self.settings,
            "features": {kind: list(names) for kind, names in FEATURES.items()},
            "stages": list(STAGES),
            "scaling": dataclasses.asdict(self.scaling),
            "baseline": self.baseline,
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
        if features != FEATURES:
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
        baseline = {kind: tuple(values) for kind, values in config["baseline"].items()}
        return cls(network, scaling, config["network"], baseline)


def network_inputs(
    data: HeteroData | Batch,
) -> tuple[dict[str, Any], dict[tuple[str, str, str], Any], dict[str, Any]]:
    """Features, edges and graph numbers of a batch, or of a single graph."""
    x = {kind: data[kind].x for kind in FEATURES}
    edges = {e: data[e].edge_index for e in EDGE_TYPES}
    batch = {
        kind: data[kind].batch
        if "batch" in data[kind]
        else torch.zeros(len(x[kind]), dtype=torch.long)
        for kind in FEATURES
    }
    return x, edges, batch
