"""`retia import check`: are the texts that came with a data set true by its own annotations?

In:  a folder of imported cases with questions and findings.
Out: how many sentences of the answers the annotations support, contradict or leave open, and the
     contradicted ones with the ids of what they contradict.

It lies beside the judge of claims, which knows what a sentence states; sources come before it.
"""

import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retia.errors import UserError
from retia.records import read_cases
from retia.runs import StepConfig, open_step

log = logging.getLogger("retia")


@dataclass(frozen=True, kw_only=True)
class CheckTextConfig(StepConfig):
    """What `retia import check` takes."""

    cases: Path
    """Folder of cases with texts, as `retia import octa-svr` writes it."""


def check_text(config: CheckTextConfig) -> dict[str, Any]:
    """Count the sentences of imported texts that their own annotations contradict.

    Writes `text.json` (the counts) and `contradicted.jsonl` (each contradicted sentence with its
    case, question and evidence).

    Returns:
        Sentences in all, those that state something of the vocabulary, those supported,
        contradicted and unsupported, and the share of contradicted ones of those that state
        something; None where nothing can be held against anything.

    Raises:
        UserError: If no case has both texts and annotations.
    """
    with open_step("import check", config, {"cases": config.cases}) as step:
        if step.done:
            return step.summary
        from retia.claims.agreement import judge_text
        from retia.claims.applicable import applicable
        from retia.runs.step import write_json, write_lines

        counts: Counter[str] = Counter()
        wrong: list[dict[str, Any]] = []
        for case in read_cases(config.cases):
            if not case.questions or not applicable(case):
                counts["left_out"] += 1
                continue
            counts["cases"] += 1
            for place, question in enumerate(case.questions):
                for sentence in judge_text(question.answer, case)[0]:
                    counts["sentences"] += 1
                    counts[sentence.verdict or "no_claim"] += 1
                    if sentence.verdict == "contradicted":
                        about = {"case": case.id, "question": question.id or str(place)}
                        evidence = list(sentence.evidence)
                        wrong.append(about | {"sentence": sentence.text, "evidence": evidence})
        if not counts["cases"]:
            raise UserError(
                f"{config.cases}: no case has both a text and annotations it could be held against."
            )
        claiming = counts["sentences"] - counts["no_claim"]
        names = ("cases", "left_out", "sentences", "supported", "contradicted", "unsupported")
        share = counts["contradicted"] / claiming if claiming else None
        step.summary = {name: counts[name] for name in names} | {
            "claiming": claiming,
            "contradicted_share": None if share is None else round(share, 4),
        }
        write_json(step.out / "text.json", step.summary)
        write_lines(step.out / "contradicted.jsonl", wrong)
        log.info("import check: %s", step.summary)
    return step.summary
