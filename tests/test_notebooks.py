"""The notebooks are their scripts, say what they must, and run."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
NAMES = ("slake_protocol", "vqa_rad_protocol")


@pytest.fixture(scope="module")
def maker():
    """`examples/make_notebooks.py` as a module."""
    spec = importlib.util.spec_from_file_location("notebooks", EXAMPLES / "make_notebooks.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(name):
    return json.loads((EXAMPLES / f"{name}.ipynb").read_text(encoding="utf-8"))


def run(maker, name):
    """Run all code cells in one scope; return everything that was printed."""
    scope = {"__name__": "__main__"}
    printed = []
    for cell in maker.cells_of((EXAMPLES / f"{name}.py").read_text(encoding="utf-8")):
        if not cell.text:
            for output in maker.run_cell(cell.source, scope):
                printed += output.get("text", [])
    return "".join(printed)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_holds_the_cells_of_its_script_and_what_they_printed(maker, name):
    cells = maker.cells_of((EXAMPLES / f"{name}.py").read_text(encoding="utf-8"))
    written = read(name)["cells"]
    assert ["".join(c["source"]) for c in written] == [c.source for c in cells]
    assert [c["cell_type"] == "markdown" for c in written] == [c.text for c in cells]
    code = [c for c in written if c["cell_type"] == "code"]
    assert [c["execution_count"] for c in code] == list(range(1, len(code) + 1))
    printing = [c for c in code if re.search(r"^ *print\(", "".join(c["source"]), re.M)]
    assert len(printing) > 5
    assert all(c["outputs"] for c in printing)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_keeps_no_path_of_the_machine_it_ran_on(name):
    text = (EXAMPLES / f"{name}.ipynb").read_text(encoding="utf-8")
    assert not re.search(r"/(?:home|root|tmp|Users|mnt|work)/", text)


def test_the_slake_page_says_that_nothing_was_measured_on_slake():
    cells = read("slake_protocol")["cells"]
    assert "No figure on this page was measured on SLAKE" in "".join(cells[0]["source"])
    printed = "".join(t for c in cells for o in c.get("outputs", []) for t in o.get("text", []))
    assert printed.count("measured on drawn pictures, not SLAKE") >= 2


def test_cells_and_outputs_by_hand(maker):
    script = "# nothing\n# %% [markdown]\n# # A\n#\n# b\n\n# %%\nx = 2\nprint(x)\nx + 1\n"
    text, code = maker.cells_of(script)
    assert (text.text, text.source) == (True, "# A\n\nb")
    shown = maker.run_cell(code.source, {})
    assert shown[0]["text"] == ["2\n"]
    assert shown[1]["data"] == {"text/plain": ["3"]}


def test_the_slake_notebook_runs_on_drawn_pictures(maker, tmp_path, monkeypatch):
    for name, value in {"RUN": str(tmp_path), "IMAGES": "16", "STEPS": "1"}.items():
        monkeypatch.setenv(name, value)
    for name in ("SLAKE", "MODEL"):
        monkeypatch.delenv(name, raising=False)
    printed = run(maker, "slake_protocol")
    assert "measured on drawn pictures, not SLAKE" in printed
    lines = (tmp_path / "audit" / "cfproxy.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    # After one step the student may say nothing: then every row says why it has no delta.
    assert rows and all((r["delta_cf_roi"] is None) == bool(r["unmeasured"]) for r in rows)


@pytest.mark.slow
def test_the_vqa_rad_notebook_runs_on_the_real_data(maker, tmp_path, monkeypatch, shared_data):
    folder = shared_data / "vqa_rad"
    if not folder.is_dir():
        pytest.skip("needs VQA-RAD")
    settings = {"RUN": tmp_path, "VQA_RAD": folder, "QUESTIONS": 16, "STEPS": 1}
    for name, value in settings.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.delenv("MODEL", raising=False)
    assert "16 questions about" in run(maker, "vqa_rad_protocol")
    assert len((tmp_path / "audit" / "cfproxy.csv").read_text().splitlines()) == 17
