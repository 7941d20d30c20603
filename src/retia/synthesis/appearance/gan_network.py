"""The generator of OCTA-autosegmentation, layer by layer as its checkpoints number them."""

import torch
from torch import nn
from torch.nn import functional


class Generator(nn.Module):
    """Two blurred halvings, residual blocks, two blurred doublings; instance norm throughout.

    In:  ``(B, 1, H, W)``, 0 to 1; height and width divide by 4.
    Out: ``(B, 1, H, W)``, 0 to 1.
    """

    def __init__(self, width: int, blocks: int) -> None:
        """Args: channels at full resolution; number of residual blocks."""
        super().__init__()
        layers = [nn.ReflectionPad2d(3), *_normed(nn.Conv2d(1, width, 7))]
        for w in (width, 2 * width):
            layers += [*_normed(nn.Conv2d(w, 2 * w, 3, padding=1)), Halve(2 * w)]
        layers += [Residual(4 * width) for _ in range(blocks)]
        for w in (4 * width, 2 * width):
            layers += [Double(w), *_normed(nn.Conv2d(w, w // 2, 3, padding=1))]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, 1, 7), nn.Sigmoid()]
        self.model = nn.Sequential(*layers)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Draw."""
        return self.model(maps)


def _normed(convolution: nn.Conv2d) -> tuple[nn.Module, ...]:
    return convolution, nn.InstanceNorm2d(convolution.out_channels), nn.ReLU(inplace=True)


class Residual(nn.Module):
    """Two 3 x 3 convolutions whose result is added to their input."""

    def __init__(self, width: int) -> None:
        """Args: channels."""
        super().__init__()
        first, second = nn.Conv2d(width, width, 3), nn.Conv2d(width, width, 3)
        pads = nn.ReflectionPad2d(1), nn.ReflectionPad2d(1)
        self.conv_block = nn.Sequential(
            pads[0], *_normed(first), pads[1], second, nn.InstanceNorm2d(width)
        )

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Add the block's change."""
        return maps + self.conv_block(maps)


class Halve(nn.Module):
    """Blur with (1, 2, 1), then keep every second pixel."""

    filt: torch.Tensor

    def __init__(self, channels: int) -> None:
        """Args: channels."""
        super().__init__()
        self.register_buffer("filt", _blur([1.0, 2.0, 1.0], channels))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Halve height and width."""
        padded = functional.pad(maps, (1, 1, 1, 1), mode="reflect")
        return functional.conv2d(padded, self.filt, stride=2, groups=maps.shape[1])


class Double(nn.Module):
    """Spread pixels to every second place, then blur with (1, 3, 3, 1)."""

    filt: torch.Tensor

    def __init__(self, channels: int) -> None:
        """Args: channels."""
        super().__init__()
        self.register_buffer("filt", 4 * _blur([1.0, 3.0, 3.0, 1.0], channels))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Double height and width."""
        padded = functional.pad(maps, (1, 1, 1, 1), mode="replicate")
        spread = functional.conv_transpose2d(
            padded, self.filt, stride=2, padding=2, groups=maps.shape[1]
        )
        return spread[:, :, 1:-1, 1:-1]


def _blur(weights: list[float], channels: int) -> torch.Tensor:
    line = torch.tensor(weights)
    square = line[:, None] * line[None, :]
    return (square / square.sum()).repeat(channels, 1, 1, 1)
