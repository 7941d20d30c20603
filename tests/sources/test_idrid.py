"""IDRiD: grades as stages, lesion masks as findings, one group a photograph in any size."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retia.errors import ItemsFailedError, UserError
from retia.records import Case, read_cases
from retia.sources.idrid import IdridConfig, import_idrid

SIZE = (160, 120)


def photograph(seed: int) -> Image.Image:
    """A smooth picture that is known again in any size, and unlike that of any other seed."""
    coarse = np.random.default_rng(seed).integers(0, 255, (4, 5, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(SIZE, Image.Resampling.BICUBIC)


def save(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def graded(source: Path, rows: list[str], seeds: list[int]) -> Path:
    for number, seed in enumerate(seeds, 1):
        save(photograph(seed).resize((96, 72)), source / f"grading/images/G{number}.png")
    table = "\n".join(["image,dr_grade,macular_edema_risk", *rows])
    (source / "grading" / "labels.csv").write_text(table + "\n")
    return source


def lesioned(source: Path, seed: int, disc: tuple[int, int] | None = (130, 50), **masks) -> Path:
    """A photograph `L` with squares as lesions; `disc` is the middle of the optic disc."""
    save(photograph(seed), source / "lesions/images/L.png")
    if disc is not None:
        y, x = np.mgrid[: SIZE[1], : SIZE[0]]
        spot = (x - disc[0]) ** 2 + (y - disc[1]) ** 2 <= 10**2
        save(Image.fromarray(spot), source / "lesions/optic_disc/L.png")
    for folder, squares in masks.items():
        mask = np.zeros(SIZE[::-1], bool)
        for x0, y0, side in squares:
            mask[y0 : y0 + side, x0 : x0 + side] = True
        save(Image.fromarray(mask), source / f"lesions/{folder}/L.png")
    return source


def imported(tmp_path: Path, source: Path) -> dict[str, Case]:
    import_idrid(IdridConfig(source=source, out=tmp_path / "out"))
    return {case.id: case for case in read_cases(tmp_path / "out")}


def test_grades_are_stages(tmp_path: Path):
    rows = [f"G{n},{grade},{grade % 3}" for n, grade in enumerate(range(5), 1)]
    cases = imported(tmp_path, graded(tmp_path / "source", rows, [1, 2, 3, 4, 5]))
    assert [(c.stage, c.grade) for c in cases.values()] == [
        ("healthy", None),
        ("npdr", "mild"),
        ("npdr", "moderate"),
        ("npdr", "severe"),
        ("pdr", None),
    ]
    assert cases["G3"].labels == {"dr_grade": "2", "macular_oedema_risk": "2"}
    # Nobody looked for single lesions: none can be said to be absent.
    assert all(c.modality == "fundus" and c.looked_for == () for c in cases.values())


def test_masks_are_findings_with_box_area_and_place(tmp_path: Path):
    # The disc right of the middle: a right eye, its fovea left of the disc and a little below it.
    source = lesioned(
        tmp_path / "source",
        seed=1,
        microaneurysms=[(20, 20, 3), (120, 100, 4)],
        hard_exudates=[(79, 10, 4)],
    )
    (case,) = imported(tmp_path, source).values()
    assert case.laterality == "OD"
    assert case.looked_for == ("microaneurysm", "haemorrhage", "hard_exudate", "soft_exudate")
    first, second, third = case.findings
    assert [f.kind for f in case.findings] == ["microaneurysm"] * 2 + ["hard_exudate"]
    assert (first.box_px, first.values) == ((20, 20, 23, 23), {"area_px": 9})
    assert [f.zone.quadrant for f in (first, second) if f.zone] == [
        "superior-temporal",
        "inferior-nasal",
    ]
    assert third.zone is None  # straight above the fovea
    mask = tmp_path / "out" / str(second.mask)
    assert mask.resolve() == (source / "lesions/microaneurysms/L.png").resolve()
    # PDR was not looked for: lesions alone make no stage here.
    assert case.stage is None


@pytest.mark.parametrize("disc", [None, (82, 60)])
def test_without_a_disc_beside_the_middle_the_eye_is_unknown(tmp_path: Path, disc):
    source = lesioned(tmp_path / "source", seed=1, disc=disc, microaneurysms=[(20, 20, 3)])
    (case,) = imported(tmp_path, source).values()
    assert case.laterality is None and case.findings[0].zone is None


def test_the_same_photograph_in_another_size_is_one_group_and_gives_its_grade(tmp_path: Path):
    source = graded(tmp_path / "source", ["G1,4,1", "G2,0,0"], [7, 8])
    cases = imported(tmp_path, lesioned(source, seed=7, haemorrhages=[(20, 20, 5)]))
    lesions, same, other = cases["L_lesions"], cases["G1"], cases["G2"]
    assert lesions.group == same.group != other.group
    assert lesions.split == same.split
    assert (lesions.stage, lesions.labels["macular_oedema_risk"]) == ("pdr", "1")


def test_bad_rows_and_masks_are_named_and_the_rest_is_kept(tmp_path: Path):
    source = graded(tmp_path / "source", ["G1,5,0", "G2,0,x", "G9,0,0", "G3,1"], [1, 2, 3])
    with (source / "grading/labels.csv").open("a") as table:
        table.write("G1,1,1\n")
    lesioned(source, seed=4, microaneurysms=[(5, 5, 3)])
    save(Image.new("1", (40, 40)), source / "lesions/haemorrhages/L.png")
    save(Image.new("1", (10, 10)), source / "lesions/soft_exudates/unknown.png")
    with pytest.raises(ItemsFailedError, match="6 of the items"):
        imported(tmp_path, source)
    told = (tmp_path / "out" / "failures.jsonl").read_text()
    for text in (
        "label '5' is not on the scale `icdr`",
        "macular_edema_risk is 'x'",
        "there is no image 'G9'",
        "2 cells. Expected 3",
        "40 x 40 px. Expected 160 x 120",
        "unknown.png: there is no image",
    ):
        assert text in told
    (case,) = read_cases(tmp_path / "out")
    assert (case.id, case.grade) == ("G1", "mild")


def test_a_folder_that_is_no_idrid_is_refused(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="neither `grading` nor `lesions`"):
        imported(tmp_path, tmp_path / "empty")
    graded(tmp_path / "source", ["G1,0,0"], [1])
    (tmp_path / "source/grading/labels.csv").write_text("image,grade\nG1,0\n")
    with pytest.raises(UserError, match="has no column `dr_grade`"):
        imported(tmp_path, tmp_path / "source")


def test_real_lesions(shared_data: Path, tmp_path: Path):
    source = shared_data / "idrid" / "lesions"
    stems = ("IDRiD_03", "IDRiD_08")
    for path in sorted(source.rglob("*")):
        if path.stem in stems:
            there = tmp_path / "source" / "lesions" / path.relative_to(source)
            there.parent.mkdir(parents=True, exist_ok=True)
            there.symlink_to(path)
    for case in imported(tmp_path, tmp_path / "source").values():
        assert case.laterality in ("OD", "OS")
        assert {f.kind for f in case.findings} == set(case.looked_for)
        areas_px = [f.values["area_px"] for f in case.findings]
        assert all(
            f.box_px is not None
            and 1 <= area <= (f.box_px[2] - f.box_px[0]) * (f.box_px[3] - f.box_px[1])
            for f, area in zip(case.findings, areas_px, strict=True)
        )
        assert len({f.zone.quadrant for f in case.findings if f.zone}) >= 2
