"""No split cuts a group, shares are kept, and what is shared is found."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retia.errors import UserError
from retia.records import Case, Question
from retia.sources.overlap import find_overlap, group_copies
from retia.sources.splits import draw, most_held_out, split_by_group, split_videos


def cases_of(groups: list[int]) -> list[Case]:
    return [
        Case(file_name=f"{n}.jpg", id=f"c{n}", group=f"g{group}", modality="radiology")
        for n, group in enumerate(groups)
    ]


@given(
    groups=st.lists(st.integers(0, 30), min_size=1, max_size=80),
    train=st.floats(0, 1),
    validation=st.floats(0, 1),
    seed=st.integers(0, 1000),
)
def test_splits_follow_groups_and_shares(
    groups: list[int], train: float, validation: float, seed: int
):
    validation *= 1 - train
    cases = cases_of(groups)
    split = split_by_group(cases, train, validation, seed)
    assert [c.id for c in split] == [c.id for c in cases]
    of = {c.group: c.split for c in split}
    assert all(of[c.group] == c.split for c in split)
    shares = {"train": train, "validation": validation, "test": 1 - train - validation}
    for name, share in shares.items():
        size = sum(s == name for s in of.values())
        # Each other split may have been given one group that it was too small for.
        assert abs(size - share * len(of)) <= 2
        if share > 1e-6 and len(of) >= 3:
            assert size > 0


def test_splits_do_not_depend_on_order_but_on_the_seed():
    cases = cases_of(list(range(40)))
    one = {c.id: c.split for c in split_by_group(cases, 0.5, 0.2, 3)}
    other = {c.id: c.split for c in split_by_group(cases[::-1], 0.5, 0.2, 3)}
    assert one == other
    assert one != {c.id: c.split for c in split_by_group(cases, 0.5, 0.2, 4)}


@pytest.mark.parametrize("shares", [(0.8, 0.3), (-0.1, 0.1), (float("nan"), 0.1)])
def test_impossible_shares_are_refused(shares: tuple[float, float]):
    with pytest.raises(UserError, match="Expected shares"):
        split_by_group(cases_of([1]), *shares, 0)


def test_drawing_fewer_keeps_the_order_and_is_nested():
    cases = cases_of(list(range(30)))
    ten, five = draw(cases, 10, 1), draw(cases, 5, 1)
    assert len(ten) == 10 and len(five) == 5 and all(c in ten for c in five)
    assert [c.id for c in five] == [c.id for c in ten if c in five]
    assert [c.id for c in ten] == [c.id for c in cases if c in ten]
    assert draw(cases, None, 1) == cases
    # Each split keeps its share, however small the draw.
    split = [replace(c, split="test" if n < 6 else "train") for n, c in enumerate(cases)]
    assert Counter(c.split for c in draw(split, 10, 1)) == {"train": 8, "test": 2}
    with pytest.raises(UserError, match="limit is 0"):
        draw(cases, 0, 1)


def test_the_last_videos_are_held_out():
    videos = ["VID1", "VID2", "VID3", "VID4"]
    split = split_videos(videos, (), ())
    assert split == dict(zip(videos, ["train", "train", "validation", "test"], strict=True))
    assert split_videos(videos, ("VID1",), ())["VID4"] == "validation"
    assert split_videos(videos, (), ("VID4",))["VID3"] == "test"
    assert split_videos(["VID1", "VID2"], (), ()) == {"VID1": "train", "VID2": "test"}
    with pytest.raises(UserError, match="Did you mean `VID1`"):
        split_videos(videos, ("VD1",), ())
    with pytest.raises(UserError, match="no video is left to train on"):
        split_videos(["VID1"], (), ())
    with pytest.raises(UserError, match="VID1 is named for test and for validation"):
        split_videos(videos, ("VID1",), ("VID1",))


def test_what_is_tested_on_wins():
    pairs = [("a", "test"), ("a", "train"), ("b", "train"), ("b", "validation"), ("c", "train")]
    assert most_held_out(pairs) == {"a": "test", "b": "validation", "c": "train"}


def asked(name: str, split: str, *questions: tuple[str, str]) -> Case:
    return Case(
        file_name=f"{name}.jpg",
        id=f"{name}-{split}",
        group=name,
        modality="radiology",
        split=split,
        questions=tuple(Question(text=q, answer=a) for q, a in questions),
    )


def test_planted_overlap_is_counted_exactly():
    cases = [
        asked("a", "train", ("Is it CT?", "Yes"), ("Where is it?", "left")),
        asked("b", "train", ("Is it CT?", "No")),
        # The same bytes under another name, and one question of both with another answer.
        asked("copy-of-a", "test", ("is it  CT", "yes"), ("Where is it?", "right")),
        asked("c", "test", ("How big is it?", "2 cm"), ("Which plane?", "axial")),
    ]
    hashes = {"a.jpg": "h1", "copy-of-a.jpg": "h1", "b.jpg": "h2", "c.jpg": "h3"}
    shared = find_overlap(cases, hashes)
    assert list(shared) == ["train/test"]
    assert shared["train/test"] == {
        "images": 1,
        "same_images": [["a.jpg", "copy-of-a.jpg"]],
        "questions": 2,
        "answered": 1,
        "seen_before": 0.5,
    }


def test_copies_of_an_image_share_their_group_so_that_no_split_comes_between():
    cases = [replace(c, group=c.id) for c in cases_of(list(range(40)))]
    hashes = {c.file_name: str(n // 2) for n, c in enumerate(cases)}
    split = split_by_group(group_copies(cases, hashes), 0.5, 0.2, 0)
    assert all(s["images"] == 0 for s in find_overlap(split, hashes).values())
    # Without it, some copies would be torn apart.
    torn = find_overlap(split_by_group(cases, 0.5, 0.2, 0), hashes)
    assert sum(s["images"] for s in torn.values()) > 0
