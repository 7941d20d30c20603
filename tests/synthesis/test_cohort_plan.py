"""What is decided before eyes are grown: stages, splits, seeds; and what is refused."""

import dataclasses
import itertools
import math
import typing
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retia.cli import main
from retia.errors import UserError
from retia.runs.config import to_config
from retia.runs.recipes import read_recipe
from retia.synthesis.appearance import Appearance
from retia.synthesis.cohort import EyePlan, GrowConfig, grow, plan_cohort
from retia.synthesis.cohort.plan import deal, draw_traits, plan_eyes, profiles
from retia.synthesis.cohort.ranges import LesionRanges
from retia.synthesis.cohort.settings import check_settings
from retia.synthesis.growth import GrowthConfig
from retia.synthesis.profiles import PROFILES, STAGED
from retia.taxonomy import STAGES

ROOT = Path(__file__).resolve().parents[2]


def plan(count: int, **fields: object) -> list[EyePlan]:
    return plan_cohort(GrowConfig(out=Path("unused"), count=count, **fields))  # type: ignore


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 150), st.integers(0, 150), st.integers(0, 9))
def test_a_longer_plan_begins_like_a_shorter_one(count: int, more: int, seed: int):
    assert plan(count + more, seed=seed)[:count] == plan(count, seed=seed)


@pytest.mark.parametrize("count", [1, 7, 60, 61, 300])
def test_no_patient_is_cut_by_a_split(count: int):
    splits = defaultdict(set)
    for eye in plan(count):
        splits[eye.group].add(eye.split)
    assert len(splits) == -(-count // 2)
    assert all(len(found) == 1 for found in splits.values())


@pytest.mark.parametrize("count", [60, 75, 90, 120, 300])
def test_every_split_holds_every_stage(count: int):
    held = Counter((eye.split, eye.stage) for eye in plan(count))
    assert len(held) == 3 * len(STAGES)
    shares = {s: sum(n for (split, _), n in held.items() if split == s) / count for s in
              ("train", "validation", "test")}  # fmt: skip
    assert shares["train"] == pytest.approx(0.7, abs=0.1)
    assert shares["validation"] == pytest.approx(0.1, abs=0.1)


def test_no_two_eyes_share_a_seed():
    assert len({eye.seed for eye in plan(300)} | {eye.seed for eye in plan(300, seed=1)}) == 600


def ranges(**fields: object) -> dict[str, object]:
    return {"profile": "ranges", "lesions": LesionRanges(**fields)}  # type: ignore


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"count": 0}, "count is 0. Expected at least 1 eye."),
        ({"count": -3}, "count is -3."),
        ({"image_px": 64}, "image_px is 64. Expected 96 to 2048."),
        ({"image_px": 5000}, "image_px is 5000."),
        ({"train": 0.8, "validation": 0.4}, "train is 0.8 and validation 0.4."),
        ({"train": -0.1}, "train is -0.1"),
        ({"train": math.nan}, "train is nan"),
        ({"validation": math.nan}, "validation nan"),
        ({"profile": "clinics"}, "profile is 'clinics'."),
        ({"field_mm": 30.0}, "field_mm is 30.0. Expected 2 to 12 mm"),
        ({"fovea_shift_mm": 1.4}, "shifted by up to fovea_shift_mm 1.4, does not fit"),
        ({"faz_area_mm2": (12.0, 1.0)}, "of up to 14 mm² and shifted"),
        ({"faz_area_mm2": (0.3, -0.1)}, "faz_area_mm2 is [0.3, -0.1]."),
        (ranges(faz_enlargement_probability=1.0, faz_area_mm2=(5.0, 9.0)), "of up to 9 mm²"),
        ({"variety": -1.0}, "variety is -1.0."),
        ({"growth": GrowthConfig(terminal_radius_mm=-0.002)}, "growth.terminal_radius_mm is -0.0"),
        ({"growth": GrowthConfig(terminal_radius_mm=math.inf)}, "terminal_radius_mm is inf."),
        ({"growth": GrowthConfig(field_mm=6.0)}, "growth.field_mm is 6.0 and field_mm 3.0."),
        ({"growth": GrowthConfig(arteries=0)}, "growth.arteries is 0. Expected more than 0."),
        ({"lesions": LesionRanges(dropout_probability=0.1)}, "Expected profile 'ranges'"),
        (ranges(dropout_probability=1.2), "lesions.dropout_probability is 1.2. Expected a prob"),
        (ranges(dropout_grade=(0.5, 1.4)), "lesions.dropout_grade is [0.5, 1.4]."),
        (ranges(dropout_count=(4, 2)), "lesions.dropout_count is [4, 2]."),
        (ranges(dropout_radius_mm=(-0.1, 0.2)), "lesions.dropout_radius_mm is [-0.1, 0.2]."),
    ],
)
def test_senseless_settings_are_one_line_and_write_nothing(
    tmp_path: Path, fields: dict[str, object], text: str
):
    with pytest.raises(UserError) as error:
        grow(GrowConfig(out=tmp_path / "a", **fields))  # type: ignore
    assert text in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "a").exists()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.05, 10), min_size=1, max_size=6), st.integers(1, 200))
def test_everybody_has_been_dealt_their_share_at_any_time(shares: list[float], number: int):
    names = {f"s{i}": share for i, share in enumerate(shares)}
    turns = deal(names)
    given_ = Counter(next(turns) for _ in range(number))
    for name, share in names.items():
        exact = number * share / sum(shares)
        assert abs(given_[name] - exact) < max(1.0, len(shares) / 2)


def test_grades_go_round_among_eyes_of_npdr():
    grades = Counter(eye.grade for eye in plan(180))
    assert grades == {None: 120, "mild": 20, "moderate": 20, "severe": 20}


def test_both_eyes_of_a_patient_share_traits_and_mirror_each_other():
    right, left = (draw_traits(eye) for eye in plan(2))
    assert right.tilt_rad == -left.tilt_rad != 0
    assert right.growth.arteries == left.growth.arteries
    fine = [traits.growth.modes[-1] for traits in (right, left)]
    assert fine[0].murray_exponent == fine[1].murray_exponent
    assert fine[0].sink_gap_mm != fine[1].sink_gap_mm


def test_without_variety_eyes_grow_as_they_are_told():
    config = GrowthConfig(arteries=5, terminal_radius_mm=0.003)
    for eye in plan(4, variety=0.0, growth=config, field_mm=6.0):
        assert draw_traits(eye).growth == dataclasses.replace(config, field_mm=6.0)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_lesions_drawn_from_ranges_lie_in_them(seed: int):
    wanted = LesionRanges(
        dropout_probability=1.0,
        dropout_count=(2, 4),
        dropout_radius_mm=(0.3, 0.5),
        dropout_grade=(0.4, 0.6),
        neovascularization_probability=1.0,
        microaneurysm_probability=1.0,
        microaneurysm_count=(3, 5),
    )
    (eye,) = plan(1, seed=seed, profile="ranges", lesions=wanted)
    assert eye.stage is None
    disease = draw_traits(eye).disease
    assert 2 <= len(disease.dropout) <= 4 and 3 <= disease.microaneurysms <= 5
    (first, *others) = [radius for radius, _ in disease.dropout]
    assert 0.3 <= first <= 0.5 and all(0.15 <= radius <= 0.27 for radius in others)
    assert all(0.4 <= grade <= 0.6 for _, grade in disease.dropout)
    assert 1 <= len(disease.tufts) <= 2


def test_new_vessels_and_sacs_wait_for_dropout():
    wanted = LesionRanges(
        dropout_probability=0.0,
        tortuosity_probability=0.0,
        neovascularization_probability=1.0,
        microaneurysm_probability=1.0,
        irma_probability=1.0,
    )
    for eye in plan(8, profile="ranges", lesions=wanted):
        assert draw_traits(eye).disease == type(draw_traits(eye).disease)()


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (["--count", "0"], "count is 0."),
        (["--cuont", "3"], "--cuont"),
        (["--growth.terminal-radius-mm", "-1"], "growth.terminal_radius_mm is -1.0."),
        (["--lesions.dropout-probability", "1.5", "--profile", "ranges"], "is 1.5. Expected a pr"),
    ],
)
def test_the_command_refuses_in_one_line(
    tmp_path: Path, flags: list[str], text: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["grow", "--out", str(tmp_path / "a"), *flags]) == 2
    said = capsys.readouterr().err
    assert text in said and said.count("\n") == 1
    assert not (tmp_path / "a").exists()


def test_the_recipe_of_100_000_eyes_can_be_grown_as_it_stands():
    recipe = read_recipe(ROOT / "recipes" / "svr-100k.yaml")
    (step,) = recipe.steps
    config = to_config(GrowConfig, step.settings, "svr-100k")
    check_settings(config, profiles())
    assert config.count == 100_000
    ill = [draw_traits(eye).disease for eye in itertools.islice(plan_eyes(config), 400)]
    shares = [sum(bool(getattr(d, name)) for d in ill) / 400 for name in ("dropout", "tortuosity")]
    assert shares == pytest.approx([0.5, 0.5], abs=0.1)
    assert all(d.dropout for d in ill if d.tufts or d.microaneurysms)


def test_every_appearance_can_be_asked_for():
    named = typing.get_type_hints(GrowConfig)["appearance"]
    assert set(typing.get_args(named)) == set(typing.get_args(Appearance))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_cohort_has_the_shares_of_its_profile(profile: str):
    eyes = Counter((eye.stage, eye.grade) for eye in plan(1000, profile=profile))
    for kind, share in zip(STAGED, PROFILES[profile].shares, strict=True):
        assert eyes[kind] / 1000 == pytest.approx(share, abs=0.01)
