"""Run all benchmarks: `python -m benchmarks` (or `make bench`)."""

from benchmarks import attribution, growth, segmentation

for benchmark in (growth, segmentation, attribution):
    print(f"\n{(benchmark.__doc__ or '').splitlines()[0]}")
    benchmark.main()
