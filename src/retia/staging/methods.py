"""The graph network and its baselines, each as: eyes and a fold in, test probabilities out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from retia.staging.eyes import SMALL_PX, TILES, Eyes
from retia.staging.fit import FitConfig, Part, fit, optimise

if TYPE_CHECKING:
    import torch
    from sklearn.pipeline import Pipeline


@dataclass(frozen=True)
class Fold:
    """Numbers of the eyes in each part."""

    train: np.ndarray
    validation: np.ndarray
    """Chooses the epoch; methods without epochs train on it too."""
    test: np.ndarray

    @property
    def fitted(self) -> np.ndarray:
        """All eyes that are not tested on."""
        return np.concatenate([self.train, self.validation])


Method = Callable[[Eyes, Fold, FitConfig, int], np.ndarray]
"""Returns class probabilities of the test eyes, shape `(N, K)`."""


def graph_network(eyes: Eyes, fold: Fold, config: FitConfig, seed: int) -> np.ndarray:
    """The heterogeneous graph network."""

    def part(rows: np.ndarray) -> Part:
        return Part([eyes.graphs[i] for i in rows], eyes.truth[rows].tolist())

    model, _ = fit(config, eyes.classes, part(fold.train), part(fold.validation), seed)
    return model.probabilities(part(fold.test).graphs).double().numpy()


def forest(eyes: Eyes, fold: Fold, config: FitConfig, seed: int) -> np.ndarray:
    """A random forest on the biomarkers."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    trees = RandomForestClassifier(
        300, min_samples_leaf=2, class_weight="balanced_subsample", random_state=seed
    )
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    return _classical(make_pipeline(imputer, trees), eyes.biomarkers, eyes, fold)


def logistic(eyes: Eyes, fold: Fold, config: FitConfig, seed: int) -> np.ndarray:
    """Logistic regression on the biomarkers."""
    return _classical(regression(), eyes.biomarkers, eyes, fold)


def statistics(eyes: Eyes, fold: Fold, config: FitConfig, seed: int) -> np.ndarray:
    """Logistic regression on nine statistics of the pixels."""
    return _classical(regression(), eyes.pictures.statistics, eyes, fold)


def age(eyes: Eyes, fold: Fold, config: FitConfig, seed: int) -> np.ndarray:
    """Logistic regression on the age and nothing else."""
    return _classical(regression(), eyes.ages, eyes, fold)


def pixels(eyes: Eyes, fold: Fold, config: FitConfig, seed: int) -> np.ndarray:
    """A small convolutional network on the pixels: four layers, turned over at random."""
    network, pictures = pixel_network(eyes, fold, config, seed)
    return _probabilities(network, pictures, fold.test).double().numpy()


def pixel_network(
    eyes: Eyes, fold: Fold, config: FitConfig, seed: int
) -> "tuple[torch.nn.Module, torch.Tensor]":
    """Train the network of `pixels`.

    Returns:
        The network, and the pictures of all eyes as it reads them, `(N, 1, 152, 152)`.
    """
    import torch
    from torch import nn

    torch.manual_seed(seed)
    small = torch.from_numpy(eyes.pictures.small).float()[:, None]
    small = (small - small[fold.train].mean()) / small[fold.train].std()
    layers: list[nn.Module] = []
    for into, out in ((1, 8), (8, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(into, out, 3, 2, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
    head = [nn.AvgPool2d(-(-SMALL_PX // 16)), nn.Flatten(), nn.Dropout(config.dropout)]
    network = nn.Sequential(*layers, *head, nn.Linear(64, len(eyes.classes)))
    rng = np.random.default_rng(seed)

    def turned(rows: np.ndarray) -> torch.Tensor:
        flips = [axis for axis in (2, 3) if rng.random() < 0.5]
        return small[fold.train[rows]].flip(flips)

    _train(network, turned, small, eyes, fold, config, seed)
    return network, small


def tile_network(eyes: Eyes, fold: Fold, config: FitConfig, seed: int) -> np.ndarray:
    """GraphSAGE on a grid of 8 x 8 tiles, as published with GFT (arXiv 2503.09808)."""
    import torch

    from retia.staging.tiles import TileNetwork

    torch.manual_seed(seed)
    tiles = torch.from_numpy(eyes.pictures.tiles).float()
    flat = tiles[fold.train].flatten(0, 1)
    tiles = (tiles - flat.mean(0)) / flat.std(0).clamp_min(1e-6)
    network = TileNetwork(TILES, tiles.shape[2], len(eyes.classes))
    _train(network, lambda rows: tiles[fold.train[rows]], tiles, eyes, fold, config, seed)
    return _probabilities(network, tiles, fold.test).double().numpy()


METHODS: dict[str, Method] = {
    "graph network": graph_network,
    "biomarkers, random forest": forest,
    "biomarkers, logistic regression": logistic,
    "pixels, small CNN": pixels,
    "8 x 8 tiles, GraphSAGE": tile_network,
    "nine image statistics": statistics,
    "age alone": age,
}
"""Name in the tables to method; the graph network first: the others are held against it."""


def methods_for(eyes: Eyes) -> tuple[str, ...]:
    """The methods that have what they need: age alone only where every age is known."""
    known = all(case.age is not None for case in eyes.cases)
    return tuple(name for name in METHODS if known or name != "age alone")


def regression() -> "Pipeline":
    """Logistic regression on scaled columns, classes weighted alike; gaps become medians."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    logit = LogisticRegression(class_weight="balanced", max_iter=2000)
    return make_pipeline(imputer, StandardScaler(), logit)


def _classical(model, table: np.ndarray, eyes: Eyes, fold: Fold) -> np.ndarray:
    """Fit a scikit-learn model; a class it has not seen gets a probability of 0."""
    model.fit(table[fold.fitted], eyes.truth[fold.fitted])
    probabilities = np.zeros((len(fold.test), len(eyes.classes)))
    probabilities[:, model.classes_] = model.predict_proba(table[fold.test])
    return probabilities


def _train(
    network: "torch.nn.Module",
    training: Callable[[np.ndarray], "torch.Tensor"],
    inputs: "torch.Tensor",
    eyes: Eyes,
    fold: Fold,
    config: FitConfig,
    seed: int,
) -> None:
    """Train a network on inputs of one tensor."""
    truth = eyes.truth[fold.train].tolist(), eyes.truth[fold.validation].tolist()
    optimise(
        # Both see an eye in a fraction of the time the graph takes, and need more epochs.
        replace(config, epochs=2 * config.epochs, patience=2 * config.patience),
        network,
        lambda rows: network(training(rows)),
        lambda: _probabilities(network, inputs, fold.validation),
        (*truth, len(eyes.classes)),
        seed,
    )


def _probabilities(
    network: "torch.nn.Module", inputs: "torch.Tensor", rows: np.ndarray
) -> "torch.Tensor":
    import torch

    with torch.no_grad():
        return network(inputs[rows]).softmax(dim=1)
