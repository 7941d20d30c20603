"""Rendered beside real eyes (OCTA-500, 3 mm): grey values, spectrum, contrast, two classifiers.

Needs `shared/data/octa500_3mm` and `shared/data/octa_gan_pairs` beside the repository. Nothing
that is shipped has learned from OCTA-500; it is only measured against.
"""

import dataclasses
from pathlib import Path

import numpy as np

from retia.images import read_image
from retia.statistics import Interval, bootstrap_interval
from retia.synthesis.appearance import render
from retia.synthesis.appearance.closeness import closeness, local_contrast, radial_spectrum
from retia.synthesis.disease import draw_disease
from retia.synthesis.eye import make_eye

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
STAGES = [("healthy", None), ("npdr", "mild"), ("npdr", "moderate"), ("npdr", "severe")]
STAGES += [("healthy", None), ("pdr", None)]
BORDER_PX = 6
"""Left out: the GAN's images have seams there."""
BANDS = 12
FOLDS = 5
PATCHES = 12
LAGS_PX = (1, 2, 3, 4, 6, 8)


def real_images(folder: str) -> np.ndarray:
    """All images of a data set, without their borders."""
    paths = sorted((DATA / folder / "images").glob("*.png"))
    return _inner([read_image(path).pixels for path in paths])


def drawn_images(count: int) -> dict[str, np.ndarray]:
    """Grown eyes, healthy and ill, in each appearance."""
    drawn: dict[str, list[np.ndarray]] = {"plain": [], "noise": [], "learned": []}
    for seed in range(count):
        stage, grade = STAGES[seed % len(STAGES)]
        eye = make_eye(seed, draw_disease(np.random.default_rng(seed), stage, grade))
        vessels, blobs = eye.drawn()
        for name, images in drawn.items():
            image = render(vessels, blobs, eye.texture, eye.image_px, eye.mm_per_px, name)  # type: ignore[arg-type]
            images.append(image)
    return {name: _inner(images) for name, images in drawn.items()}


def _inner(images: list[np.ndarray]) -> np.ndarray:
    return np.stack(images)[:, BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX]


def patches(images: np.ndarray, each: int, side: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """Random patches ``(P, side, side)`` and the image that each one is from, ``(P,)``."""
    rng = np.random.default_rng(0)
    cut, group = [], np.repeat(np.arange(len(images)), each)
    for number in group:
        y, x = rng.integers(0, images.shape[1] - side + 1, 2)
        cut.append(images[number, y : y + side, x : x + side])
    return np.stack(cut).astype(np.float64), group


def features(patch: np.ndarray) -> dict[str, np.ndarray]:
    """Statistics of patches by group, each ``(P, F)``.

    `grey`: quantiles. `contrast`: quantiles of the local standard deviation. `texture`:
    correlation with the neighbour 1 to 8 px away, along rows and along columns, and skewness
    and kurtosis of the grey values; brightness and contrast do not enter.
    """
    centred = patch - patch.mean(axis=(1, 2), keepdims=True)
    z = centred / (patch.std(axis=(1, 2), keepdims=True) + 1e-6)
    texture = [(z[:, :, d:] * z[:, :, :-d]).mean(axis=(1, 2)) for d in LAGS_PX]
    texture += [(z[:, d:] * z[:, :-d]).mean(axis=(1, 2)) for d in LAGS_PX]
    texture += [(z**power).mean(axis=(1, 2)) for power in (3, 4)]
    return {
        "grey": np.percentile(patch, [1, 10, 25, 50, 75, 90, 99], axis=(1, 2)).T,
        "contrast": np.percentile(local_contrast(patch), [5, 25, 50, 75, 95], axis=(1, 2)).T,
        "texture": np.stack(texture, axis=1),
    }


def classifier_auc(
    real: np.ndarray, drawn: np.ndarray, real_group: np.ndarray, drawn_group: np.ndarray
) -> Interval:
    """AUC of a logistic regression on statistics, cross-validated by image, with its interval."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = np.concatenate([real, drawn]), np.repeat([0, 1], [len(real), len(drawn)])
    group = np.concatenate([real_group, drawn_group + real_group.max() + 1])
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.1, max_iter=5000, class_weight="balanced")
    )
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    score = cross_val_predict(model, x, y, groups=group, cv=folds, method="predict_proba")
    return auc_interval(y, np.asarray(score)[:, 1], group)


def network_auc(real: np.ndarray, drawn: np.ndarray, steps: int = 150) -> Interval:
    """AUC of a small convolutional network on random crops of 64 px, in two folds.

    Crops have mean 0 and standard deviation 1, so brightness and contrast tell it nothing.
    """
    import torch

    images = np.concatenate([real, drawn]).astype(np.float32)
    y = np.repeat([0, 1], [len(real), len(drawn)])
    score, rng = np.zeros(len(y)), np.random.default_rng(0)
    half = np.zeros(len(y), int)
    for label in (0, 1):
        half[rng.permutation(np.flatnonzero(y == label))[::2]] = 1
    torch.manual_seed(0)
    for fold in (0, 1):
        network = _small_network()
        optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
        pools = [np.flatnonzero((half != fold) & (y == label)) for label in (0, 1)]
        for _ in range(steps):
            chosen = np.concatenate([rng.choice(pool, 16) for pool in pools])
            told = network(_crops(rng, images[chosen]))[:, 0]
            wanted = torch.from_numpy(y[chosen]).float()
            loss = torch.nn.functional.binary_cross_entropy_with_logits(told, wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        network.eval()
        for i in np.flatnonzero(half == fold):
            with torch.inference_mode():
                told = network(_crops(rng, np.repeat(images[i][None], 8, axis=0)))
            score[i] = told.mean().item()
    return auc_interval(y, score, np.arange(len(y)))


def _small_network():
    from torch import nn

    layers, inputs = [], 1
    for width in (16, 32, 48):
        layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(width)]
        layers += [nn.MaxPool2d(2)]
        inputs = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, 1))


def _crops(rng: np.random.Generator, images: np.ndarray, side: int = 64):
    import torch

    crops = []
    for image in images:
        y, x = rng.integers(0, np.array(image.shape) - side + 1)
        crop = np.rot90(image[y : y + side, x : x + side], int(rng.integers(4)))
        crops.append((crop - crop.mean()) / (crop.std() + 1e-6))
    return torch.from_numpy(np.stack(crops)[:, None].copy())


def auc_interval(truth: np.ndarray, score: np.ndarray, group: np.ndarray) -> Interval:
    """AUC with its interval; what is from one image is drawn again together."""
    from sklearn.metrics import roc_auc_score

    def auc(y: np.ndarray, s: np.ndarray) -> float:
        return float(roc_auc_score(y, s)) if 0 < y.mean() < 1 else float("nan")

    return bootstrap_interval(auc, [truth, score], [str(g) for g in group], resamples=300)


def whole_image_auc(real: np.ndarray, drawn: np.ndarray) -> Interval:
    """AUC of the same classifier on whole images: statistics over an image hardly vary."""

    def statistics(images: np.ndarray) -> np.ndarray:
        inner = images.astype(np.float64)
        bands = [np.array_split(radial_spectrum(one[None]), BANDS) for one in inner]
        spectrum = np.array([[band.mean() for band in row] for row in bands])
        return np.concatenate([spectrum, *features(inner).values()], axis=1)

    groups = np.arange(len(real)), np.arange(len(drawn))
    return classifier_auc(statistics(real), statistics(drawn), *groups)


def main(eyes: int = 60) -> None:
    """Print a line of distances and AUCs for each appearance, and for the GAN's own images."""
    if not (DATA / "octa500_3mm").is_dir() or not (DATA / "octa_gan_pairs").is_dir():
        print("  skipped: shared/data/octa500_3mm or octa_gan_pairs is not beside the repository")
        return
    real = real_images("octa500_3mm")
    sets = drawn_images(eyes) | {"GAN pairs": real_images("octa_gan_pairs")[: 2 * eyes]}
    cut, real_group = patches(real, PATCHES)
    of_real = features(cut)
    print(f"  real halves: {_distances(closeness(real[::2], real[1::2]))}")
    for name, images in sets.items():
        cut, group = patches(images, PATCHES)
        of_drawn = features(cut)
        print(f"  {name}: {_distances(closeness(real, images))}")
        by = {
            kind: classifier_auc(of_real[kind], of_drawn[kind], real_group, group).estimate
            for kind in of_real
        }
        theirs, ours = (np.concatenate(list(f.values()), axis=1) for f in (of_real, of_drawn))
        alone = ", ".join(f"{kind} {value:.3f}" for kind, value in by.items())
        print(f"    AUC, statistics of patches: {classifier_auc(theirs, ours, real_group, group)}")
        print(f"      of which {alone}")
        print(f"    AUC, statistics of whole images: {whole_image_auc(real, images)}")
        print(f"    AUC, network on crops: {network_auc(real, images)}")
        names = [f"{kind}{i}" for kind, f in of_real.items() for i in range(f.shape[1])]
        gap = (ours.mean(axis=0) - theirs.mean(axis=0)) / theirs.std(axis=0)
        widest = np.argsort(-np.abs(gap))[:4]
        print(
            "      largest gaps, in SD: " + ", ".join(f"{names[i]} {gap[i]:+.2f}" for i in widest)
        )


def _distances(found) -> str:
    return ", ".join(f"{k} {v:.3f}" for k, v in dataclasses.asdict(found).items())


if __name__ == "__main__":
    main()
