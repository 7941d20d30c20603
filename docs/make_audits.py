"""Write `docs/audits/`: one page an audit, from the folders that `retia evaluate` has written.

`python -m docs.make_audits student=DIR graph=DIR vqa_rad=DIR cholect50=DIR twins=DIR`

Every figure is read from `audit.json`; those that are not given keep their page.
"""

import json
import sys
from pathlib import Path
from typing import Any

from retia.evaluation.report.card import model_card

HERE = Path(__file__).parent / "audits"
ABOUT = {
    "student": (
        "The shipped student on grown eyes",
        "The embedded student (3 million parameters) that comes with Retia, on held-out grown eyes "
        "of the cohort whose training eyes it learned from. The graph model stands beside it.",
        "retia run recipes/segmenter.yaml        # the cohort\n"
        "retia run recipes/seeing-eyes.yaml --data runs/segmenter/cohort   # the graph model\n"
        "retia run recipes/student.yaml --data runs/segmenter/cohort\n"
        "retia evaluate --samples runs/student/samples --staging runs/seeing-eyes/staging "
        "--copies 5 --out runs/audit",
    ),
    "twins": (
        "The shipped student on eyes with exact twins",
        "200 fresh grown eyes, each with its twins: the same eye grown without one of its "
        "findings. A twin is what a fill only imitates: the image as it would be without the "
        "finding. The cohort has no training eyes, so there are no blind baselines here.",
        "retia grow --count 200 --seed 77 --twins --train 0 --validation 0 --out runs/twins\n"
        "retia write --cases runs/twins --phrasing plain --out runs/twin-samples\n"
        "retia evaluate --samples runs/twin-samples --out runs/twin-audit",
    ),
    "graph": (
        "The graph model on grown eyes",
        "The graph network's stages of the same held-out eyes, audited as answers of their own: "
        "accuracy, confidence, leaks. Its attribution is tested elsewhere (`docs/results.md`).",
        "retia evaluate --samples runs/student/samples --staging runs/seeing-eyes/staging "
        "--graph-only --out runs/graph-audit",
    ),
    "vqa_rad": (
        "A small student on VQA-RAD",
        "The student of `recipes/medvqa-embedded.yaml` (split by image, SFT and GRPO) with all "
        "baselines. VQA-RAD marks no regions and this student writes no boxes: nothing could be "
        "removed. It comes out where an audit must put it: no better than answers given blindly.",
        "retia run recipes/medvqa-embedded.yaml --data DIR\n"
        "retia evaluate --samples runs/medvqa-embedded/samples --model runs/medvqa-embedded/grpo "
        "--copies 5 --out runs/vqa-rad-audit",
    ),
    "cholect50": (
        "A small student on CholecT50 frames",
        "The student of `recipes/surgical-embedded.yaml` on the held-out video (figures only: the "
        "data set's licence keeps its pictures out of this repository). Safety gates have no "
        "truth in CholecT50; they are marked as from the taxonomy, not verified. Intervals of "
        "fewer than 10 videos resample pieces of 60 s: they hold within these videos only.",
        "retia run recipes/surgical-embedded.yaml --data DIR\n"
        "retia evaluate --samples runs/surgical-embedded/samples "
        "--model runs/surgical-embedded/sft --out runs/cholect50-audit",
    ),
}
"""Name of a page to its title, what was audited, and the commands that made it."""


def main(folders: dict[str, Path]) -> None:
    """Write the pages of these audits.

    Args:
        folders: By name of `ABOUT`.
    """
    HERE.mkdir(exist_ok=True)
    for name, folder in folders.items():
        audit = json.loads((folder / "audit.json").read_text())
        record = json.loads((folder / "run.json").read_text())
        timing = json.loads((folder / "timing.json").read_text())
        (HERE / f"{name}.md").write_text(page(name, audit, record, timing))


def page(name: str, audit: dict[str, Any], record: dict[str, Any], timing: dict[str, Any]) -> str:
    """One page: what was audited, the commands, the figures."""
    title, about, commands = ABOUT[name]
    # The front matter is the hub's; the title of a card names a folder.
    card = model_card(audit, record).split("\n# Model card", 1)[1].split("\n", 1)[1]
    cpu_s = timing["cpu_s"]
    return (
        f"# Audit: {title[0].lower()}{title[1:]}\n\n{about}\n\n```\n{commands}\n```\n\n"
        f"What each figure is held against: [audit.md](../audit.md). The audit took {cpu_s:.0f} "
        f"CPU seconds.\n{card}"
    )


if __name__ == "__main__":
    main({name: Path(path) for name, path in (arg.split("=", 1) for arg in sys.argv[1:])})
