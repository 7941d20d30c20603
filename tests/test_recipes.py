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
