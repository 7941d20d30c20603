"""Messages along one relation of a heterogeneous graph, in four ways of adding them up.

In:  embeddings of sources and targets, the edges, their features and (optional) their weights.
Out: per target the news it received. A weight multiplies the message of its edge and nothing else:
     means divide by the number of edges, so that half a weight is half a message.
"""

import torch
from torch import Tensor, nn
from torch_geometric.utils import degree, scatter, softmax

CONVOLUTIONS = ("sage", "gat", "gcn", "graphconv")
"""How messages are added up: their mean (SAGE, Hamilton et al. 2017), with learned attention (GAT,
Velickovic et al. 2018), over the root of both degrees (GCN, Kipf and Welling 2017), or their sum
(Morris et al. 2019)."""


class Relation(nn.Module):
    """The messages of one edge type: `W h_source + U edge`, added up per target.

    Args:
        hidden: Width of the embeddings.
        edge_features: Features an edge has.
        kind: One of `CONVOLUTIONS`.
    """

    def __init__(self, hidden: int, edge_features: int, kind: str = "sage") -> None:
        """Build the layers; weights depend on the torch seed only."""
        super().__init__()
        self.kind = kind
        self.node = nn.Linear(hidden, hidden, bias=False)
        self.edge = nn.Linear(edge_features, hidden, bias=False)
        if kind == "gat":
            self.attention = nn.ModuleList(
                nn.Linear(n, 1, bias=False) for n in (hidden, hidden, edge_features)
            )

    def forward(
        self,
        source: Tensor,
        target: Tensor,
        edges: Tensor,
        edge_attr: Tensor,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the news of every target.

        Args:
            source: Embeddings of the senders, shape `(S, hidden)`.
            target: Embeddings of the receivers, shape `(T, hidden)`.
            edges: Rows sender and receiver, shape `(2, E)`.
            edge_attr: Shape `(E, edge_features)`.
            weight: Shape `(E,)`; 1 when left out.

        Returns:
            Shape `(T, hidden)`; zero for a target that no edge reaches.
        """
        sender, receiver = edges
        messages = self.node(source)[sender] + self.edge(edge_attr)
        share = self._share(source, target, edges, edge_attr)
        if share is not None:
            messages = messages * share[:, None]
        if weight is not None:
            messages = messages * weight[:, None]
        reduce = "mean" if self.kind == "sage" else "sum"
        return scatter(messages, receiver, dim=0, dim_size=len(target), reduce=reduce)

    def _share(
        self, source: Tensor, target: Tensor, edges: Tensor, edge_attr: Tensor
    ) -> Tensor | None:
        """What each message counts before the sum, shape `(E,)`; None for 1."""
        sender, receiver = edges
        if self.kind == "gcn":
            out = degree(sender, len(source)).clamp_min(1)
            into = degree(receiver, len(target)).clamp_min(1)
            return torch.rsqrt(out[sender] * into[receiver])
        if self.kind == "gat":
            from_node, to_node, of_edge = self.attention
            scores = from_node(source)[sender] + to_node(target)[receiver] + of_edge(edge_attr)
            scores = nn.functional.leaky_relu(scores[:, 0], 0.2)
            return softmax(scores, receiver, num_nodes=len(target))
        return None
