"""Write `docs/results.md`: every table of seeing eyes, measured again.

`python -m docs.make_results [--run runs/seeing-eyes] [--data ../shared/data] [--large-model DIR]
[--faz-folds DIR DIR]`

Needs a finished `recipes/seeing-eyes.yaml` and, for the parts on real eyes, a folder of data sets
(see `benchmarks/segmentation/data.py`); parts whose data are absent say so.
"""

import argparse
import contextlib
import io
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import attribution, findings, graphs, staging
from benchmarks.segmentation import run as segmentation
from retia.disclaimer import DISCLAIMER

HERE = Path(__file__).parent
HEAD = """# Results: seeing eyes

{disclaimer}

Written by `python -m docs.make_results` at commit `{commit}` on {day}, from a run of
`recipes/seeing-eyes.yaml` ({run}). Intervals are 95 %, by bootstrap over patients. CPU seconds are
those of one thread of the machine that wrote this page.
"""


def main(
    run: Path,
    data: Path,
    out: Path,
    large_model: Path | None,
    faz_folds: tuple[Path, ...] = (),
    skip: tuple[str, ...] = (),
) -> None:
    """Measure and write the page.

    Args:
        run: Of `recipes/seeing-eyes.yaml`.
        data: Folder of the real data sets.
        out: Where the benchmarks leave their figures.
        large_model: The variant of `recipes/large-vessels.yaml`, where there is one.
        faz_folds: Two networks that learned from one half each of the eyes of OCTA-25K.
        skip: Titles of parts to leave out; the page says so.
    """
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True
    ).stdout.strip()
    recipe = _commit_of(run)
    head = HEAD.format(
        disclaimer=DISCLAIMER, commit=commit, day=datetime.now(UTC).date(), run=recipe
    )
    parts: dict[str, Callable[[], str | None]] = {
        "Segmentation": lambda: segmentation.main(
            data, out / "segmentation", None, large_model, faz_folds
        ),
        "Staging of grown eyes, held out": (run / "compared" / "table.md").read_text,
        "Staging of real eyes": lambda: _staging(data, out / "staging", run / "staging"),
        "Attribution": (run / "checked" / "check.md").read_text,
        "Findings from attribution": lambda: findings.as_table(
            findings.measure(run / "attributed", _cohort_of(run))
        ),
        "Cost of graphs": graphs.main,
        "Cost of attribution": attribution.main,
    }
    text = [head]
    for title, part in parts.items():
        said = "Not measured in this run.\n" if title in skip else _said(part)
        text.append(f"\n## {title}\n\n{said}")
    (HERE / "results.md").write_text("\n".join(text), encoding="utf-8")


def _staging(data: Path, out: Path, model: Path) -> None:
    staging.main(data, out, None, model)


def _said(part: Callable[[], str | None]) -> str:
    """What a part returns, or else what it prints."""
    heard = io.StringIO()
    with contextlib.redirect_stdout(heard):
        text = part()
    said = (text or f"```\n{heard.getvalue().strip()}\n```").strip() + "\n"
    if "\n| --" in said or "\n|--" in said:  # markdown, not plain lines
        said = (text or heard.getvalue()).strip() + "\n"
    return said.replace("\n## ", "\n### ").removeprefix("# ")


def _commit_of(run: Path) -> str:
    import json

    commit = json.loads((run / "staging" / "run.json").read_text())["commit"]
    return f"commit `{commit[:7]}`" if commit else "run from files that were no commit"


def _cohort_of(run: Path) -> Path:
    import json

    return Path(json.loads((run / "graphs" / "run.json").read_text())["config"]["images"])


if __name__ == "__main__":
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--run", type=Path, default=Path("runs/seeing-eyes"))
    flags.add_argument("--data", type=Path, default=Path("../shared/data"))
    flags.add_argument("--out", type=Path, default=Path("runs/results"))
    flags.add_argument("--large-model", type=Path)
    flags.add_argument("--faz-folds", type=Path, nargs=2, default=())
    flags.add_argument("--skip", nargs="*", default=[], help="titles of parts to leave out")
    args = flags.parse_args()
    main(args.run, args.data, args.out, args.large_model, tuple(args.faz_folds), tuple(args.skip))
