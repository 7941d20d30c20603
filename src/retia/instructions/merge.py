"""Truth and attribution together: what is there, and what the graph model relied on.

In:  cases with their true findings, and the same cases as `retia attribute` saw them.
Out: cases whose findings cite both `grown/...` and `seen/...` evidence and know their importance.
"""

from collections.abc import Mapping
from dataclasses import replace

from retia.claims.boxes import overlap_of_smaller
from retia.records import Case, Finding

OVERLAP = 0.25
"""Share of the smaller box that must lie in the other for both to be the same thing."""


def merge_attributions(case: Case, attributed: Mapping[str, Case]) -> Case:
    """Give each true finding the evidence and importance of the attributed findings it overlaps.

    A case in which nobody looked for lesions (a real image without labels) has no truth of its
    own: there the attributed findings are the case.

    Args:
        case: With its truth.
        attributed: By case id.
    """
    seen = attributed.get(case.id)
    if seen is None:
        return case
    if not case.findings and not case.looked_for:
        return replace(
            case,
            findings=seen.findings,
            looked_for=seen.looked_for,
            measures=case.measures or seen.measures,
            stage=case.stage or seen.stage,
        )
    return replace(case, findings=tuple(_merged(f, seen.findings) for f in case.findings))


def _merged(finding: Finding, seen: tuple[Finding, ...]) -> Finding:
    if finding.box_px is None:
        return finding
    same = [
        s
        for s in seen
        if s.box_px is not None and overlap_of_smaller(finding.box_px, s.box_px) >= OVERLAP
    ]
    if not same:
        return finding
    evidence = dict.fromkeys((*finding.evidence, *(id for s in same for id in s.evidence)))
    shares = [s.importance for s in same if s.importance is not None]
    importance = min(1.0, sum(shares)) if shares else finding.importance
    return replace(finding, evidence=tuple(evidence), importance=importance)
