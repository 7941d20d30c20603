"""Whether what a language model wrote may stand: claim by claim, word by word.

Every sentence must make a claim, and claims are checked against the case. What the vocabulary has
no word for makes no claim and cannot be checked, so words are bounded too: those of the facts and
the scene, of the vocabulary, and plain words of description (`words.txt`).
"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from retia.claims import answer_matches, judge_text
from retia.claims.lexicon import NUMBER_WORDS, kind_names
from retia.claims.sentences import fold, sentence_spans
from retia.instructions.teacher.prompts import REASONS
from retia.instructions.teacher.task import Key, Task, Written, finished, key_of
from retia.taxonomy import read_vocabulary

_WORD = re.compile(r"[a-zµ]+(?:'[a-z]+)?")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_FUNCTION = re.compile(
    r"\b(?:an?|the|is|are|was|were|be|has|have|had|of|in|on|at|by|with|within|and|or|nor?|not|"
    r"there|this|that|its?|to|for|from|as|shows|seen)\b"
)
_UNIT_LETTERS = "µμ"
SHORT = 3
"""Words of a sentence in which no function word need occur."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Why a sentence, or an answer, may not stand."""

    reason: str
    """A key of `REASONS`."""
    about: str = ""
    """The sentence, or the fact."""

    def __str__(self) -> str:
        """As the model is told it."""
        return f'- "{self.about}": {REASONS[self.reason]}' if self.about else REASONS[self.reason]


def faults_of(written: Sequence[Written], task: Task) -> list[Fault]:
    """All faults of an answer; none: it may stand."""
    if not any(w.text for w in written):
        return [Fault(reason="empty")]
    faults: list[Fault] = []
    keys: set[Key] = set()
    said: set[str] = set()
    for sentence in written:
        reason, own = _judge(sentence, task)
        if reason is None and sentence.text in said:
            reason = "repeated"
        said.add(sentence.text)
        keys |= own
        if reason is not None:
            faults.append(Fault(reason=reason, about=sentence.text))
    return faults or _lost(written, keys, task)


def _lost(written: Sequence[Written], keys: set[Key], task: Task) -> list[Fault]:
    """What the built-in writer said and these sentences, each right by itself, do not."""
    faults, texts = [], [w.text for w in written]
    for id, fact in task.facts.items():
        if not task.keys[id] <= keys:
            faults.append(Fault(reason="left_out", about=fact.text))
        elif not task.keys[id]:
            # "That is usual." makes no claim: it stays, after the sentence that it speaks of.
            at = texts.index(fact.text) if fact.text in texts else 0
            before = f"f{int(id[1:]) - 1}"
            if at == 0 or before not in written[at - 1].evidence:
                faults.append(Fault(reason="out_of_place", about=fact.text))
    gold, modality = task.message.gold, task.case.modality
    if not faults and gold is not None and answer_matches(task.message.text, gold, modality):
        new = finished(task, written).text
        if not answer_matches(new, gold, modality):
            faults.append(Fault(reason="other_answer"))
    return faults


def _judge(sentence: Written, task: Task) -> tuple[str | None, set[Key]]:
    """Why a sentence may not stand, or None; and what it claims."""
    text = sentence.text
    if not text:
        return "empty", set()
    if is_foreign(text):
        return "other_language", set()
    if len(sentence_spans(text)) != 1:
        return "several_sentences", set()
    if not sentence.evidence or not set(sentence.evidence) <= set(task.facts):
        return "unknown_evidence", set()
    verbatim = [id for id, fact in task.facts.items() if fact.text == text]
    if verbatim:
        right = set(sentence.evidence) <= set(verbatim)
        return None if right else "wrong_evidence", task.keys[verbatim[0]]
    shown, judgement = judge_text(text, task.case)
    keys = {key_of(j.claim) for j in judgement.judged}
    if not numbers_in(text) <= numbers_in(task.known):
        return "changed_numbers", keys
    for j in judgement.judged:
        wrong = j.verdict != "supported"
        if j.claim.kind == "stage" and (wrong or not task.says_stage):
            return "changed_stage", keys
        if wrong:
            return j.verdict, keys
    if not words_in(text) <= _known_words(task):
        return "unknown_words", keys
    if not keys:
        return "no_claim", keys
    supports = {id for s in shown for id in s.evidence}
    cited = {id: set(task.facts[id].evidence) for id in sentence.evidence}
    if any(not keys & task.keys[id] and not supports & ids for id, ids in cited.items()):
        return "wrong_evidence", keys
    if supports and not any(supports & ids for ids in cited.values()):
        return "wrong_evidence", keys
    return None, keys


def is_foreign(text: str) -> bool:
    """Whether a sentence is not English: foreign letters, or no function word of English."""
    if any(c.isalpha() and not c.isascii() and c not in _UNIT_LETTERS for c in text):
        return True
    folded = fold(text)
    return len(_WORD.findall(folded)) > SHORT and not _FUNCTION.search(folded)


def numbers_in(text: str) -> set[float]:
    """Numbers of a text, in digits and words; `one` is as often a pronoun and does not count."""
    folded = fold(text)
    words = (NUMBER_WORDS[w] for w in _WORD.findall(folded) if w in NUMBER_WORDS)
    return {float(n) for n in _NUMBER.findall(folded)} | {float(n) for n in words if n > 1}


def words_in(text: str) -> set[str]:
    """Stems of the words of a text; numbers in words are left to `numbers_in`."""
    return {_stem(w) for w in _WORD.findall(fold(text)) if w not in NUMBER_WORDS}


def _stem(word: str) -> str:
    """A word without its ending: crude, and the same on both sides of a comparison."""
    word = word.removesuffix("'s")
    for ending in ("ing", "ed", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    return word.removesuffix("e")


def _known_words(task: Task) -> set[str]:
    return words_in(task.known) | _vocabulary_words(task.case.modality) | plain_words()


@functools.cache
def _vocabulary_words(modality: str) -> frozenset[str]:
    """All words for the kinds of a modality: wherever one is named, a claim is read and judged."""
    kinds = read_vocabulary(modality).kinds.values()
    return frozenset(words_in(" ".join(name for kind in kinds for name in kind_names(kind))))


@functools.cache
def plain_words() -> frozenset[str]:
    """Words that describe without saying anything of medicine."""
    text = files("retia.instructions.teacher").joinpath("words.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(words_in(" ".join(lines)))
