"""The whole chain runs on a handful of eyes: from seeds to a report and an explanation."""

import json
from pathlib import Path

import pytest

from retia import cli
from retia.attribution.quadrature import Accuracy
from retia.disclaimer import DISCLAIMER
from retia.records import Sample, read_cases, read_samples

RECIPE = {
    "title": "Tiny run",
    "seed": 5,
    "steps": [
        {"grow": {"count": 18, "train": 0.45, "validation": 0.35, "out": "{out}/cohort"}},
        {"segment": {"images": "{out}/cohort", "out": "{out}/masks"}},
        {"graph": {"masks": "{out}/masks", "out": "{out}/graphs"}},
        {"stage train": {"graphs": "{out}/graphs", "epochs": 2, "out": "{out}/staging"}},
        {
            "attribute": {
                "graphs": "{out}/graphs",
                "model": "{out}/staging",
                "overlays": 1,
                "out": "{out}/attributed",
            }
        },
        {
            "write": {
                "cases": "{out}/cohort",
                "attributions": "{out}/attributed",
                "out": "{out}/samples",
            }
        },
        {
            "sft": {
                "samples": "{out}/samples",
                "cohort": "{out}/cohort",
                "tower": {"steps": 8, "evaluate_every": 8},
                "stage1": {"steps": 4},
                "stage2": {"steps": 3},
                "out": "{out}/student",
            }
        },
        {
            "evaluate": {
                "samples": "{out}/samples",
                "model": "{out}/student",
                "staging": "{out}/staging",
                "max_new_tokens": 24,
                "out": "{out}/audit",
            }
        },
        {
            "explain": {
                "image": "{out}/cohort/images/000004.png",
                "mm_per_px": 0.009868,
                "laterality": "OD",
                "model": "{out}/student",
                "staging": "{out}/staging",
                "out": "{out}/explanation",
            }
        },
    ],
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    recipe = folder / "tiny.yaml"
    recipe.write_text(json.dumps(RECIPE | {"out": str(folder / "out")}))
    assert cli.main(["run", str(recipe), "--workers", "2"]) == 0
    return folder / "out"


def test_every_step_seals_its_folder(finished: Path):
    for step in RECIPE["steps"]:
        (settings,) = step.values()
        record = json.loads(Path(settings["out"].format(out=finished), "run.json").read_text())
        assert record["failures"] == 0 and record["config"]["seed"] == 5


def test_a_second_run_does_nothing_again(finished: Path):
    before = {p: p.stat().st_mtime_ns for p in finished.rglob("run.json")}
    recipe = finished.parent / "tiny.yaml"
    assert cli.main(["run", str(recipe), "--workers", "1"]) == 0
    assert {p: p.stat().st_mtime_ns for p in finished.rglob("run.json")} == before


def test_groups_stay_whole_all_the_way(finished: Path):
    split_of: dict[str, str | None] = {}
    samples: list[Sample] = read_samples(finished / "samples")
    for item in (*read_cases(finished / "cohort"), *samples):
        assert split_of.setdefault(item.group, item.split) == item.split


def test_every_image_a_sample_names_is_there(finished: Path):
    for sample in read_samples(finished / "samples"):
        for image in sample.images:
            assert (finished / "samples" / image).is_file()


def test_completeness_holds_for_every_eye(finished: Path):
    rows = json.loads((finished / "attributed" / "completeness.json").read_text())
    assert len(rows) == 18
    for row in rows:
        assert abs(row["gap"]) <= max(Accuracy.share * abs(row["delta"]), Accuracy.floor)


def test_reports_open_offline_and_carry_the_notice(finished: Path):
    for name in ("audit", "explanation"):
        page = (finished / name / "report.html").read_text()
        assert DISCLAIMER in page and 'src="http' not in page


def test_the_explanation_names_stage_and_faz(finished: Path):
    said = json.loads((finished / "explanation" / "explanation.json").read_text())
    assert said["stage"] in ("healthy", "npdr", "pdr")
    assert 0.05 < next(m["value"] for m in said["measures"] if m["name"] == "faz_area_mm2") < 1.5
    assert said["sentences"]
