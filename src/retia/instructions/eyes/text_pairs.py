"""A paragraph about an eye in six steps, as OCTA-SVR pairs text with images, but true.

In:  a `Case` as its image shows it.
Out: one row in ShareGPT form: a question and one paragraph of reasoning.

The steps are those of the source: the avascular zone, lost perfusion, microaneurysms, new vessels,
the course of the vessels, and what follows. What was looked for and is not there is said where it
belongs. Each sentence is held against the case before it is let through.
"""

import random
from collections.abc import Sequence
from typing import Any

import retia.instructions.eyes.phrases as phrases
from retia.claims import judge_text
from retia.instructions.eyes.facts import Fact, facts_of
from retia.instructions.eyes.norms import PERCENTILE_OF, Norms, with_percentiles
from retia.instructions.eyes.wording import Pick, Told, stage_told, tell_faz, tell_section
from retia.records import Case
from retia.runs import item_seed

QUESTIONS = (
    "Describe this OCTA image step by step.",
    "Go through this scan step by step and conclude.",
    "What does this OCTA image show? Think in steps.",
    "Explain, step by step, what you see in this scan.",
    "Reason about this OCT angiogram in six steps.",
    "Look at the scan from the centre outwards and tell what you find.",
    "Read this OCTA image aloud: zone by zone, then your conclusion.",
)
STEPS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        ("faz_area_mm2", "faz_enlargement", "faz_irregularity"),
        (
            "I begin in the centre.",
            "First I look at the centre of the scan.",
            "My first look goes to the centre.",
            "I start where no capillaries belong.",
        ),
    ),
    (
        ("capillary_dropout", "reduced_density"),
        (
            "Then I follow the capillary bed.",
            "Next I judge the perfusion.",
            "Second, I look at the perfusion.",
            "From there I go on to the capillary bed.",
        ),
    ),
    (
        ("microaneurysm",),
        (
            "Then I search for small bright dots.",
            "Third, I look for dots on the vessels.",
            "Next come the dots along the capillary bed.",
            "I look closer, for small round spots.",
        ),
    ),
    (
        ("neovascularization",),
        (
            "Fourth, I look for vessels that do not belong there.",
            "Then I look for what does not belong.",
            "Next I ask what has grown.",
            "After that I look for growth.",
        ),
    ),
    (
        ("irma", "tortuosity", "calibre_change"),
        (
            "Fifth, I follow the course of the vessels.",
            "Then I trace each vessel.",
            "Next I look at how the vessels run.",
            "After that I follow the vessels themselves.",
        ),
    ),
)
"""Per step the kinds it is about and how it is begun; the sixth is the conclusion."""
LAST = (
    "Last, I put this together.",
    "Finally, I conclude.",
    "Sixth, I weigh all of it.",
    "That is all I see.",
)


def text_pairs(case: Case, seed: int) -> dict[str, Any]:
    """Write the text pair of a case.

    Args:
        case: With its findings as the image shows them; `file_name` is the image.
        seed: Base seed.

    Returns:
        `id`, `image`, `conversations` and `meta`: case, group, split, stage, the evidence of each
        sentence, and under `dropped` the sentences that the case did not support, if any.
    """
    rng = random.Random(item_seed(seed, f"{case.id}/text_pairs"))
    told = _paragraph(with_percentiles(case, Norms()), rng.choice)
    true = [t for t in told if _holds(t.text, case)]
    meta: dict[str, Any] = {"case": case.id, "group": case.group, "split": case.split}
    meta |= {"stage": case.stage, "evidence": [list(t.evidence) for t in true]}
    if len(true) < len(told):
        meta["dropped"] = [t.text for t in told if t not in true]
    return {
        "id": f"{case.id}_q1",
        "image": case.file_name,
        "conversations": [
            {"from": "human", "value": f"<image>\n{rng.choice(QUESTIONS)}"},
            {"from": "gpt", "value": " ".join(t.text for t in true)},
        ],
        "meta": meta,
    }


def _paragraph(case: Case, pick: Pick) -> list[Told]:
    facts, told = facts_of(case), []
    for kinds, leads in STEPS:
        own = [f for f in facts if f.kind in kinds]
        if own:
            told += [Told(pick(leads)), *_step(own, case, pick)]
    if case.stage is None:
        return told
    return [*told, Told(pick(LAST)), stage_told(case, phrases.CONCLUSION, pick)]


def _step(facts: Sequence[Fact], case: Case, pick: Pick) -> list[Told]:
    if facts[0].section == "faz":
        return tell_faz(facts, pick, case.measure(PERCENTILE_OF["faz_area_mm2"]))
    return tell_section(facts, pick, case.modality)


def _holds(sentence: str, case: Case) -> bool:
    return set(judge_text(sentence, case)[1].verdicts) <= {"supported"}
