"""Small videos whose grey level tells the number of the frame."""

from pathlib import Path

LEVEL = 6
"""Grey levels from one frame to the next."""


def write_video(
    path: Path, seconds: int, per_second: int = 10, size: tuple[int, int] = (96, 64), shift: int = 0
) -> Path:
    """Write a video; frame `n` is grey `shift + LEVEL * n` of 256 all over."""
    import av
    import numpy as np

    # The index goes first, so that a file that is cut off still declares its length.
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("mpeg4", rate=per_second)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        for number in range(seconds * per_second):
            level = (shift + LEVEL * number) % 256
            pixels = np.full((size[1], size[0], 3), level, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path
