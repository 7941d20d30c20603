"""Write `docs/help.md`: the help of every verb, as the command line prints it."""

import contextlib
import io
import os
from pathlib import Path

os.environ["COLUMNS"] = "100"
os.environ["NO_COLOR"] = "1"

from retia import cli


def help_page() -> str:
    """The whole page."""
    parts = ["# All verbs and their flags", "", "Written by `make docs`.", "", "```"]
    parts += [cli.overview(), "```", ""]
    for verb in cli.VERBS:
        parts += [f"## retia {verb}", "", "```", _help(verb), "```", ""]
    return "\n".join(parts)


def _help(verb: str) -> str:
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit):
        cli.main([*verb.split(), "--help"])
    return "\n".join(line.rstrip() for line in text.getvalue().strip().splitlines())


if __name__ == "__main__":
    Path(__file__).with_name("help.md").write_text(help_page(), encoding="utf-8")
