"""Text to claims to verdicts: shared by teacher checks, rewards, audit and demo."""

from retia.claims.actions import ActionClaim
from retia.claims.agreement import (
    Agreement,
    agreement,
    judge_text,
    said_number,
    true_number,
)
from retia.claims.boxes import box_in, iou, overlap_of_smaller
from retia.claims.consistency import consistent
from retia.claims.extract import claims_of, extract, extract_answer, statements
from retia.claims.matching import answer_matches, normalised, token_f1, token_recall
from retia.claims.parser import answer_sentences, parse_answer
from retia.claims.phase import phase_in, phases_in
from retia.claims.stage import stage_in
from retia.claims.verdicts import Judged, Judgement, judge, judge_claim

__all__ = [
    "ActionClaim",
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
    "normalised",
    "overlap_of_smaller",
    "parse_answer",
    "phase_in",
    "phases_in",
    "said_number",
    "stage_in",
    "statements",
    "token_f1",
    "token_recall",
    "true_number",
]
