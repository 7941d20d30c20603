"""Whether one question about an image gives away the answer of another.

Data sets ask the same thing in several ways ("Is there colon thickening?", "Are the colon walls
thickened?"). A reason must not be the answer in other words, so the test here errs on the side of
"the same": two questions are kept apart only where each has a word of its own and they overlap
little.
"""

import re

from retia.records import Question

SAME_SHARE = 0.6
"""Shared words of all words, above which two questions count as one."""
STEM = 5
"""Letters that decide: `pericolic` and `pericolonic`, `thickened` and `thickening` are alike."""

_WORD = re.compile(r"[a-z]+|\d+")
_IDLE_WORDS = """
a an the is are was were be been there this that these those of in on at to near for with by any
and or it its do does did you see seen visible present shown show noted located location where
what which how many image picture scan film patient s evidence presence sign signs appear
appearing look looks have has can find found observed depict contain demonstrate kind type if when
from above region area part size obscured visualized clearly well study
"""
_IDLE = frozenset(_IDLE_WORDS.split())
_ALIKE: dict[str, str] = {
    word: group[0]
    for group in (
        ("normal", "abnormal", "abnormality", "abnormalities", "healthy", "unremarkable"),
        ("normal", "pathology", "pathologic", "pathological", "wrong", "disease", "condition"),
        ("mass", "lesion", "lesions", "masses", "tumor", "nodule", "nodules", "cyst", "cysts"),
        ("fracture", "broken", "break"),
        ("intubated", "endotracheal", "tube"),
        ("enlarged", "enlargement", "large", "larger", "big", "bigger", "cardiomegaly"),
        ("heart", "cardiac", "cardiomegaly"),
        ("lung", "lungs", "pulmonary"),
        ("liver", "hepatic"),
        ("gallbladder", "gb", "gall", "bladder"),
        ("kidney", "kidneys", "renal"),
        ("brain", "cerebral", "intracranial"),
        ("air", "gas", "pneumoperitoneum", "free"),
        ("blood", "bleed", "bleeding", "hemorrhage", "haemorrhage", "hematoma"),
        ("stroke", "infarct", "infarction", "infarcted", "ischemia"),
        ("shift", "shifted", "midline", "deviated", "deviation", "displaced"),
        ("edema", "swelling", "swollen", "edematous"),
        ("contrast", "enhanced", "enhancing", "enhancement"),
        ("effusion", "effusions", "fluid"),
        ("symmetric", "symmetrical", "symmetry", "same", "equal", "equivalent", "asymmetric"),
        ("hilum", "hilar", "hilums", "hila"),
        ("clear", "consolidation", "opacity", "opacities", "infiltrate", "infiltrates"),
        ("obstruction", "obstructed", "dilation", "dilated", "distended", "distension"),
    )
    for word in group
}
# Words that belong to two groups: enlarged hearts are cardiomegaly.
_BOTH = {"cardiomegaly": ("enlarged", "heart"), "pneumoperitoneum": ("air", "perit")}


def content_words(text: str) -> frozenset[str]:
    """The words that carry the meaning, as stems; synonyms count as one."""
    stems: set[str] = set()
    words: list[str] = _WORD.findall(text.lower())
    for word in words:
        if word in _BOTH:
            stems.update(part[:STEM] for part in _BOTH[word])
        elif word not in _IDLE:
            stems.add(_ALIKE.get(word, word)[:STEM])
    return frozenset(stems)


def gives_away(other: Question, asked: Question) -> bool:
    """Whether stating `other` with its answer would answer `asked`.

    So it does when both ask the same in other words, when both have the same topic, the same
    answer and a word in common, or when it says the words of an open answer.
    """
    mine, theirs = content_words(asked.text), content_words(other.text)
    shared = mine & theirs
    if not mine or not theirs or shared in (mine, theirs):
        return True
    if len(shared) / len(mine | theirs) > SAME_SHARE:
        return True
    same_answer = _plain(asked.answer) == _plain(other.answer)
    if shared and same_answer and asked.topic == other.topic:
        return True
    if asked.kind in ("yes_no", "number"):
        return False
    answer = content_words(asked.answer)
    said = theirs | content_words(other.answer)
    return not answer or bool(answer & said)


def _plain(answer: str) -> str:
    return " ".join(_WORD.findall(answer.lower()))
