"""Statistics are those of the samples, in one pass; the page shows them and needs no network."""

import json
import re

import pytest
from eyes import random_eye
from frames import SCAN

from retia.instructions import WriteConfig, write
from retia.instructions.card import dataset_card, sample_statistics
from retia.instructions.statistics_page import write_page
from retia.records import read_samples, write_cases

TEACHER = {"asked": 40, "accepted": 31, "rejected": {"contradicted": 4}, "cost": 0.02}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("statistics")
    write_cases(root / "cases", [*(random_eye(i, i) for i in range(12)), SCAN])
    write(WriteConfig(cases=root / "cases", out=root / "samples"))
    return root / "samples"


def test_a_generator_is_counted_as_a_list_is(written):
    samples = read_samples(written)
    counted = sample_statistics(s for s in samples)
    assert counted == sample_statistics(samples)
    turns = [turn for s in samples for turn in s.answers]
    assert counted["samples"] == len(samples)
    assert sum(counted["turns_by_question_kind"].values()) == len(turns)
    assert sum(counted["answers_by_words"].values()) == len(turns)
    assert sum(counted["yes_no"].values()) == sum(
        t.gold is not None and t.gold.type == "yes_no" for t in turns
    )
    assert counted["duplicates"] == 0
    assert sample_statistics([*samples, samples[0]])["duplicates"] == 1


def test_the_page_shows_the_figures_and_loads_nothing(written, tmp_path):
    statistics = json.loads((written / "statistics.json").read_text()) | {"teacher": TEACHER}
    write_page(statistics, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert not re.search(r"(?:src|href)=[\"'](?!data:|#)", page)
    for kind in statistics["answers_by_question_kind"]:
        assert f">{kind}<" in page
    assert ">contradicted</th>" in page
    for title in ("Question kinds", "Balance", "without looking", "Length"):
        assert title in page


def test_a_set_of_nothing_but_text_has_a_page(tmp_path):
    """What is absent is left out, not drawn empty."""
    write_page(sample_statistics([]), tmp_path / "page.html")
    assert "<img" not in (tmp_path / "page.html").read_text()


def test_the_card_tells_what_can_be_answered_without_looking(written):
    statistics = json.loads((written / "statistics.json").read_text())
    blind = {"stage": {"accuracy": 0.5, "n": 6}}
    card = dataset_card([SCAN], statistics | {"blind": blind, "teacher": TEACHER})
    assert "| 0.50 of 6 |" in card
    assert "40 answers; 31 were accepted" in card
    assert "language model was asked" not in dataset_card([SCAN], statistics)
