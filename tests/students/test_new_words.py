"""New words get tokens of their own; old texts are read as before."""

import json

import pytest

from retia.students.embedded import EmbeddedSize, build
from retia.students.new_words import add_words, is_spelled
from retia.students.student import load_student
from retia.tuning.verify import save_student

OLD = ["Severe capillary dropout is seen in the nasal quadrant.", "Which stage is it? Healthy."]
NEW = ["The grasper retracts the gallbladder.", "A clipper clips the cystic artery."]


@pytest.fixture
def student():
    size = EmbeddedSize(image_size=64, hidden_size=32, layers=1, heads=2, vocabulary=400)
    return build(OLD * 20, size, seed=1)


def tokens(student, texts):
    return [student.tokenizer(text)["input_ids"] for text in texts]


def test_old_texts_keep_their_tokens_and_new_words_get_some(student):
    before = tokens(student, OLD)
    spelled = [len(t) for t in tokens(student, NEW)]
    grown = add_words(student, NEW * 10)
    assert tokens(grown, OLD) == before
    assert not any(is_spelled(grown.tokenizer, w) for w in ("grasper", "gallbladder", "cystic"))
    assert all(len(t) < 0.5 * n for t, n in zip(tokens(grown, NEW), spelled, strict=True))
    for text in OLD + NEW:
        assert grown.tokenizer.decode(grown.tokenizer(text)["input_ids"]) == text


def test_a_new_token_begins_as_the_mean_of_its_parts_and_old_rows_stay(student):
    weight = student.model.get_input_embeddings().weight.detach().clone()
    grown = add_words(student, NEW * 10, most=1)
    larger = grown.model.get_input_embeddings().weight.detach()
    assert len(larger) == len(weight) + 1
    assert (larger[:-1] == weight).all()
    merges = json.loads(grown.tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    first, second = grown.tokenizer.convert_tokens_to_ids(list(merges[-1]))
    assert (larger[-1] == (weight[first] + weight[second]) / 2).all()
    assert grown.model.lm_head.weight is grown.model.get_input_embeddings().weight


def test_nothing_is_added_for_words_it_knows_or_meets_once(student):
    size = len(student.tokenizer)
    assert len(add_words(student, OLD * 10).tokenizer) == size
    assert len(add_words(student, NEW[:1]).tokenizer) == size


def test_a_grown_student_comes_back_from_disk(student, tmp_path):
    grown = add_words(student, NEW * 10)
    save_student(grown, tmp_path / "grown")
    loaded = load_student(tmp_path / "grown")
    assert tokens(loaded, OLD + NEW) == tokens(grown, OLD + NEW)
    assert loaded.model.config.text_config.vocab_size == len(grown.tokenizer)
