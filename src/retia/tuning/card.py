"""The model card: what the student was made from, and what it is not for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retia.disclaimer import DISCLAIMER

if TYPE_CHECKING:
    from retia.students.student import Student
    from retia.tuning.sft import SftConfig


def write_card(config: "SftConfig", student: "Student", modalities: Sequence[str]) -> str:
    """Return the text of `README.md`, with Hugging Face front matter.

    Args:
        config: Of the run.
        student: What came out.
        modalities: Vocabularies of the samples, such as `octa`.
    """
    embedded = student.family.name == "embedded"
    rounds = [r.resolved(embedded) for r in (config.stage1, config.stage2)]
    # Weights of grown eyes are ours to give away; others follow the licence of their data.
    free = embedded and set(modalities) <= {"octa"}
    base = f"base_model: {config.model.name}\n" if config.model else ""
    size_m = sum(p.numel() for p in student.model.parameters()) / 1e6
    start = f"the model `{config.model.name}`" if config.model else "random weights (a new student)"
    tower = (
        f"1. The vision tower was pre-trained on what the cases of `{config.cohort.name}` know "
        f"({config.tower.steps} steps)."
        if config.cohort and config.tower.steps and embedded
        else "1. The vision tower was taken over."
    )
    return f"""\
---
license: {"mit" if free else "other"}
language: en
library_name: transformers
pipeline_tag: image-text-to-text
{base}tags: [medical, {", ".join(modalities)}, retia]
---

# A student tuned with Retia

**{DISCLAIMER}**

Family: {student.family.title}, {size_m:.1f} M parameters. Trained from {start} on the samples of
`{config.samples.name}`:

{tower}
2. Stage 1: {rounds[0].method}, at most {rounds[0].steps} steps.
3. Stage 2: {rounds[1].method}, at most {rounds[1].steps} steps.

Settings, versions and hashes of the inputs are in `run.json`, losses in `metrics.jsonl`.

## Intended use

Research on explanations that can be checked. Answers are text about one image; boxes are written
as `{student.family.boxes}`.

## Out of scope

Any clinical decision. What was learned from synthetic images says nothing about real eyes until it
has been measured there with `retia evaluate`.

## Known failure modes

Motion artefacts, failed segmentation, modalities and devices that the samples do not hold, and
words that the samples do not hold. The student always answers; it does not know when to abstain.

## Use

```python
from pathlib import Path
from retia.students.ask import ask
from retia.students.student import load_student

student = load_student(Path("."))
```
"""
