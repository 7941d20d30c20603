"""Notebooks from scripts: runs the cells and saves what they print and show.

`python examples/make_notebooks.py vqa_rad_protocol slake_protocol` reads `examples/<name>.py`,
whose cells begin with `# %%` (text: `# %% [markdown]`), runs it and writes `examples/<name>.ipynb`.
Without Jupyter: a notebook is JSON. With `--no-run` the outputs stay as they are in the file.
"""

import ast
import base64
import contextlib
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell of a script."""

    text: bool
    source: str


def cells_of(script: str) -> list[Cell]:
    """Split a script at its `# %%` lines; the comment signs of text cells are taken off."""
    cells: list[Cell] = []
    for part in ("\n" + script).split("\n# %%")[1:]:
        head, _, body = part.partition("\n")
        text = "[markdown]" in head
        lines = body.strip("\n").split("\n")
        if text:
            lines = [line.removeprefix("#").removeprefix(" ") for line in lines]
        cells.append(Cell(text=text, source="\n".join(lines)))
    return cells


def run_cell(source: str, scope: dict[str, Any]) -> list[dict[str, Any]]:
    """Run a cell as Jupyter does: the value of a last expression is shown.

    Returns:
        What was printed and shown, as outputs of a notebook.
    """
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), scope)
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), scope) if last else None
    outputs: list[dict[str, Any]] = []
    if printed.getvalue():
        text = printed.getvalue().splitlines(keepends=True)
        outputs.append({"output_type": "stream", "name": "stdout", "text": text})
    if value is not None:
        outputs.append({"output_type": "display_data", "data": _shown(value), "metadata": {}})
    return outputs


def _shown(value: Any) -> dict[str, Any]:
    from PIL import Image

    if isinstance(value, Image.Image):
        buffer = io.BytesIO()
        value.save(buffer, "PNG")
        return {"image/png": base64.b64encode(buffer.getvalue()).decode(), "text/plain": ["image"]}
    return {"text/plain": repr(value).splitlines(keepends=True)}


def notebook(cells: list[Cell], outputs: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """Cells and outputs as a notebook, format 4.5."""
    written: list[dict[str, Any]] = []
    ran = 0
    for number, (cell, shown) in enumerate(zip(cells, outputs, strict=True)):
        common = {
            "id": f"cell-{number:02d}",
            "metadata": {},
            "source": cell.source.splitlines(keepends=True),
        }
        if cell.text:
            written.append({"cell_type": "markdown", **common})
        else:
            ran += 1
            code = {"cell_type": "code", "execution_count": ran, "outputs": shown}
            written.append(code | common)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": written,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def make(name: str, run: bool = True) -> None:
    """Write one notebook beside its script."""
    cells = cells_of((HERE / f"{name}.py").read_text(encoding="utf-8"))
    path = HERE / f"{name}.ipynb"
    if run:
        scope: dict[str, Any] = {"__name__": "__main__"}
        outputs = [[] if cell.text else run_cell(cell.source, scope) for cell in cells]
    else:
        before = json.loads(path.read_text(encoding="utf-8"))["cells"]
        outputs = [cell.get("outputs", []) for cell in before]
    text = json.dumps(notebook(cells, outputs), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    for asked in [name for name in sys.argv[1:] if not name.startswith("--")]:
        make(asked, run="--no-run" not in sys.argv)
