"""Resolve all extras together, as a dry run, and write `constraints.txt`.

The `gpu` extra is resolved too but never installed on a machine without a GPU. Torch is written
without its local version, so that every machine takes the build it has.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

EXTRAS = "tune,teacher,serve,demo,dicom,video,similarity,cluster,gpu,dev,docs,e2e"
HEADER = """\
# One set of versions for all extras together, resolved by a dry run (`make constraints`).
# `torch` carries no local version, so that each machine takes the build it has: CPU or CUDA.
"""


def main() -> None:
    """Write `constraints.txt` at the root of the repository."""
    root = Path(__file__).resolve().parents[1]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        wanted = [f"{root}[{EXTRAS}]", "torch==2.13.0"]
        subprocess.run([*pip, "--report", str(report), *wanted], check=True)
        found = json.loads(report.read_text())["install"]
    versions = {i["metadata"]["name"]: i["metadata"]["version"].split("+")[0] for i in found}
    versions.pop("retia")
    lines = [f"{name}=={versions[name]}\n" for name in sorted(versions, key=str.lower)]
    (root / "constraints.txt").write_text(HEADER + "".join(lines))


if __name__ == "__main__":
    main()
