"""A cohort drawn again from its graphs is the cohort, with other images where that is asked for."""

import json
from pathlib import Path

import numpy as np
import pytest
from grown_files import differing

from retia.errors import UserError
from retia.images import read_image, read_mask
from retia.records import Case, read_cases
from retia.synthesis.cohort import read_eye
from retia.synthesis.redraw import RenderConfig, render


def own_appearance(cohort: Path) -> str:
    return json.loads((cohort / "run.json").read_text())["config"]["appearance"]


def drawn_anew(cohort: Path, again: Path) -> list[str]:
    """What differs between a cohort and its copy, but for the records of the runs."""
    other = ("run.json", "README.md", "contact_sheet.png", "settings.json")
    return [name for name in differing(cohort, again) if Path(name).name not in other]


def test_the_same_appearance_and_size_give_the_same_bytes(cohort: Path, tmp_path: Path):
    config = RenderConfig(cohort=cohort, out=tmp_path / "out", appearance=own_appearance(cohort))
    summary = render(config)
    assert summary["eyes"] == len(read_cases(cohort))
    assert drawn_anew(cohort, tmp_path / "out") == []


def test_workers_change_no_byte_and_drawn_cohorts_can_be_drawn(cohort: Path, tmp_path: Path):
    render(RenderConfig(cohort=cohort, out=tmp_path / "one", appearance="plain", workers=2))
    render(RenderConfig(cohort=tmp_path / "one", out=tmp_path / "two", appearance="plain"))
    assert drawn_anew(tmp_path / "one", tmp_path / "two") == []
    for case in read_cases(cohort):
        plain = read_image(tmp_path / "one" / case.file_name).pixels
        assert not np.array_equal(plain, read_image(cohort / case.file_name).pixels)


def test_larger_images_keep_places_scale_and_truth(cohort: Path, cases: list[Case], tmp_path: Path):
    out = tmp_path / "large"
    render(RenderConfig(cohort=cohort, out=out, appearance="noise", image_px=608))
    for small, large in zip(cases, read_cases(out), strict=True):
        assert read_image(out / large.file_name).pixels.shape == (608, 608)
        assert large.mm_per_px == pytest.approx((small.mm_per_px or 0) / 2)
        coarse, fine = (read_mask(f / f"vessels/{small.id}.png") for f in (cohort, out))
        # Vessels are at least a pixel wide, so that finer masks show them thinner, never elsewhere.
        spread = coarse.repeat(2, axis=0).repeat(2, axis=1)
        assert (fine & spread).sum() > 0.93 * fine.sum()
        for before, after in zip(small.findings, large.findings, strict=True):
            rows, columns = np.nonzero(read_mask(out / str(after.mask)))
            assert after.box_px is not None and before.box_px is not None
            box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            assert tuple(after.box_px) == box == tuple(2 * edge for edge in before.box_px)
            assert after.values == before.values and after.zone == before.zone
        assert large.measure("faz_area_mm2") == pytest.approx(
            small.measure("faz_area_mm2"), rel=0.02
        )
        density = read_mask(out / f"vessels/{small.id}.png").mean()
        assert large.measure("vessel_density") == pytest.approx(float(density), abs=1e-6)
        (one, sacs), (two, others) = (read_eye(folder, small.id) for folder in (cohort, out))
        np.testing.assert_array_equal(one.end_mm, two.end_mm)
        np.testing.assert_array_equal(sacs, others)


def test_a_drawing_that_was_cut_short_goes_on(cohort: Path, tmp_path: Path, monkeypatch):
    from retia.synthesis.redraw import run

    config = RenderConfig(cohort=cohort, out=tmp_path / "out", appearance="plain")
    real, seen = run.redraw_eye, []

    def stops(task, out):
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(task)
        real(task, out)

    monkeypatch.setattr(run, "redraw_eye", stops)
    with pytest.raises(KeyboardInterrupt):
        render(config)
    assert not (tmp_path / "out" / "run.json").exists()
    again = []
    monkeypatch.setattr(run, "redraw_eye", lambda t, o: (again.append(t), real(t, o)))
    render(config)
    assert len(again) == len(read_cases(cohort)) - 2
    render(RenderConfig(cohort=cohort, out=tmp_path / "whole", appearance="plain"))
    assert differing(tmp_path / "out", tmp_path / "whole") == []


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            {"image_px": 400},
            "image_px is 400 and the cohort's images have 304. Expected a multiple",
        ),
        ({"image_px": 152}, "image_px is 152"),
        ({"image_px": 0}, "image_px is 0"),
        ({"appearance": "gan"}, "gan_config is None. Expected both"),
        ({"appearance": "noise", "gan_config": Path("c.yml")}, "Expected both"),
        ({"appearance": "plain", "renderer": Path("here")}, "Expected `learned`"),
        ({"cohort": Path("nowhere")}, "holds no metadata.jsonl"),
    ],
)
def test_flags_that_make_no_sense_are_refused(cohort: Path, tmp_path: Path, flags: dict, said: str):
    settings = {"cohort": cohort, "out": tmp_path / "out", "appearance": "plain"} | flags
    with pytest.raises(UserError, match=said.replace("(", r"\(")):
        render(RenderConfig(**settings))
    assert not (tmp_path / "out").exists()


def test_another_folder_is_not_written_over(cohort: Path):
    with pytest.raises(UserError, match="retia grow"):
        render(RenderConfig(cohort=cohort, out=cohort, appearance="plain"))
