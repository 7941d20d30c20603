"""What the network is asked to get right: every known map, pixel by pixel and as a whole."""

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def map_loss(logits: Tensor, truth: Tensor, known: Tensor, often: Tensor | None = None) -> Tensor:
    """Cross entropy plus soft Dice of every map, over the images that know it.

    The Dice of a map is that of all its pixels in the batch together, and asked for only where the
    batch shows the structure at all: else the faintest trace of a rare lesion costs as much as
    missing a whole one gains, and its map falls silent for good.

    Args:
        logits: `(B, M, H, W)`.
        truth: 0 or 1, same shape.
        known: Bool `(B, M)`.
        often: How often a pixel of each structure counts in the cross entropy, `(M,)`; once when
            left out.

    Returns:
        A number; 0 where nothing is known.
    """
    weight = known[:, :, None, None].float()
    each = weight * binary_cross_entropy_with_logits(
        logits, truth, reduction="none", pos_weight=None if often is None else often[:, None, None]
    )
    pixels = weight.sum((0, 2, 3)) * logits.shape[2] * logits.shape[3]
    entropy = each.sum((0, 2, 3)) / pixels.clamp_min(1)
    p = logits.sigmoid() * weight
    both = (p * truth).sum((0, 2, 3))
    true = (truth * weight).sum((0, 2, 3))
    dice = (1 - (2 * both + 1) / (p.sum((0, 2, 3)) + true + 1)) * (true > 0)
    present = known.any(0).float()
    return ((entropy + 0.5 * dice) * present).sum() / present.sum().clamp_min(1)
