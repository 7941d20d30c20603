"""What tells people about a cohort: a contact sheet and the dataset cards."""

from collections.abc import Sequence

from retia.disclaimer import DISCLAIMER
from retia.records import Case
from retia.runs import Step
from retia.synthesis.cohort.settings import GrowConfig


def write_sheet(step: Step, cases: Sequence[Case]) -> None:
    """Draw some eyes of every stage with boxes around their findings: `contact_sheet.png`."""
    from retia.figures import contact_sheet, draw_findings, write_png
    from retia.images import read_image

    shown = sorted(cases, key=lambda c: (str(c.stage), c.id))
    if not shown:
        return
    pictures = [
        draw_findings(read_image(step.out / c.file_name).pixels, c.findings, 1) for c in shown
    ]
    captions = [f"{c.id} {c.stage} {c.grade or ''} {c.laterality}" for c in shown]
    with step.new_file("contact_sheet.png") as part:
        write_png(part, contact_sheet(pictures, captions))


def write_card(
    step: Step, config: GrowConfig, stages: dict[str, int], splits: Sequence[str], twins: int
) -> None:
    """Write `README.md` of the cohort and, if it has twins, theirs."""
    with step.new_file("README.md") as part:
        part.write_text(_cohort_card(config, stages, splits), encoding="utf-8")
    if twins:
        with step.new_file("twins/README.md") as part:
            part.write_text(_twins_card(twins), encoding="utf-8")


def _front(name: str, files: str) -> str:
    return f"""---
license: mit
pretty_name: {name}
tags: [medical, ophthalmology, OCTA, synthetic]
configs:
  - config_name: default
    data_files: [{files}]
---
# {name}

{DISCLAIMER}
"""


def _cohort_card(config: GrowConfig, stages: dict[str, int], splits: Sequence[str]) -> str:
    files = "{split: all, path: metadata.jsonl}"
    if config.pack:
        files = ", ".join(f"{{split: {s}, path: 'data/{s}-*.parquet'}}" for s in splits)
    side = f"{config.field_mm:g}"
    packed = "`data/` holds images and cases as Parquet.\n" if config.pack else ""
    twins = "`twins/` holds every eye without each of its lesions.\n" if config.twins else ""
    return f"""{_front("Grown OCTA eyes", files)}
{sum(stages.values())} synthetic eyes of {side} x {side} mm, {config.image_px} px, written by
`retia grow` with seed {config.seed}: {", ".join(f"{n} {stage}" for stage, n in stages.items())}.

`metadata.jsonl` holds one case a line; its `split` is one of {", ".join(splits)} and never cuts
through a patient (`group`). Masks: `vessels/`, `faz/`, `lesions/<id>/<finding>.png`.
{twins}{packed}
`graphs/` holds all that is needed to draw an eye again, in shards of 500 eyes; positions are mm
from the upper left corner of the field, x to the right, y down. `segments-*.parquet`: the vessel
segments, one row group an eye. `kind` is 0 artery, 1 vein, 2 capillary bridge, 3 new vessel;
`parent` is the segment upstream, -1 at a root; `joins` is the segment where a bridge arrives;
`lost` marks what the lesions took away and `added_by` the finding that added a segment.
`sacs-*.parquet`: microaneurysms. `eyes-*.parquet`: seed, scale and outline of the avascular zone.
"""


def _twins_card(count: int) -> str:
    return f"""{_front("Twins of grown OCTA eyes", "{split: all, path: metadata.jsonl}")}
{count} counterfactual twins: each is the eye `twin_of` without its finding `without`, grown and
drawn with the same seeds. Outside `influence/<id>.png` a twin has the very pixels of its eye.

Masks of the findings that stay are those of the eye itself, in the folder above. A finding whose
removal changes no pixel has no twin.
"""
