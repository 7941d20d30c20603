"""The shipped recipes hold together: every step finds what the step before it wrote."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from retia import cli

ROOT = Path(__file__).resolve().parents[1]
TINY = {
    "import vqa-rad": {"limit": 40},
    "import cholect50": {"limit": 60},
    "sft": {
        "size": {"image_size": 64, "hidden_size": 64, "layers": 1, "vocabulary": 500},
        "tower": {"steps": 2},
        "stage1": {"steps": 2, "batch_size": 2},
        "stage2": {"steps": 2, "batch_size": 2},
    },
    "grpo": {
        "steps": 1,
        "generations": 2,
        "held_out": 4,
        "copies": 2,
        "probe": 2,
        "max_new_tokens": 12,
        "allow_untuned": True,
    },
    "evaluate": {"questions": 12, "max_new_tokens": 12},
}
"""Settings that make each step as short as it gets; the wiring is what is tested."""


def shrunk(step: dict[str, Any]) -> dict[str, Any]:
    ((verb, settings),) = step.items()
    for key, value in TINY.get(verb, {}).items():
        old = settings.get(key)
        settings[key] = old | value if isinstance(old, dict) else value
    return {verb: settings}


@pytest.mark.parametrize(
    ("name", "data"), [("medvqa-embedded", "vqa_rad"), ("surgical-embedded", "cholect50")]
)
def test_a_recipe_runs_from_data_to_report(name: str, data: str, shared_data: Path, tmp_path: Path):
    recipe = yaml.safe_load((ROOT / "recipes" / f"{name}.yaml").read_text())
    recipe["steps"] = [shrunk(step) for step in recipe["steps"]]
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False))
    args = ["run", str(tmp_path / "recipe.yaml"), "--data", str(shared_data / data)]
    args += ["--out", str(tmp_path / "run")]
    assert cli.main(args) == 0
    (report,) = (tmp_path / "run").rglob("audit/report.html")
    audit = json.loads((report.parent / "audit.json").read_text())
    (questions,) = audit["summary"]["questions"].values()
    assert {"real", "blank", "shuffled", "majority", "question_only"} <= set(questions["accuracy"])
    # All of it is done: a second run does nothing and ends well.
    assert cli.main(args) == 0


def test_one_student_learns_eyes_radiology_and_surgery_together(shared_data: Path, tmp_path: Path):
    """The same commands take a mixed set; a student that knew only eyes gets the new words."""
    from retia.students.student import load_student
    from retia.weights import student_folder

    def do(*words: object) -> None:
        assert cli.main([*map(str, words)]) == 0

    eyes, questions, frames = (tmp_path / name for name in ("eyes", "questions", "frames"))
    do("grow", "--count", 12, "--train", 0.5, "--validation", 0.1, "--out", eyes)
    limit = ("--limit", 40)
    do("import", "vqa-rad", "--source", shared_data / "vqa_rad", *limit, "--out", questions)
    do("import", "cholect50", "--source", shared_data / "cholect50", *limit, "--out", frames)
    samples, student = tmp_path / "samples", tmp_path / "student"
    do("write", "--cases", eyes, questions, frames, "--out", samples)
    config = tmp_path / "sft.yaml"
    round_ = {"method": "lora", "steps": 2, "batch_size": 2}
    tower = {"steps": 2}
    config.write_text(yaml.safe_dump({"stage1": round_, "stage2": round_, "tower": tower}))
    do(
        *("sft", "--config", config, "--samples", samples, "--cohort", samples),
        *("--model", student_folder(), "--out", student),
    )
    known = len(load_student(student_folder()).tokenizer)
    assert len(load_student(student).tokenizer) > known
    audit = tmp_path / "audit"
    short = ("--questions", 6, "--limit", 20, "--max-new-tokens", 12, "--resamples", 50)
    do("evaluate", "--samples", samples, "--model", student, *short, "--out", audit)
    summary = json.loads((audit / "audit.json").read_text())["summary"]
    assert set(summary["questions"]) == {"octa", "radiology", "cholecystectomy"}
    assert "balanced_accuracy" in summary
