"""The heterogeneous graph neural network.

After Lux et al. (arXiv 2502.16697): a linear layer per node type, `L` rounds of message passing
over all relations with residuals, pooling per node type, and one perceptron over all pools. A mean
sees diffuse loss, a maximum a single tuft.

Edges and nodes can be given weights, which is how attribution turns them off by degrees: an edge's
weight multiplies its message, a node's weight all it sends and all it adds to a pool. Means divide
by numbers of edges and nodes, never by sums of weights.
"""

from collections.abc import Mapping, Sequence

from torch import Tensor, cat, nn, relu
from torch_geometric.utils import scatter

from retia.graphs.edges import EDGE_FEATURES
from retia.graphs.hetero import EDGE_TYPES, FEATURES
from retia.staging.convolutions import Relation
from retia.taxonomy import STAGES

EdgeType = tuple[str, str, str]

POOLS = ("mean", "max", "add")
"""Poolings; several are joined by `+`, as in `mean+max`."""
ADDED = 1e-3
"""Sums are over some thousand nodes: this brings them to the size of a mean."""


class StageNetwork(nn.Module):
    """Graph to logits.

    Args:
        hidden: Width of every layer.
        layers: Rounds of message passing.
        dropout: Share of pooled features dropped in training.
        conv: One of `convolutions.CONVOLUTIONS`.
        pool: Per node type, names of `POOLS` joined by `+`; the one node of the FAZ is taken as
            it is.
        classes: What the logits stand for, in their order.
    """

    def __init__(
        self,
        hidden: int = 24,
        layers: int = 1,
        dropout: float = 0.2,
        conv: str = "sage",
        pool: Mapping[str, str] | None = None,
        classes: Sequence[str] = STAGES,
    ) -> None:
        """Build the layers; weights depend on the torch seed only."""
        super().__init__()
        pool = {"segment": "mean+max", "area": "mean+max"} | dict(pool or {})
        self.pools = [(kind, name) for kind, names in pool.items() for name in names.split("+")]
        self.embed = nn.ModuleDict({k: nn.Linear(len(f), hidden) for k, f in FEATURES.items()})
        self.rounds = nn.ModuleList(Round(hidden, conv) for _ in range(layers))
        self.head = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(hidden * (len(self.pools) + 1), hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, len(classes)),
        )

    def forward(
        self,
        x: Mapping[str, Tensor],
        edge_index: Mapping[EdgeType, Tensor],
        edge_attr: Mapping[EdgeType, Tensor],
        batch: Mapping[str, Tensor],
        graphs: int,
        edge_weight: Mapping[EdgeType, Tensor] | None = None,
        node_weight: Mapping[str, Tensor] | None = None,
    ) -> Tensor:
        """Return logits.

        Args:
            x: Per node type, z-scored features, shape `(N, F)`.
            edge_index: Per edge type, shape `(2, E)`.
            edge_attr: Per edge type, z-scored edge features, shape `(E, 4)`.
            batch: Per node type, the graph of each node, shape `(N,)`.
            graphs: Number of graphs in the batch, `B`.
            edge_weight: Per edge type, shape `(E,)`; types that are left out weigh 1.
            node_weight: Per node type, shape `(N,)`; 0 silences a node in every round and pool.

        Returns:
            Shape `(B, K)`, in the order of the classes.
        """
        nodes = node_weight or {}
        weight = _message_weights(edge_index, edge_weight or {}, nodes)
        h = {kind: relu(layer(x[kind])) for kind, layer in self.embed.items()}
        for messages in self.rounds:
            h = messages(h, edge_index, edge_attr, weight)
        h = {k: v * nodes[k][:, None] if k in nodes else v for k, v in h.items()}
        pooled = [_pool(h[kind], batch[kind], graphs, name) for kind, name in self.pools]
        pooled.append(_pool(h["faz"], batch["faz"], graphs, "mean"))
        return self.head(cat(pooled, dim=1))


class Round(nn.Module):
    """One round of messages over all relations, with a residual."""

    def __init__(self, hidden: int, conv: str) -> None:
        """Build one layer a node type and one a relation."""
        super().__init__()
        self.own = nn.ModuleDict({kind: nn.Linear(hidden, hidden) for kind in FEATURES})
        self.relations = nn.ModuleDict(
            {"__".join(e): Relation(hidden, len(EDGE_FEATURES), conv) for e in EDGE_TYPES}
        )

    def forward(
        self,
        h: Mapping[str, Tensor],
        edge_index: Mapping[EdgeType, Tensor],
        edge_attr: Mapping[EdgeType, Tensor],
        weight: Mapping[EdgeType, Tensor],
    ) -> dict[str, Tensor]:
        """Return the new embeddings: what a node was, plus what it makes of itself and its news.

        Args:
            h: Per node type, shape `(N, hidden)`.
            edge_index: See `StageNetwork.forward`.
            edge_attr: See there.
            weight: Per edge type, how much each message counts, shape `(E,)`; 1 when left out.
        """
        news: dict[str, list[Tensor]] = {kind: [] for kind in h}
        for e in EDGE_TYPES:
            layer = self.relations["__".join(e)]
            told = layer(h[e[0]], h[e[2]], edge_index[e], edge_attr[e], weight.get(e))
            news[e[2]].append(told)
        return {
            kind: old + relu(self.own[kind](old) + sum(news[kind]) / len(news[kind]))
            for kind, old in h.items()
        }


def _message_weights(
    edge_index: Mapping[EdgeType, Tensor],
    edge_weight: Mapping[EdgeType, Tensor],
    node_weight: Mapping[str, Tensor],
) -> dict[EdgeType, Tensor]:
    """Weights of messages: that of the edge times that of the node that sends along it."""
    weights = dict(edge_weight)
    for e, edges in edge_index.items():
        if e[0] in node_weight:
            sender = node_weight[e[0]][edges[0]]
            weights[e] = weights[e] * sender if e in weights else sender
    return weights


def _pool(h: Tensor, batch: Tensor, graphs: int, name: str) -> Tensor:
    """Pool the nodes of each graph, shape `(B, hidden)`; zero for a graph without such nodes."""
    reduce = "sum" if name == "add" else name
    pooled = scatter(h, batch, dim=0, dim_size=graphs, reduce=reduce)
    return pooled * ADDED if name == "add" else pooled
