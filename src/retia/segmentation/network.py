"""The network that sees structure: a small U-Net with a fine head for capillaries.

In:  `(B, 1, H, W)`: a normalised scan at the standard scale; sides are multiples of 16.
Out: logits `(B, len(MAPS), H, W)`, and of vessels at four times the size, `(B, 1, 4 H, 4 W)`.

After Ronneberger et al. (MICCAI 2015); the fine head folds 16 channels into 4 x 4 pixels (Shi et
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
        self.fine = nn.Sequential(
            nn.Conv2d(widths[0], 32, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, FINE * FINE, 1),
            nn.PixelShuffle(FINE),
        )
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


def _block(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before in (inputs, outputs):
        layers += [
            nn.Conv2d(before, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers)
