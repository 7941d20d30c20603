"""Paragraphs in six steps, true of the eye."""

from eyes import random_eye

from retia.claims import judge_text, stage_in
from retia.instructions.eyes.text_pairs import text_pairs
from retia.instructions.eyes.wording import Told


def paragraph(case, seed=0):
    return text_pairs(case, seed)["conversations"][1]["value"]


def test_every_sentence_is_true_and_the_stage_concludes():
    for seed in range(25):
        case = random_eye(seed)
        row = text_pairs(case, 1)
        assert "dropped" not in row["meta"], row["meta"]["dropped"]
        assert row["image"] == case.file_name
        human, gpt = row["conversations"]
        assert human["value"].count("<image>") == 1
        sentences, judgement = judge_text(gpt["value"], case)
        assert set(judgement.verdicts) == {"supported"}
        assert len(sentences) == len(row["meta"]["evidence"])
        assert stage_in(gpt["value"]) == case.stage
        # Whatever is there and whatever is not: every kind that was looked for is spoken of.
        said = {j.claim.kind for j in judgement.judged}
        assert set(case.looked_for) - {"faz_enlargement"} <= said


def test_the_same_seed_gives_the_same_words_and_another_gives_others():
    case = random_eye(5)
    assert paragraph(case, 1) == paragraph(case, 1)
    assert len({paragraph(case, seed) for seed in range(10)}) == 10


def test_a_sentence_that_the_record_denies_is_dropped_by_name(monkeypatch):
    told = [Told("Forty things are seen."), Told("There are 40 microaneurysms.")]
    monkeypatch.setattr("retia.instructions.eyes.text_pairs._paragraph", lambda case, pick: told)
    row = text_pairs(random_eye(5), 0)
    assert row["meta"]["dropped"] == ["There are 40 microaneurysms."]
    assert row["conversations"][1]["value"] == "Forty things are seen."
