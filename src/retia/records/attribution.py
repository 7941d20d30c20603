"""How much each graph element spoke for a stage."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Integrated gradients of one stage's logit over one graph.

    Shapes: `S` segments, `A` areas, 1 FAZ; `F` features of that node type.
    """

    case: str
    stage: str
    """The stage whose logit is explained."""
    probabilities: dict[str, float]
    nodes: dict[str, np.ndarray]
    """Per node type (`segment`, `area`, `faz`): signed attributions, shape `(N, F)`."""
    features: dict[str, tuple[str, ...]]
    """Per node type: the names of the `F` columns."""
    delta: float
    """Logit of the graph minus logit of the baseline."""
    gap: float
    """Sum of all attributions minus `delta`: how far completeness is missed."""

    def importance(self, kind: str) -> np.ndarray:
        """Signed attribution of each node of one type, summed over features, shape `(N,)`."""
        return self.nodes[kind].sum(axis=1)
