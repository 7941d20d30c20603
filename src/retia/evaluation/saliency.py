"""Where a network that sees pixels looks: SmoothGrad (Smilkov et al. 2017, arXiv 1706.03825)."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

DRAWS, NOISE = 24, 0.15
"""How many noisy copies are averaged, and their noise over the range of the picture."""


def smooth_grad(network: "torch.nn.Module", picture: "torch.Tensor", seed: int = 0) -> np.ndarray:
    """How strongly each pixel moves the likeliest class.

    Args:
        network: `(B, 1, H, W)` to logits, in evaluation mode.
        picture: `(1, H, W)`.
        seed: Of the noise.

    Returns:
        Mean absolute gradient, float64 `(H, W)`.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn((DRAWS, *picture.shape), generator=generator)
    copies = picture + NOISE * (picture.max() - picture.min()) * noise
    copies.requires_grad_(True)
    with torch.no_grad():
        chosen = int(network(picture[None]).argmax())
    logits = network(copies)
    others = logits.sum(dim=1) - logits[:, chosen]
    margin = logits[:, chosen] - others / max(logits.shape[1] - 1, 1)
    (gradient,) = torch.autograd.grad(margin.sum(), copies)
    return gradient.abs().mean(dim=0)[0].double().numpy()
