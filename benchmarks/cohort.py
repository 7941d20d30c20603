"""Growing a cohort: CPU seconds an eye with one and two workers, memory, and what 100,000 cost."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

MOST_RATIO = 1.15
"""CPU seconds with two workers, at most this many times those with one."""
MANY = 100_000

PROGRAM = """
import json, resource, sys
from pathlib import Path
from retia.synthesis.cohort import GrowConfig, grow

if __name__ == "__main__":
    out, count, workers, appearance = sys.argv[1:]
    grow(GrowConfig(out=Path(out), count=int(count), workers=int(workers), appearance=appearance))
    usages = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({
        "cpu_s": sum(u.ru_utime + u.ru_stime for u in usages),
        "parent_mb": usages[0].ru_maxrss / 1024,
        "worker_mb": usages[1].ru_maxrss / 1024,
    }))
"""


def grown(out: Path, count: int, workers: int, appearance: str) -> dict[str, float]:
    """Grow a cohort in a process of its own; its CPU seconds and peak memory."""
    program = out.with_suffix(".py")
    program.write_text(PROGRAM)
    command = [sys.executable, str(program), str(out), str(count), str(workers), appearance]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main(count: int = 200, appearance: str = "learned") -> None:
    """Print the figures for `count` eyes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        grown(folder / "warm", 2, 2, appearance)  # compiles and fills the cache
        few = grown(folder / "few", count // 3, 1, appearance)
        one = grown(folder / "one", count, 1, appearance)
        two = grown(folder / "two", count, 2, appearance)
        files = [p for p in (folder / "one").rglob("*") if p.is_file()]
        mb = sum(p.stat().st_size for p in files) / 1e6
    # What one more eye costs: starting up is paid once, however many eyes there are.
    an_eye_s = (one["cpu_s"] - few["cpu_s"]) / (count - count // 3)
    ratio = two["cpu_s"] / one["cpu_s"]
    print(f"  one worker {one['cpu_s'] / count:.2f} CPU s an eye ({an_eye_s:.2f} for one more)")
    print(f"  two workers {two['cpu_s'] / count:.2f} CPU s, ratio {ratio:.2f} (<= {MOST_RATIO})")
    print(f"  memory {few['parent_mb']:.0f} MB for {count // 3} eyes, {one['parent_mb']:.0f} MB")
    print(f"  for {count}; a worker {two['worker_mb']:.0f} MB")
    hours, gb = MANY * an_eye_s / 3600, MANY * mb / count / 1e3
    print(f"  {MANY} eyes: {hours:.0f} CPU hours, {gb:.0f} GB")
    print("  reference systems: 54-100 CPU s a sample, 1,500-2,800 CPU hours")


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:2]), *sys.argv[2:3])
