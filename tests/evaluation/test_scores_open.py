"""Open and closed answers: every measure by hand, and how far two conventions lie apart."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retia.claims import normalised
from retia.claims.matching import bleu_1
from retia.errors import UserError
from retia.evaluation.answers.conventions import convention_numbers
from retia.evaluation.answers.scores import MEASURES, read_answer
from retia.evaluation.answers.similarity import (
    character_cosine,
    embedding_cosine,
    static_embedding,
)
from retia.evaluation.plan.items import Item
from retia.records import Case, Gold

SETTINGS = {"resamples": 200, "level": 0.95, "seed": 0}
TEXTS = st.lists(st.sampled_from(["left", "lower", "lobe", "is", "x", "opacity"]), max_size=8).map(
    " ".join
)


def row_of(said, kind, value, number=0, structured=False, **more):
    """A scored answer about the `number`-th patient."""
    case = Case(file_name="a.png", id=f"c{number}", group=f"g{number}", modality="radiology")
    gold = Gold(type=kind, value=value)
    item = Item(
        case=case, question=f"{number}?", question_kind="any", gold=gold, structured=structured
    )
    return read_answer(item, said, **more)


@pytest.mark.parametrize(
    ("said", "gold", "score"),
    [
        ("left lower lobe", "left lower lobe", 1.0),
        ("the left lower lobe", "Left lower lobe.", 1.0),
        # Two of three words are right; long enough.
        ("left upper lobe", "left lower lobe", 2 / 3),
        # All that is said is right, but it is one word of three: exp(1 - 3).
        ("left", "left lower lobe", math.exp(-2)),
        # A repeated word counts as often as it is right.
        ("left left left left", "left lobe", 1 / 4),
        ("", "left", 0.0),
        ("left", "", 0.0),
        ("nowhere", "left", 0.0),
    ],
)
def test_bleu_of_single_words_by_hand(said, gold, score):
    assert bleu_1(said, gold) == pytest.approx(score)


@given(TEXTS, TEXTS)
def test_bleu_is_the_clipped_precision_with_its_penalty(said, gold):
    words, free = normalised(said).split(), normalised(gold).split()
    c, r, hits = len(words), len(free), 0
    for word in words:
        if word in free:
            free.remove(word)
            hits += 1
    penalty = 1.0 if c > r else math.exp(1 - r / c) if c else 0.0
    expected = penalty * hits / c if c and r else 0.0
    assert bleu_1(said, gold) == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS)
def test_similarity_is_that_of_scikit_learn(said, gold):
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.metrics.pairwise import cosine_similarity

    vectors = CountVectorizer(analyzer="char_wb", ngram_range=(3, 5))
    if not normalised(said) or not normalised(gold):
        assert character_cosine(said, gold) == 0.0
        return
    counts = vectors.fit_transform([normalised(said), normalised(gold)])
    assert character_cosine(said, gold) == pytest.approx(cosine_similarity(counts)[0, 1])


def test_similarity_compares_spelling_and_word_vectors_compare_what_they_are_given():
    assert character_cosine("pleural effusions", "pleural effusion") > 0.8
    assert character_cosine("shadow", "opacity") == 0.0
    meaning = {"shadow": [1.0, 0.1], "opacity": [1.0, 0.0], "clear": [-1.0, 0.0], "": [0.0, 0.0]}

    def embed(texts):
        return np.array([meaning[text] for text in texts])

    assert embedding_cosine("shadow", "opacity", embed) == pytest.approx(1 / math.hypot(1, 0.1))
    assert embedding_cosine("clear", "opacity", embed) == 0.0
    assert embedding_cosine("", "opacity", embed) == 0.0
    row = row_of("shadow", "text", "opacity", embed=embed)
    assert row.scores["open_embedding_cosine"] > 0.9 > row.scores["open_character_cosine"]
    assert "open_embedding_cosine" not in row_of("shadow", "text", "opacity").scores
    assert set(row.scores) <= set(MEASURES)


def test_a_folder_of_word_vectors_is_read_and_its_absence_said(tmp_path):
    with pytest.raises(UserError, match="folder of a model2vec model"):
        static_embedding(tmp_path / "nowhere")


def test_word_vectors_of_a_folder(tmp_path):
    model2vec = pytest.importorskip("model2vec", reason="needs the extra `similarity`")
    tokenizers = pytest.importorskip("tokenizers")

    words = {"[UNK]": 0, "shadow": 1, "opacity": 2}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    vectors = np.array([[0, 0], [1, 1], [1, 0]], np.float32)
    model2vec.StaticModel(vectors, tokenizer).save_pretrained(tmp_path / "words")
    embed = static_embedding(tmp_path / "words")
    assert embedding_cosine("shadow", "opacity", embed) == pytest.approx(math.sqrt(0.5), abs=1e-6)


@pytest.mark.parametrize(
    ("said", "kind", "value", "answered"),
    [
        ("Yes, there is.", "yes_no", "no", 1.0),
        ("I cannot tell.", "yes_no", "no", 0.0),
        ("ja", "yes_no", "nein", 1.0),
        ("two", "number", 3.0, 1.0),
        ("several", "number", 3.0, 0.0),
        ("[1, 2, 3, 4]", "box", "5,6,7,8", 1.0),
        ("at the left", "box", "5,6,7,8", 0.0),
        ("?", "text", "left", 0.0),
        ("right", "text", "left", 1.0),
    ],
)
def test_an_answer_is_readable_or_not_whether_it_is_right_or_not(said, kind, value, answered):
    assert row_of(said, kind, value).scores["answered"] == answered


def test_what_was_to_be_json_and_is_not_is_wrong_by_every_measure():
    for kind, value in (("text", "left"), ("yes_no", "yes"), ("number", 2.0), ("box", "1,2,3,4")):
        scores = row_of("yes left 2 [1, 2, 3, 4]", kind, value, structured=True).scores
        assert set(scores.values()) == {0.0}, (kind, scores)


def test_conventions_count_the_same_answers_apart():
    answers = [
        # said, right answer: LLaVA-Med, as published, strict, Retia
        ("yes", "yes"),  # 1, 1, 1, 1
        ("Yes, on the left.", "yes"),  # 1, 1, 0, 1
        ("A nodule is seen.", "no"),  # 1 (`no` in `nodule`), 1, 0, 0
        ("no", "yes"),  # 0, left out, 0, 0
        ("it is hard to say", "yes"),  # 0, 0, 0, 0
    ]
    rows = [row_of(said, "yes_no", gold, n) for n, (said, gold) in enumerate(answers * 3)]
    clusters = [row.item.case.group for row in rows]
    closed = convention_numbers(rows, clusters, SETTINGS)["closed"]
    assert closed["questions"] == 15
    assert closed["llava_med"].estimate == pytest.approx(3 / 5)
    assert closed["llava_med_as_published"].estimate == pytest.approx(3 / 4)
    assert closed["left_out_as_published"] == 3
    assert closed["strict"].estimate == pytest.approx(1 / 5)
    assert closed["retia"].estimate == pytest.approx(2 / 5)
    assert closed["gap"].estimate == pytest.approx(2 / 5)
    assert closed["gap"].low > 0
    assert closed["gap"].rows == closed["strict"].rows == 15


def test_open_conventions_by_hand():
    rows = [
        row_of("left lower lobe of the lung", "text", "left lobe", 0),  # recall 1, F1 4/7
        row_of("left lobe", "text", "left lobe", 1),
        row_of("", "text", "left lobe", 2),
    ]
    own = convention_numbers(rows, ["a", "b", "c"], SETTINGS)
    assert set(own) == {"open"}
    assert own["open"]["llava_med"].estimate == pytest.approx(2 / 3)
    assert own["open"]["strict"].estimate == pytest.approx(1 / 3)
    assert own["open"]["strict_f1"].estimate == pytest.approx((4 / 7 + 1) / 3)
    assert own["open"]["gap"].estimate == pytest.approx(1 / 3)
    assert own["open"]["gap"].low is None and "3 groups" in own["open"]["gap"].note


def test_listing_every_word_wins_by_recall_alone():
    """Why recall is never shown alone."""
    said = "left right upper lower middle lobe of lung heart"
    scores = row_of(said, "text", "left lobe").scores
    assert scores["open_token_recall"] == 1.0
    assert scores["open_bleu_1"] < 0.3 and scores["open_token_f1"] < 0.5
    assert scores["open_exact_match"] == 0.0
