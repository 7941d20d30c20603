"""Vessels, large vessels and FAZ on real and rendered OCTA beside Otsu, adaptive, Frangi, Sato.

`python -m benchmarks.segmentation --out DIR [--data DIR] [--model DIR] [--large-model DIR]` prints
the tables as markdown and writes `results.json` with every image's figures. `--large-model` holds a
network trained on the large-vessel masks of those eyes of OCTA-500 whose index in the sorted list,
divided by 5, does not leave 4; the others measure it. Tables whose data are absent are left out.
"""

from benchmarks.segmentation.run import main

__all__ = ["main"]
