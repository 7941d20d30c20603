"""Text to claims to verdicts: shared by teacher checks, rewards, audit and demo."""

from retia.claims.agreement import (
    Agreement,
    agreement,
    consistent,
    judge_text,
    said_number,
    true_number,
)
from retia.claims.boxes import box_in, iou, overlap_of_smaller
from retia.claims.extract import claims_of, extract, extract_answer, statements
from retia.claims.matching import answer_matches
from retia.claims.parser import answer_sentences, parse_answer
from retia.claims.stage import stage_in
from retia.claims.verdicts import Judged, Judgement, judge, judge_claim

__all__ = [
    "Agreement",
    "Judged",
    "Judgement",
    "agreement",
    "answer_matches",
    "answer_sentences",
    "box_in",
    "claims_of",
    "consistent",
    "extract",
    "extract_answer",
    "iou",
    "judge",
    "judge_claim",
    "judge_text",
    "overlap_of_smaller",
    "parse_answer",
    "said_number",
    "stage_in",
    "statements",
    "true_number",
]
