"""The networks that see structure: a small U-Net for all maps, another for fine vessels alone.

In:  `(B, 1, H, W)`: a normalised scan at the standard scale; sides are multiples of `step_px`.
Out: logits `(B, len(MAPS), H, W)`, and of vessels at four times the size, `(B, 1, 4 H, 4 W)`.

After Ronneberger et al. (MICCAI 2015); a fine head folds 16 channels into 4 x 4 pixels (Shi et
al., CVPR 2016), so that capillaries thinner than a pixel are told without computing on fine grids.
"""

import torch
from torch import Tensor, nn

from retia.segmentation.maps import FINE, MAPS


class SegmentNetwork(nn.Module):
    """A U-Net of five levels.

    Args:
        widths: Channels of each level, the finest first.
    """

    def __init__(self, widths: tuple[int, ...] = (16, 32, 48, 64, 64)) -> None:
        """Build the layers; weights depend on the torch seed only."""
        super().__init__()
        self.widths = widths
        self.down = nn.ModuleList(
            _block(before, width) for before, width in zip((1, *widths), widths, strict=False)
        )
        self.up = nn.ModuleList(
            _block(below + width, width)
            for below, width in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.shrink, self.enlarge = nn.MaxPool2d(2), nn.Upsample(scale_factor=2, mode="nearest")
        self.maps = nn.Conv2d(widths[0], len(MAPS), 1)
        self.fine = _fine_head(widths[0])
        self.step_px = 2 ** (len(widths) - 1)

    def features(self, scan: Tensor) -> Tensor:
        """What both heads read, `(B, widths[0], H, W)`."""
        kept = []
        h = scan
        for level, block in enumerate(self.down):
            h = block(self.shrink(h) if level else h)
            kept.append(h)
        for block, beside in zip(self.up, kept[-2::-1], strict=True):
            h = block(torch.cat([self.enlarge(h), beside], dim=1))
        return h

    def forward(self, scan: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of the maps and of the fine vessels."""
        h = self.features(scan)
        return self.maps(h), self.fine(h)


class FineNetwork(nn.Module):
    """A U-Net for fine vessels alone: wide where capillaries are told, its levels added.

    Adding what comes from below instead of stacking it halves the sums at the finest level, which
    is where nearly all of them are.

    Args:
        widths: Channels of each level, the finest first.
    """

    def __init__(self, widths: tuple[int, ...] = (32, 48, 64, 96)) -> None:
        """Build the layers; weights depend on the torch seed only."""
        super().__init__()
        self.widths = widths
        self.down = nn.ModuleList(
            _block(before, width) for before, width in zip((1, *widths), widths, strict=False)
        )
        self.narrow = nn.ModuleList(
            nn.Conv2d(below, width, 1)
            for below, width in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.up = nn.ModuleList(_block(width, width) for width in widths[-2::-1])
        self.shrink, self.enlarge = nn.MaxPool2d(2), nn.Upsample(scale_factor=2, mode="nearest")
        self.head = _fine_head(widths[0])
        self.step_px = 2 ** (len(widths) - 1)

    def forward(self, scan: Tensor) -> Tensor:
        """Return the logits of vessels at four times the size, `(B, 1, 4 H, 4 W)`."""
        kept = []
        h = scan
        for level, block in enumerate(self.down):
            h = block(self.shrink(h) if level else h)
            kept.append(h)
        for narrow, block, beside in zip(self.narrow, self.up, kept[-2::-1], strict=True):
            h = block(self.enlarge(narrow(h)) + beside)
        return self.head(h)


def _fine_head(inputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, 32, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, FINE * FINE, 1),
        nn.PixelShuffle(FINE),
    )


def _block(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before in (inputs, outputs):
        layers += [
            nn.Conv2d(before, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers)
