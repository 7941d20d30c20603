"""Run all benchmarks: `python -m benchmarks` (or `make bench`)."""

from benchmarks import (
    attribution,
    audit,
    cohort,
    graphs,
    growth,
    realism,
    segmentation,
    shortcuts,
)

for benchmark in (growth, cohort, shortcuts, realism, segmentation, graphs, attribution, audit):
    print(f"\n{(benchmark.__doc__ or '').splitlines()[0]}")
    benchmark.main()
