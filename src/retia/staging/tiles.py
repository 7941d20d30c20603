"""GraphSAGE on a grid of tiles: what GFT (arXiv 2503.09808) publishes in the vessel graph's place.

Neighbours are the four tiles beside a tile and the tile itself.
"""

import torch
from torch import Tensor, nn


class TileNetwork(nn.Module):
    """Two mean-aggregating layers, then mean and maximum over the tiles, then logits.

    Args:
        side: Tiles along a side of the grid, T.
        features: Features of a tile, F.
        classes: K.
        hidden: Width of both layers.
    """

    def __init__(self, side: int, features: int, classes: int, hidden: int = 64) -> None:
        """Build the layers; weights depend on the torch seed only."""
        super().__init__()
        self.register_buffer("neighbours", grid_means(side))
        widths = ((features, hidden), (hidden, hidden))
        self.own = nn.ModuleList(nn.Linear(into, out) for into, out in widths)
        self.heard = nn.ModuleList(nn.Linear(into, out, bias=False) for into, out in widths)
        self.head = nn.Linear(2 * hidden, classes)

    def forward(self, tiles: Tensor) -> Tensor:
        """Return logits, shape `(B, K)`, of tiles, shape `(B, T * T, F)`."""
        h = tiles
        for own, heard in zip(self.own, self.heard, strict=True):
            h = torch.relu(own(h) + heard(self.neighbours @ h))
        return self.head(torch.cat([h.mean(dim=1), h.amax(dim=1)], dim=1))


def grid_means(side: int) -> Tensor:
    """The matrix that replaces each tile by the mean of its neighbours and itself, `(T², T²)`."""
    row, column = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    place = torch.stack([row.flatten(), column.flatten()], dim=1)
    touching = (place[:, None] - place).abs().sum(dim=2) <= 1
    return touching.float() / touching.sum(dim=1, keepdim=True)
