"""The network that draws OCTA from vessel coverage and noise.

In:  `(B, 1 + NOISE_CHANNELS, H, W)`: true coverage, then maps of noise.
Out: `(B, 1, H, W)` grey, 0 to 1.

It is fully convolutional and has no normalisation over space, so a pixel of its image
depends on what lies within `reach_px` of it and on nothing else.
"""

import torch
from torch import nn

NOISE_CHANNELS = 3


class RenderNetwork(nn.Module):
    """Residual convolutions at half the resolution, then two at the full one.

    Pixels are folded by two into channels first (Shi et al., CVPR 2016), which makes the
    convolutions four times cheaper.
    """

    def __init__(self, width: int = 64, blocks: int = 2) -> None:
        """Args: width of the inner layers; residual blocks of two 3 x 3 convolutions each."""
        super().__init__()
        inputs = 1 + NOISE_CHANNELS
        self.fold = nn.PixelUnshuffle(2)
        self.first = nn.Conv2d(4 * inputs, width, 3, padding=1, padding_mode="reflect")
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.LeakyReLU(0.1),
                nn.Conv2d(width, width, 3, padding=1, padding_mode="reflect"),
                nn.LeakyReLU(0.1),
                nn.Conv2d(width, width, 3, padding=1, padding_mode="reflect"),
            )
            for _ in range(blocks)
        )
        self.unfold = nn.Sequential(
            nn.LeakyReLU(0.1), nn.Conv2d(width, 4 * 8, 1), nn.PixelShuffle(2)
        )
        self.last = nn.Sequential(
            nn.Conv2d(8 + inputs, 16, 3, padding=1, padding_mode="reflect"),
            nn.LeakyReLU(0.1),
            nn.Conv2d(16, 1, 3, padding=1, padding_mode="reflect"),
        )
        # Half-size pixels: the first convolution and two a block. One full-size pixel more
        # because a folded pixel looks at its neighbour, two for the last convolutions.
        self.reach_px = 2 * (1 + 2 * blocks) + 1 + 2

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Draw; height and width must be even."""
        inner = self.first(self.fold(maps))
        for block in self.blocks:
            inner = inner + block(inner)
        drawn = torch.cat([self.unfold(inner), maps], dim=1)
        return torch.sigmoid(self.last(drawn))


class Critic(nn.Module):
    """Tells patches of real pairs from drawn ones (a local discriminator, Isola et al. 2017).

    It sees about 30 pixels at a time, so it judges texture and not anatomy.
    """

    def __init__(self, width: int = 24) -> None:
        """Args: width of the first layer; the others are wider."""
        super().__init__()
        norm = nn.utils.parametrizations.spectral_norm
        sizes = [(2, width, 3, 1), (width, 2 * width, 4, 2), (2 * width, 4 * width, 4, 2)]
        layers: list[nn.Module] = []
        for inputs, outputs, kernel, stride in sizes:
            layers += [
                norm(nn.Conv2d(inputs, outputs, kernel, stride, padding=1)),
                nn.LeakyReLU(0.2),
            ]
        layers += [
            norm(nn.Conv2d(4 * width, 4 * width, 3, padding=1)),
            nn.LeakyReLU(0.2),
            norm(nn.Conv2d(4 * width, 1, 3, padding=1)),
        ]
        self.layers = nn.Sequential(*layers)

    def forward(self, coverage: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        """Score of each patch: 1 real, 0 drawn."""
        return self.layers(torch.cat([coverage, image], dim=1))
