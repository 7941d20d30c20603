"""Write `docs/sources.md`: every source as samples, with real examples.

`python -m docs.make_sources [--data ../shared/data] [--out runs/sources]`; sources whose data are
absent are left out and named. Nothing but words is shown: pictures stay where they are.
"""

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from retia.disclaimer import DISCLAIMER
from retia.records import Sample, read_samples

HERE = Path(__file__).parent
SHOWN_KINDS = 4
"""Question kinds of which an example is shown, the most frequent first."""


@dataclass(frozen=True)
class Source:
    """One source as a user would import it."""

    title: str
    folder: str
    command: str
    """Arguments of `retia`, with `{data}` and `{out}`."""
    note: str = ""


SOURCES = (
    Source("Grown eyes, with twins", "", "grow --count 24 --seed 1 --twins --out {out}"),
    Source("VQA-RAD", "vqa_rad", "import vqa-rad --source {data} --limit 120 --out {out}"),
    Source(
        "SLAKE",
        "slake",
        "import slake --source {data} --limit 40 --out {out}",
        "Its images are not here: they are named once, and `retia preflight` refuses to train.",
    ),
    Source("IDRiD", "idrid", "import idrid --source {data} --limit 120 --out {out}"),
    Source("OCTA-500", "octa500_3mm", "import octa500 --source {data} --out {out}"),
    Source("CholecT50", "cholect50", "import cholect50 --source {data} --out {out}"),
)


def main(data: Path, out: Path) -> None:
    """Import, write and check every source, and write the page."""
    parts = [HEAD.format(disclaimer=DISCLAIMER)]
    for source in SOURCES:
        if source.folder and not (data / source.folder).is_dir():
            parts.append(f"## {source.title}\n\nNot measured: its data were not there.\n")
            continue
        parts.append(
            _part(
                source,
                data / source.folder,
                out / source.title.split(",")[0].replace(" ", "-").lower(),
            )
        )
        sys.stdout.write(f"{source.title}\n")
    (HERE / "sources.md").write_text("\n".join(parts), encoding="utf-8")


HEAD = """# Sources as samples

{disclaimer}

Written by `python -m docs.make_sources`: each source is imported, written and checked by the
commands shown. *Blind* is the accuracy, on held-out samples, of always giving the answer that
the training part gives most often to the same words: every score should be read beside it.
"""


def _part(source: Source, data: Path, out: Path) -> str:
    shutil.rmtree(out, ignore_errors=True)
    cases, samples = out / "cases", out / "samples"
    command = source.command.format(data="DATA", out="CASES")
    _retia(source.command.format(data=data, out=cases).split())
    _retia(["write", "--cases", str(cases), "--out", str(samples)])
    verdict = _retia(["preflight", "--samples", str(samples), "--out", str(out / "preflight")])
    told = json.loads((samples / "statistics.json").read_text())
    kinds = sorted(told["turns_by_question_kind"].items(), key=lambda pair: -pair[1])
    blind = told.get("blind", {})
    rows = "\n".join(
        f"| {kind} | {count} | {blind[kind]['accuracy']:.2f} |"
        if kind in blind
        else f"| {kind} | {count} | |"
        for kind, count in kinds
    )
    shown = "\n".join(_examples(read_samples(samples), [k for k, _ in kinds[:SHOWN_KINDS]]))
    checked = "passed" if verdict == 0 else "refused"
    return f"""## {source.title}

```
retia {command}
retia write --cases CASES --out SAMPLES
retia preflight --samples SAMPLES --out CHECKED      # {checked}
```

{told["samples"]} samples about {told["cases"]} images of {told["groups"]} groups. {source.note}

| question kind | turns | blind |
| --- | --- | --- |
{rows}

{shown}
"""


def _examples(samples: list[Sample], kinds: list[str]) -> list[str]:
    """One question with its answer and evidence of each kind."""
    lines = []
    for kind in kinds:
        turns = [(s, at) for s in samples for at, m in enumerate(s.messages)]
        turns = [(s, at) for s, at in turns if s.messages[at].question_kind == kind]
        # The one whose sentences rest on most: an eye without findings shows little.
        sample, at = max(turns, key=lambda t: sum(map(bool, t[0].messages[t[1]].evidence)))
        asked, said = sample.messages[at - 1].text, sample.messages[at]
        evidence = "; ".join(", ".join(ids[:3]) for ids in said.evidence[:3] if ids)
        lines.append(
            f"- **{kind}**: {' '.join(asked.split())}\n  > {' '.join(said.text.split())}\n"
        )
        if evidence:
            lines.append(f"  Evidence: `{evidence}`\n")
    return lines


def _retia(arguments: list[str]) -> int:
    """Run a verb; return its exit code.

    Raises:
        SystemExit: If it refused its input.
    """
    retia = Path(sys.executable).with_name("retia")
    done = subprocess.run([str(retia), *arguments], capture_output=True, text=True)
    if done.returncode > 1:
        raise SystemExit(f"retia {' '.join(arguments)}\n{done.stderr[-2000:]}")
    return done.returncode


if __name__ == "__main__":
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--data", type=Path, default=Path("../shared/data"))
    flags.add_argument("--out", type=Path, default=Path("runs/sources"))
    args = flags.parse_args()
    main(args.data, args.out)
