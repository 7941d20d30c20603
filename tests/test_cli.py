"""The command line is quick, says what it does, and turns bad input into one line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from retia import cli
from retia.disclaimer import DISCLAIMER

HEAVY = [
    "torch",
    "numpy",
    "scipy",
    "skimage",
    "polars",
    "pydantic",
    "transformers",
    "numba",
    "matplotlib",
    "cv2",
    "tyro",
]


def test_help_imports_nothing_heavy_and_is_quick():
    probe = (
        "import resource, sys; from retia import cli; cli.main(['--help']);"
        "cpu = resource.getrusage(resource.RUSAGE_SELF);"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr);"
        "print(cpu.ru_utime + cpu.ru_stime, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    loaded, cpu_s = done.stderr.splitlines()
    assert loaded == "[]"
    assert float(cpu_s) < 0.3
    assert DISCLAIMER in done.stdout


@pytest.mark.parametrize("verb", cli.VERBS)
def test_help_line_is_the_first_line_of_the_docstring(verb: str):
    function, _ = cli.load_verb(verb)
    assert (function.__doc__ or "").strip().splitlines()[0] == cli.VERBS[verb][1]


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_flag_is_explained(verb: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stop:
        cli.main([*verb.split(), "--help"])
    assert stop.value.code == 0
    assert f"retia {verb}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["segmnt"], "Did you mean `segment`?"),
        (["stage"], "stage train or stage cross-validate or stage predict"),
        (["run", "absent.yaml"], "absent.yaml does not exist"),
        (["grow", "--config"], "--config stands without a file"),
        (["grow", "--count", "many", "--out", "x"], "--count: invalid literal"),
        (["grow", "--cuont", "3", "--out", "x"], "Did you mean `--count`?"),
        (["grow"], "--out PATH"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(
    args: list[str], text: str, capsys: pytest.CaptureFixture[str]
):
    assert cli.main(args) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and text in error and error.count("\n") == 1


def test_unknown_key_in_a_config_file_names_its_neighbour(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "grow.yaml"
    file.write_text("cuont: 3\n")
    assert cli.main(["grow", "--config", str(file), "--out", str(tmp_path / "x")]) == 2
    assert "unknown key `cuont`. Did you mean `count`?" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_wrong_type_in_a_config_file_names_key_and_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "grow.yaml"
    file.write_text("count: many\n")
    assert cli.main(["grow", "--config", str(file), "--out", str(tmp_path / "x")]) == 2
    error = capsys.readouterr().err
    assert "`count`" in error and "'many'" in error


def test_a_recipe_is_checked_whole_before_its_first_step_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    recipe = tmp_path / "r.yaml"
    steps = [
        {"grow": {"count": 1, "out": "{out}/cohort"}},
        {"segment": {"imagse": "{out}/cohort", "out": "{out}/masks"}},
    ]
    recipe.write_text(json.dumps({"out": str(tmp_path / "run"), "steps": steps}))
    assert cli.main(["run", str(recipe)]) == 2
    assert "step 2 (segment): unknown key `imagse`" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_recipe_starts_from_the_folder_of_data_it_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    from retia.runs.recipes import read_recipe

    recipe = tmp_path / "r.yaml"
    steps = [{"segment": {"images": "{data}/images", "out": "{out}/masks"}}]
    recipe.write_text(json.dumps({"data": str(tmp_path / "absent"), "steps": steps}))
    assert cli.main(["run", str(recipe)]) == 2
    error = capsys.readouterr().err
    assert str(tmp_path / "absent") in error and "--data" in error
    (tmp_path / "here").mkdir()
    (step,) = read_recipe(recipe, tmp_path / "run", data=tmp_path / "here").steps
    assert step.settings["images"] == str(tmp_path / "here" / "images")
