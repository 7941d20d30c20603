"""The effect tells an answer that rests on the region from one that does not."""

import numpy as np
import pytest

from retia.counterfactuals import box_mask, effects, make_edits

SIDE = 80
BOX = (20, 20, 36, 36)


def images(count):
    """Noise with a bright lesion in the box."""
    found = []
    for seed in range(count):
        image = np.random.default_rng(seed).integers(60, 120, (SIDE, SIDE)).astype(np.uint8)
        image[20:36, 20:36] = 240
        found.append(image)
    return found


def faithful(shown, questions, answers):
    """Likes its answer the better the brighter the lesion is."""
    return [float(image[24:32, 24:32].mean()) / 255 for image in shown]


def blind(shown, questions, answers):
    """Likes an answer for its words alone."""
    return [-len(answer) / 10 for answer in answers]


def shaken(shown, questions, answers):
    """Falls for any edit, wherever it is: counts plain pixels."""
    return [-float((np.diff(image.astype(int), axis=1) == 0).mean()) for image in shown]


@pytest.mark.parametrize("fill", ["mean", "blur", "noise", "inpaint", "transplant"])
def test_planted_scorers_are_told_apart(fill):
    mask = box_mask(BOX, (SIDE, SIDE))
    edits = [make_edits(image, mask, fill, 3, seed) for seed, image in enumerate(images(6))]
    texts = ["A lesion is seen."] * 6

    def mean_effect(scorer):
        return np.mean([e.effect for e in effects(scorer, edits, ["?"] * 6, texts)])

    assert mean_effect(faithful) > 0.05
    assert mean_effect(blind) == 0


def test_what_any_edit_would_do_is_taken_off():
    image = np.random.default_rng(3).integers(60, 120, (SIDE, SIDE)).astype(np.uint8)
    edits = make_edits(image, box_mask(BOX, (SIDE, SIDE)), "mean", 8, 0)
    (found,) = effects(shaken, [edits], ["?"], ["text"])
    assert found.delta_roi > 0.02
    assert abs(found.effect) < 0.1 * found.delta_roi


def test_the_effect_is_what_it_is_defined_to_be():
    image = images(1)[0]
    edits = make_edits(image, box_mask(BOX, (SIDE, SIDE)), "mean", 2, 0)
    scores = {id(edits.original): -1.0, id(edits.removed): -4.0}
    scores |= {id(e): -s for e, s in zip(edits.random, (1.5, 2.5), strict=True)}
    (found,) = effects(lambda i, q, a: [scores[id(x)] for x in i], [edits], ["?"], ["text"])
    assert (found.delta_roi, found.delta_random, found.effect) == (3.0, 1.0, 2.0)


def test_answers_without_edits_stay_in_their_place():
    image = images(1)[0]
    edits = make_edits(image, box_mask(BOX, (SIDE, SIDE)), "mean", 2, 0)
    found = effects(faithful, [None, edits, None, edits], ["?"] * 4, ["a", "b", "c", "d"])
    assert [f is None for f in found] == [True, False, True, False]
    assert found[1] == found[3]
    assert effects(faithful, [None], ["?"], ["a"]) == [None]


def test_a_region_that_leaves_no_room_or_is_outside_has_no_edits():
    image = images(1)[0]
    assert make_edits(image, box_mask((5, 5, 75, 75), image.shape), "mean", 3, 0) is None
    assert make_edits(image, box_mask((200, 5, 210, 75), image.shape), "mean", 3, 0) is None
