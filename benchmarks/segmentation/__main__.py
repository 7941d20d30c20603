"""`python -m benchmarks.segmentation`."""

import tyro

from benchmarks.segmentation import main

tyro.cli(main)
