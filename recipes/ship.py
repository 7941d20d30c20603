"""Put the models of a finished run into the package: `python recipes/ship.py runs/quickstart`.

Copies what is needed to use them (weights, configs, cards, the healthy reference), records the
audit's figures in the student's card, and writes the checksums. A run has some of the models
`staging`, `student`, `renderer` and `segmenter`; those it has not are left as they are.
"""

import json
import shutil
import sys
from pathlib import Path

from retia.weights import shipped_folder, write_checksums

MODEL = {"config.json", "model.safetensors", "README.md"}
MODELS: dict[str, set[str]] = {
    "staging": MODEL | {"healthy.parquet"},
    "student": set(),
    "renderer": MODEL,
    "segmenter": MODEL | {"fine.safetensors"},
}
"""Model to the files that are shipped of it; none named: all."""
NOT_SHIPPED = {"run.json", "timing.json", "metrics.jsonl", "metrics.json", "training_args.bin"}


def main(run: Path) -> None:
    """Copy the models of a run into the package."""
    target = shipped_folder()
    names = [name for name in MODELS if (run / name / "run.json").is_file()]
    for name in names:
        shutil.rmtree(target / name, ignore_errors=True)
        (target / name).mkdir(parents=True)
        for file in sorted((run / name).iterdir()):
            if file.is_file() and file.name in (MODELS[name] or {file.name}) - NOT_SHIPPED:
                shutil.copyfile(file, target / name / file.name)
        origin = json.loads((run / name / "run.json").read_text())
        note = {k: origin[k] for k in ("step", "config", "versions", "key")}
        note["config"] = {k: _name_of(v) for k, v in note["config"].items()}
        (target / name / "origin.json").write_text(json.dumps(note, indent=2) + "\n")
    if "student" in names:
        _add_audit(target / "student" / "README.md", run / "audit" / "run.json")
    write_checksums(target)


def _name_of(value: object) -> object:
    """A path's last part: where it lay on the machine of the run is of no use elsewhere."""
    return Path(value).name if isinstance(value, str) and value.startswith("/") else value


def _add_audit(card: Path, audit: Path) -> None:
    """Write the audit's headline numbers into the student's card."""
    found = json.loads(audit.read_text())["summary"]
    accuracy, f1 = found["balanced_accuracy"], found["claim_f1"]
    lines = [
        "\n## Audit\n",
        f"On {found['cases']} held-out grown eyes of {found['groups']} patients, 95 % intervals by",
        "bootstrap over patients:\n",
        *(f"- stage, {name} image: balanced accuracy {_shown(a)}" for name, a in accuracy.items()),
        f"- claims of the reasoning: F1 {_shown(f1)}",
    ]
    card.write_text(card.read_text() + "\n".join(lines) + "\n")


def _shown(interval: dict[str, float]) -> str:
    return f"{interval['estimate']:.3f} [{interval['low']:.3f}, {interval['high']:.3f}]"


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/quickstart"))
