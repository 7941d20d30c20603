"""Checking claims: sentences judged a CPU second, and whether a long text costs no more a word.

`python -m benchmarks.claims`. The answers are those of the built-in writer about random eyes, each
of several sentences and judged once; then the foreign sentences of the tests, five to a text.
"""

import json
import random
import sys
import time
from pathlib import Path

from retia.claims import extract, judge_text
from retia.records import Case

TESTS = Path(__file__).resolve().parents[1] / "tests"
LEAST = 2000
"""Sentences a CPU second that are asked for."""
HARD = {
    "commas": "no dropout, no irma, ",
    "one long sentence": "the FAZ is enlarged and the vessels are tortuous and ",
    "cues": "no evidence of not without if neither ",
    "places": "superior nasal dropout in the temporal half, ",
    "unicode": "\u017f\u2019\u2212 mikroaneurysma \U0001f9ff ",
}


def written_answers(eyes: int, least: int = 3) -> list[tuple[str, Case]]:
    """Answers of at least so many sentences that the built-in writer gives about random eyes."""
    sys.path.insert(0, str(TESTS / "instructions"))
    from eyes import random_eye

    from retia.instructions.write import WriteConfig, case_samples

    config = WriteConfig(cases=Path(), out=Path(), stage2_per_case=2)
    cases = [random_eye(seed) for seed in range(eyes)]
    texts = [
        (turn.text, case)
        for case in cases
        for sample in case_samples(case, (), config)
        for turn in sample.answers
    ]
    return [(text, case) for text, case in texts if text.count(".") >= least]


def foreign_texts(case: Case, seed: int = 0) -> list[tuple[str, Case]]:
    """OCTA sentences of the development half, shuffled, five to a text."""
    lines = (TESTS / "claims/foreign/development.jsonl").read_text(encoding="utf-8").splitlines()
    said = [row["text"] for row in map(json.loads, lines) if row["modality"] == "octa"]
    rng = random.Random(seed)
    return [(" ".join(rng.sample(said, 5)), case) for _ in range(200)]


def rate(texts: list[tuple[str, Case]]) -> float:
    """Sentences judged a CPU second."""
    judge_text(*texts[0])
    start, count = time.process_time(), 0
    for text, case in texts:
        count += len(judge_text(text, case)[0])
    return count / (time.process_time() - start)


def growth(piece: str, words: int = 2000) -> float:
    """Times by which the CPU seconds grow when a text of repeated words is eight times as long."""
    times = []
    for length in (words, 8 * words):
        text = piece * (length // len(piece.split()))
        start = time.process_time()
        extract(text)
        times.append(time.process_time() - start)
    return times[1] / times[0]


def main(eyes: int = 100) -> None:
    """Print rates, and growth on texts made to be hard."""
    texts = written_answers(eyes)
    print(f"  answers of the built-in writer: {rate(texts):,.0f} sentences a CPU s (>= {LEAST:,})")
    foreign = foreign_texts(texts[0][1])
    print(f"  foreign sentences: {rate(foreign):,.0f} sentences a CPU s")
    for name, piece in HARD.items():
        print(f"  {name}: eight times the text takes {growth(piece):.1f} times the CPU seconds")


if __name__ == "__main__":
    main()
