"""Whether claims about an image can be checked at all."""

from retia.records import Case
from retia.taxonomy import read_vocabulary


def applicable(case: Case) -> bool:
    """Whether anything is known of a case that the claims of its vocabulary could be held against.

    Where this is False (no vocabulary, or an image that came with questions only) every claim is
    unsupported because nobody annotated anything: scores of claims are then not applicable, and
    neither 0 nor 1.
    """
    vocabulary = read_vocabulary(case.modality)
    known = {*case.looked_for, *(f.kind for f in case.findings), *(m.name for m in case.measures)}
    labelled = case.stage is not None or (bool(vocabulary.phases) and bool(case.labels))
    return labelled or bool(known & {*vocabulary.kinds, *vocabulary.measures})
