"""Drawn frames of an operation: tissue, rooms and lettering; and videos made of them."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = (320, 192)


def tissue(seed: int, shift: int = 0) -> np.ndarray:
    """Red and yellow patches in the round picture of a laparoscope, moved by `shift` pixels."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 1, (13, 21))
    patches = Image.fromarray((coarse * 255).astype(np.uint8)).resize((420, 252), 3)
    level = np.asarray(patches, np.float32)[:192, shift : shift + 320] / 255
    pixels = np.stack([110 + 120 * level, 40 + 90 * level, 40 + 50 * level], axis=-1)
    y, x = np.mgrid[:192, :320]
    pixels[(x - 160) ** 2 + (y - 96) ** 2 > 110**2] = 5
    # Reflections of the lamp, and an instrument.
    for cx, cy in rng.integers(100, 220, (6, 2)):
        pixels[(x - cx) ** 2 + (y - cy * 0.7) ** 2 < 9] = 250
    pixels[np.abs((y - 60) - 0.4 * (x - 160)) < 6] = (150, 150, 155)
    return pixels.astype(np.uint8)


def room(kind: str) -> np.ndarray:
    """What a camera outside the body sees."""
    grey = np.full((192, 320, 3), 185, np.uint8)
    picture = Image.fromarray(grey)
    draw = ImageDraw.Draw(picture)
    if kind == "drapes":
        draw.rectangle([0, 60, 320, 192], fill=(40, 110, 120))
        draw.ellipse([130, 20, 190, 90], fill=(205, 165, 145))
    elif kind == "gloves":
        draw.rectangle([0, 0, 320, 192], fill=(70, 80, 90))
        draw.ellipse([60, 50, 260, 180], fill=(235, 235, 225))
    elif kind == "face":
        draw.ellipse([110, 20, 210, 170], fill=(210, 170, 150))
        draw.rectangle([100, 100, 220, 192], fill=(90, 150, 190))
    elif kind == "black":
        draw.rectangle([0, 0, 320, 192], fill=(3, 2, 4))
    elif kind == "bars":
        for n, colour in enumerate(((255, 255, 255), (0, 255, 255), (0, 255, 0), (0, 0, 255))):
            draw.rectangle([80 * n, 0, 80 * n + 79, 192], fill=colour)
    return np.array(picture)


ROOMS = ("drapes", "gloves", "face", "black", "bars", "wall")


def lettered(pixels: np.ndarray, text: str, at: tuple[int, int]) -> np.ndarray:
    """The picture with text burnt in."""
    picture = Image.fromarray(pixels)
    ImageDraw.Draw(picture).text(at, text, fill=(255, 255, 255), font=ImageFont.load_default(14))
    return np.array(picture)


def write_scenes(
    path: Path, frames: Iterable[np.ndarray], per_second: int, title: str | None = None
) -> Path:
    """Write frames as a video; with a title also with a tag and a sound track."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=per_second)
        stream.width, stream.height = SIZE
        stream.pix_fmt, stream.bit_rate = "yuv420p", 6_000_000
        sound = None
        if title is not None:
            container.metadata["title"] = title
            sound = container.add_stream("aac", rate=8000)
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
        if sound is not None:
            quiet = av.AudioFrame.from_ndarray(
                np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
            )
            quiet.sample_rate = 8000
            container.mux(sound.encode(quiet))
            container.mux(sound.encode())
    return path
