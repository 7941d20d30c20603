"""Does an attribution depend on what the model has learned?

After Adebayo et al. 2018 (arXiv 1810.03292): the layers are given new random weights one after the
other, from the output to the input (cascading). Attributions that stay alike show the picture, not
the model.
"""

import copy
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from retia.staging.model import StageModel


def randomised(model: "StageModel", seed: int) -> Iterator[tuple[str, "StageModel"]]:
    """Yield the model with ever more layers drawn anew: (name of the last one, model).

    The last model has learned nothing but the scaling of its features.

    Args:
        model: Left as it is.
        seed: Of the new weights.
    """
    network = copy.deepcopy(model.network)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for name, layer in reversed(list(network.named_children())):
            for part in layer.modules():
                if isinstance(part, torch.nn.Linear):
                    part.reset_parameters()
            yield name, dataclasses.replace(model, network=copy.deepcopy(network))


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's correlation; 0 where one of them is constant."""
    from scipy.stats import rankdata

    ranks = np.stack([rankdata(one), rankdata(other)])
    if (ranks.std(axis=1) == 0).any():
        return 0.0
    return float(np.corrcoef(ranks)[0, 1])
