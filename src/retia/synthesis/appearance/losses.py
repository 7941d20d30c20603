"""One step of the renderer's training: what critic and renderer are told.

In:  networks, optimisers, a batch of coverage and noise with the real crops beside it.
Out: networks one step farther, and the parts of the loss.
"""

import torch
from torch.nn.functional import conv2d

from retia.synthesis.appearance.network import Critic, RenderNetwork

SECTORS = 4
"""Directions in which power spectra are compared."""


def one_turn(
    network: RenderNetwork,
    critic: Critic,
    drawing: torch.optim.Optimizer,
    judging: torch.optim.Optimizer,
    maps: torch.Tensor,
    real: torch.Tensor,
) -> dict[str, float]:
    """One step of the critic, one of the renderer; returns the parts of the loss."""
    coverage = maps[:, :1]
    drawn = network(maps)
    judging.zero_grad()
    told = (critic(coverage, real) - 1).square().mean()
    told = told + critic(coverage, drawn.detach()).square().mean()
    told.backward()
    judging.step()
    critic.requires_grad_(False)
    losses = {
        "critic": (critic(coverage, drawn) - 1).square().mean(),
        # Only blurred images are compared pixel by pixel: speckle is drawn, not averaged.
        "fine": 2.0 * (_blurred(drawn, 1.0) - _blurred(real, 1.0)).abs().mean(),
        "middle": 8.0 * (_blurred(drawn, 2.5) - _blurred(real, 2.5)).abs().mean(),
        "coarse": 10.0 * (_blurred(drawn, 6.0) - _blurred(real, 6.0)).abs().mean(),
        "grey": 4.0 * _sorted_gap(drawn, real),
        "speckle": 8.0 * _sorted_gap(drawn - _blurred(drawn, 1.0), real - _blurred(real, 1.0)),
        "spectrum": 0.3 * (_spectrum(drawn) - _spectrum(real)).abs().mean(),
    }
    loss = sum(losses.values())
    drawing.zero_grad()
    loss.backward()  # type: ignore[union-attr]
    drawing.step()
    critic.requires_grad_(True)
    return {"told": told.item()} | {name: value.item() for name, value in losses.items()}


def _blurred(images: torch.Tensor, sigma_px: float) -> torch.Tensor:
    """Gaussian blur of ``(B, 1, H, W)``; the border is left out."""
    half = round(2.5 * sigma_px)
    bell = torch.exp(-0.5 * (torch.arange(-half, half + 1) / sigma_px) ** 2)
    bell = bell / bell.sum()
    padding = half if sigma_px <= 1 else 0
    rows = conv2d(images, bell.view(1, 1, -1, 1), padding=(padding, 0))
    return conv2d(rows, bell.view(1, 1, 1, -1), padding=(0, padding))


def _sorted_gap(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Wasserstein distance of the values of two batches."""
    return (first.flatten().sort().values - second.flatten().sort().values).abs().mean()


def _spectrum(images: torch.Tensor) -> torch.Tensor:
    """Log power spectrum of a batch of crops, by frequency and by direction.

    By direction too, or the renderer would draw streaks along rows.
    """
    size = images.shape[-1]
    window = torch.hann_window(size, periodic=False)
    inner = images[:, 0] - images.mean(dim=(1, 2, 3))[:, None, None]
    power = torch.fft.fft2(inner * window[:, None] * window).abs().square().mean(dim=0)
    frequency = torch.fft.fftfreq(size, 1 / size)
    y, x = torch.meshgrid(frequency, frequency, indexing="ij")
    ring = torch.hypot(y, x).round().long() // 2
    sector = (torch.atan2(y, x) * SECTORS / torch.pi + 0.5).floor().long() % SECTORS
    part = (ring * SECTORS + sector).flatten()
    total = torch.zeros(int(part.max()) + 1).index_add(0, part, power.flatten())
    mean = total / part.bincount(minlength=len(total)).clamp_min(1)
    return mean[SECTORS : SECTORS * (size // 4)].log()
