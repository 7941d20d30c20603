"""Pictures that are no angiogram, each made anew by a function."""

from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIDE = 304


def noise(kind: str) -> np.ndarray:
    rng = np.random.default_rng(1)
    shape = (SIDE, SIDE)
    values = {
        "gaussian": lambda: rng.normal(110, 40, shape),
        "faint gaussian": lambda: rng.normal(60, 10, shape),
        "uniform": lambda: rng.uniform(0, 256, shape),
        "salt": lambda: (rng.random(shape) < 0.1) * 255.0,
        "salt and pepper": lambda: rng.choice([0.0, 110.0, 255.0], shape),
        "exponential": lambda: rng.exponential(50, shape),
    }[kind]()
    return np.clip(values, 0, 255).astype(np.uint8)


def text(angle: float, inverted: bool) -> np.ndarray:
    """A page of print, turned."""
    page = Image.new("L", (2 * SIDE, 2 * SIDE), 255)
    line = "No retinal vessel is shown on this page, only print. "
    for row in range(0, 2 * SIDE, 20):
        font = ImageFont.load_default(15)
        ImageDraw.Draw(page).text((0, row), (line * 3)[row % 17 :], fill=0, font=font)
    half = SIDE // 2
    pixels = np.asarray(page.rotate(angle, fillcolor=255))[half : half + SIDE, half : half + SIDE]
    return np.ascontiguousarray(255 - pixels if inverted else pixels)


def fundus() -> np.ndarray:
    """A round photograph with dark vessels and a bright disc, as grey."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    pixels = 150 - 120 * np.hypot(x, y)
    pixels += 80 * np.exp(-((x - 0.3) ** 2 + y**2) / 0.004)
    for bend in (-0.5, 0.4, 0.8):
        pixels -= 40 * np.exp(-((y - bend * (0.3 - x) ** 2 * 3) ** 2) / 1e-4) * (x < 0.3)
    pixels += np.random.default_rng(0).normal(0, 2, pixels.shape)
    return np.where(np.hypot(x, y) < 0.48, np.clip(pixels, 5, 255), 0).astype(np.uint8)


BAD_PICTURES = {
    "black": lambda: np.zeros((SIDE, SIDE), np.uint8),
    "white": lambda: np.full((SIDE, SIDE), 255, np.uint8),
    "grey": lambda: np.full((SIDE, SIDE), 127, np.uint8),
    "slope": lambda: np.tile(np.linspace(0, 255, SIDE), (SIDE, 1)).astype(np.uint8),
    "fundus": fundus,
    **{
        kind: partial(noise, kind)
        for kind in (
            "gaussian",
            "faint gaussian",
            "uniform",
            "salt",
            "salt and pepper",
            "exponential",
        )
    },
    **{f"text at {a}": partial(text, a, False) for a in (0, 17, 45, 90, 180)},
    **{f"white text at {a}": partial(text, a, True) for a in (0, 30, 90)},
}
