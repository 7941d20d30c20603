"""Rows and texts to files, atomically."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from retia.atomic import atomic_file


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows as a JSON list (`.json`, one row a line) or as JSON Lines."""
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    text = "".join(f"{line}\n" for line in lines)
    if path.suffix == ".json":
        text = "[\n" + ",\n".join(lines) + "\n]\n"
    write_text(path, text)


def write_text(path: Path, text: str) -> None:
    """Write a text; scripts may be run."""
    with atomic_file(path) as part:
        part.write_text(text, encoding="utf-8")
        if path.suffix == ".sh":
            part.chmod(0o755)
