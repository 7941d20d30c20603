"""What flows between the steps: small frozen records, and how they are read and written."""

from retia.records.answer import Answer
from retia.records.attribution import Attribution
from retia.records.case import Case, Finding, Measure, Question, Region, Zone
from retia.records.claim import Claim, Verdict
from retia.records.cohort import read_cases, write_cases
from retia.records.explanation import Explanation, Sector, Sentence
from retia.records.graph import VesselGraph
from retia.records.sample import Gold, Message, Part, Sample, read_samples, write_samples

__all__ = [
    "Answer",
    "Attribution",
    "Case",
    "Claim",
    "Explanation",
    "Finding",
    "Gold",
    "Measure",
    "Message",
    "Part",
    "Question",
    "Region",
    "Sample",
    "Sector",
    "Sentence",
    "Verdict",
    "VesselGraph",
    "Zone",
    "read_cases",
    "read_samples",
    "write_cases",
    "write_samples",
]
