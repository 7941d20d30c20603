"""The heterogeneous graph neural network.

After Lux et al. (arXiv 2502.16697): a linear layer per node type, `L` rounds of message passing
over all relations with residuals, pooling per node type, and one perceptron over all pools.
Pools hold mean and maximum: the mean sees diffuse loss, the maximum a single tuft.
"""

import torch
from torch import Tensor, nn
from torch_geometric.nn import HeteroConv, SAGEConv
from torch_geometric.utils import scatter

from retia.graphs.hetero import EDGE_TYPES, FEATURES
from retia.taxonomy import STAGES


class StageNetwork(nn.Module):
    """Graph to stage logits.

    Args:
        hidden: Width of every layer.
        layers: Rounds of message passing.
        dropout: Share of pooled features dropped in training.
    """

    def __init__(self, hidden: int = 24, layers: int = 1, dropout: float = 0.2) -> None:
        """Build the layers; weights depend on the torch seed only."""
        super().__init__()
        self.embed = nn.ModuleDict({k: nn.Linear(len(f), hidden) for k, f in FEATURES.items()})
        self.rounds = nn.ModuleList(
            HeteroConv({e: SAGEConv(hidden, hidden) for e in EDGE_TYPES}, aggr="mean")
            for _ in range(layers)
        )
        pooled = 2 * hidden * 2 + hidden
        self.head = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(pooled, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, len(STAGES)),
        )

    def forward(
        self,
        x: dict[str, Tensor],
        edge_index: dict[tuple[str, str, str], Tensor],
        batch: dict[str, Tensor],
        graphs: int,
    ) -> Tensor:
        """Return logits.

        Args:
            x: Per node type, z-scored features, shape `(N, F)`.
            edge_index: Per edge type, shape `(2, E)`.
            batch: Per node type, the graph of each node, shape `(N,)`.
            graphs: Number of graphs in the batch, `B`.

        Returns:
            Shape `(B, 3)`, in the order of `STAGES`.
        """
        h = {kind: torch.relu(layer(x[kind])) for kind, layer in self.embed.items()}
        for messages in self.rounds:
            news = messages(h, edge_index)
            h = {kind: h[kind] + torch.relu(news[kind]) for kind in h}
        pools = [
            scatter(h[kind], batch[kind], dim=0, dim_size=graphs, reduce=reduce)
            for kind in ("segment", "area")
            for reduce in ("mean", "max")
        ]
        pools.append(scatter(h["faz"], batch["faz"], dim=0, dim_size=graphs, reduce="sum"))
        return self.head(torch.cat(pools, dim=1))
