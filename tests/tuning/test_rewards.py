"""Each reward gives what it says, does not apply where it cannot, and depends on the rollout."""

import json
import math

import numpy as np
import pytest

from retia.counterfactuals import box_mask, make_edits
from retia.records import Gold
from retia.tuning.rewards import (
    answer_reward,
    consistency_reward,
    counterfactual_rewards,
    format_reward,
    squashed,
)

STAGE = Gold(type="stage", value="NPDR")


def rollout(answer="NPDR", reasoning=("There is mild capillary dropout.",), caption="An eye."):
    return json.dumps({"caption": caption, "reasoning": list(reasoning), "answer": answer})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (rollout(), 1.0),
        ("```json\n" + rollout() + "\n```", 1.0),
        (rollout(caption=""), 0.0),
        (rollout(reasoning=()), 0.0),
        (rollout(reasoning=("There is dropout.", " ")), 0.0),
        (rollout(reasoning=("Dropout is seen.", "dropout  is seen.")), 0.0),
        (rollout(reasoning=("Dropout is seen.", "The FAZ is enlarged.")), 1.0),
        (rollout(answer=" "), 0.0),
        ('{"answer": "NPDR"}', 0.0),
        ("The stage is NPDR.", 0.0),
        (rollout()[:-3], 0.0),
        ("", 0.0),
    ],
)
def test_format(text, value):
    assert format_reward(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (rollout("NPDR"), 1.0),
        (rollout("PDR"), 0.0),
        (rollout("non-proliferative diabetic retinopathy"), 1.0),
        ("The stage is NPDR.", 1.0),
        ("", 0.0),
    ],
)
def test_answer(text, value):
    assert answer_reward(text, STAGE) == value


def test_the_first_letter_is_no_answer():
    gold = Gold(type="text", value="mass")
    assert answer_reward(rollout("MRI"), gold, "radiology") == 0.0
    assert answer_reward(rollout("Mass."), gold, "radiology") == 1.0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (rollout("NPDR"), 1.0),
        (rollout("healthy"), 0.0),
        (rollout("PDR", ["Neovascularization is seen."]), 1.0),
        (rollout("healthy", ["No capillary dropout is seen."]), 1.0),
        # The gold stage plays no part: reasons that entail a wrong answer are consistent.
        (rollout("PDR", ["Neovascularization is seen in the superior-nasal quadrant."]), 1.0),
        (rollout("NPDR", ["What is the stage?"]), 0.0),
        ("The stage is NPDR.", 0.0),
    ],
)
def test_consistency(text, value):
    assert consistency_reward(text, STAGE) == value


def test_consistency_of_a_surgical_phase():
    gold = Gold(type="choice", value="gallbladder dissection")
    fits = rollout("gallbladder dissection", ["A hook dissects the gallbladder."])
    denied = rollout("gallbladder dissection", ["This is the preparation phase."])
    assert consistency_reward(fits, gold, "cholecystectomy") == 1.0
    assert consistency_reward(denied, gold, "cholecystectomy") == 0.0
    assert consistency_reward("no JSON", gold, "cholecystectomy") == 0.0
    assert consistency_reward(rollout("yes"), gold, "cholecystectomy") == 0.0
    instrument = Gold(type="choice", value="grasper")
    assert consistency_reward(rollout("grasper"), instrument, "cholecystectomy") is None


def test_without_a_rule_the_caption_is_held_against_the_annotated_one():
    gold, true = Gold(type="yes_no", value="yes"), "Axial CT of the abdomen."

    def reward(text):
        return consistency_reward(text, gold, "radiology", true)

    right, half, wrong = (
        reward(rollout("yes", caption=c)) for c in (true, "CT of the head.", "An eye.")
    )
    assert right == 1.0 and right > half > wrong
    assert reward("Yes.") == 0.0
    # Where a rule exists it decides, whatever the caption says.
    assert consistency_reward(rollout(), STAGE, "octa", "Something else.") == 1.0


def test_what_does_not_apply_is_none():
    assert answer_reward(rollout(), None) is None
    assert consistency_reward(rollout(), None) is None
    assert consistency_reward(rollout(), Gold(type="yes_no", value="yes")) is None
    assert consistency_reward(rollout(), STAGE, "radiology") is None
    assert counterfactual_rewards([rollout()], ["?"], [None], lambda *_: []) == [None]


def lesion_scorer(images, questions, answers):
    """Words about the lesion are likely where it is seen; others as likely anywhere."""
    seen = [image[20:36, 20:36].mean() > 200 for image in images]
    return [-0.05 if s or "lesion" not in a else -0.4 for s, a in zip(seen, answers, strict=True)]


def test_the_counterfactual_reward_differs_between_rollouts_of_one_prompt():
    image = np.random.default_rng(0).integers(60, 120, (80, 80)).astype(np.uint8)
    image[20:36, 20:36] = 240
    edits = make_edits(image, box_mask((20, 20, 36, 36), image.shape), "mean", 3, 0)
    texts = ["A lesion is seen.", "Nothing is seen.", "The lesion is large."]
    found = counterfactual_rewards(texts, ["?"] * 3, [edits] * 3, lesion_scorer)
    assert found[0] > 0.9
    assert found[1] == pytest.approx(0)
    assert found[0] == found[2]


def test_it_is_bounded_and_keeps_the_sign():
    values = [squashed(v) for v in (-50.0, -0.05, 0.0, 0.05, 50.0)]
    assert values == sorted(values)
    assert values[0] >= -1
    assert values[-1] <= 1
    assert squashed(0.0) == 0
    assert squashed(-0.05) == -squashed(0.05)
    assert squashed(0.1, scale=0.1) == math.tanh(1)
