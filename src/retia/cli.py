"""The command line: the verbs of `retia.verbs`, each one function with one config dataclass.

Flags, help and YAML keys all come from the config. Nothing heavy is imported before the verb runs.
Exit codes: 0 done, 1 a check failed or some items were skipped, 2 wrong input or usage.
"""

import dataclasses
import importlib
import itertools
import json
import logging
import os
import sys
import time
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retia import __version__
from retia.disclaimer import DISCLAIMER
from retia.errors import CheckFailedError, ItemsFailedError, UserError, did_you_mean
from retia.verbs import DESCRIBED, POSITIONAL, VERBS


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What `retia run` takes."""

    recipe: Path
    """The YAML file; may stand without its flag: `retia run recipes/demo.yaml`."""
    out: Path | None = None
    """Folder of the run, in the place of the recipe's own."""
    data: Path | None = None
    """Folder of the data set the recipe starts from, in the place of the recipe's own."""
    workers: int | None = None
    """Worker processes for every step, in the place of the recipe's own."""


def as_text(result: Any) -> str:
    """A verb's result as JSON, for machines."""
    from retia.records.jsonl import to_plain

    return json.dumps(to_plain(result), indent=2, ensure_ascii=False, default=str)


def load_verb(verb: str) -> tuple[Callable[[Any], Any], type]:
    """Import the function of a verb; return it with its config class."""
    module, name = VERBS[verb][0].split(":")
    function = getattr(importlib.import_module(module), name)
    return function, typing.get_type_hints(function)["config"]


def run(config: RunConfig) -> dict[str, Any]:
    """Run a whole recipe, step after step, resumable.

    Returns:
        Per step its folder and seconds, and the reports written.

    Raises:
        UserError: If the recipe is wrong; all steps are checked before the first one runs.
        ItemsFailedError: At the end, if some steps skipped items.
    """
    from retia.runs.config import to_config
    from retia.runs.recipes import read_recipe

    recipe = read_recipe(config.recipe, config.out, config.workers, config.data)
    planned = []
    for number, step in enumerate(recipe.steps, 1):
        where = f"{config.recipe}, step {number} ({step.verb})"
        if step.verb not in VERBS or step.verb == "run":
            raise UserError(f"{where}: no such verb.{did_you_mean(step.verb, VERBS)}")
        function, kind = load_verb(step.verb)
        known = {f.name for f in dataclasses.fields(kind)}
        settings = {k: v for k, v in step.settings.items() if k in known or k not in step.shared}
        planned.append((step.verb, function, to_config(kind, settings, where)))
    return _execute(recipe.title, recipe.out, planned)


def _execute(title: str, out: Path, planned: list[tuple[str, Callable[[Any], Any], Any]]) -> Any:
    log = logging.getLogger("retia")
    log.info("%s: %d steps into %s", title, len(planned), out)
    steps, skipped = [], []
    for number, (verb, function, step_config) in enumerate(planned, 1):
        log.info("[%d/%d] retia %s", number, len(planned), verb)
        start = time.perf_counter()
        try:
            function(step_config)
        except ItemsFailedError as error:
            skipped.append(str(error))
        folder = getattr(step_config, "out", None)
        seconds = round(time.perf_counter() - start, 1)
        steps.append({"step": verb, "out": str(folder), "seconds": seconds})
    reports = [str(p) for s in steps for p in sorted(Path(s["out"]).glob("report.html"))]
    log.info("%s: done in %.0f s", title, sum(s["seconds"] for s in steps))
    for step in steps:
        log.info("  %6.1f s  %-14s %s", step["seconds"], step["step"], step["out"])
    for report in reports:
        log.info("open %s", report)
    if skipped:
        raise ItemsFailedError(" | ".join(skipped))
    return {"title": title, "steps": steps, "reports": reports}


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    if not args or args[0] in ("-h", "--help"):
        print(overview())
        return 0 if args else 2
    if args[0] == "--version":
        print(f"retia {__version__}")
        return 0
    try:
        verb, rest = split_verb(args)
        as_json = "--json" in rest
        summary = call(verb, [a for a in rest if a != "--json"], quiet=as_json)
        if as_json:
            print(as_text(summary))
        elif verb in DESCRIBED:
            module, name = DESCRIBED[verb].split(":")
            print(getattr(importlib.import_module(module), name)(summary))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except ItemsFailedError as error:
        print(f"warning: {error}", file=sys.stderr)
        return 1
    except CheckFailedError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: the same command goes on where this one stopped.", file=sys.stderr)
        return 130
    return 0


def call(verb: str, args: list[str], quiet: bool = False) -> Any:
    """Parse the flags of a verb, run it, and return its summary."""
    from retia.runs.workers import THREAD_VARIABLES

    # Small models lose on a second thread (`retia explain`: 9 CPU s with two, 5 with one).
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, "1")
    function, kind = load_verb(verb)
    args = with_flags(POSITIONAL.get(verb, ()), args)
    config = parse_flags(verb, kind, args)
    logging.basicConfig(
        level=logging.WARNING if quiet else logging.INFO,
        format="%(message)s",
        stream=sys.stderr,
        force=True,
    )
    noisy = ("httpx", "httpx2", "matplotlib", "PIL", "numba", "accelerate", "transformers", "trl")
    for name in noisy:
        logging.getLogger(name).setLevel(logging.WARNING)
    return function(config)


def with_flags(flags: tuple[str, ...], args: list[str]) -> list[str]:
    """Put flags before the leading words that stand without one."""
    words = list(itertools.takewhile(lambda word: not word.startswith("-"), args))[: len(flags)]
    named = [part for pair in zip(flags, words, strict=False) for part in pair]
    return named + args[len(words) :]


def parse_flags(verb: str, kind: type, args: list[str]) -> Any:
    """Build a verb's config from its flags and its `--config` file.

    Raises:
        UserError: If a flag is unknown, missing or of the wrong type; in one line.
    """
    import contextlib
    import io

    import tyro

    default, args = take_config(args, kind)
    line = VERBS[verb][1]
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return tyro.cli(
                kind, default=default, args=args, prog=f"retia {verb}", description=line
            )
    except SystemExit as stop:
        if not stop.code:
            raise
        raise UserError(_first_part(said.getvalue()) + f" See `retia {verb} --help`.") from None


def _first_part(box: str) -> str:
    """What tyro's box says above the help it repeats, and the flag it thinks was meant."""
    lines = [line.strip("│╭╮╰╯ ") for line in box.splitlines()[1:]]
    end = next((i for i, line in enumerate(lines) if line.startswith("─")), len(lines))
    text = " ".join(line for line in lines[:end] if line).rstrip(".") + "."
    if "Perhaps you meant:" in lines:
        text += f" Did you mean `{lines[lines.index('Perhaps you meant:') + 1].split()[0]}`?"
    return text


def take_config(args: list[str], kind: type) -> tuple[Any, list[str]]:
    """Take `--config FILE` out of the flags; return the defaults it holds and the other flags.

    Raises:
        UserError: If the file is missing, is no YAML, or holds a wrong key or value.
    """
    if "--config" not in args:
        return None, args
    import pydantic
    import tyro

    from retia.records.jsonl import describe
    from retia.runs.config import read_yaml

    at = args.index("--config")
    if at + 1 >= len(args):
        raise UserError("--config stands without a file. Expected --config FILE.yaml.")
    path = Path(args[at + 1])
    hints = typing.get_type_hints(kind, include_extras=True)
    values: dict[str, Any] = {}
    for key, value in read_yaml(path).items():
        if key not in hints:
            raise UserError(f"{path}: unknown key `{key}`.{did_you_mean(str(key), hints)}")
        try:
            values[key] = pydantic.TypeAdapter(hints[key]).validate_python(value)
        except pydantic.ValidationError as error:
            raise UserError(f"{path}: `{key}`: {describe(error, kind)}") from None
    for field in dataclasses.fields(kind):
        missing = dataclasses.MISSING
        if field.default is missing and field.default_factory is missing:
            values.setdefault(field.name, tyro.MISSING)
    return kind(**values), args[:at] + args[at + 2 :]


def split_verb(args: list[str]) -> tuple[str, list[str]]:
    """Split the words into the verb (of one or two words) and its flags.

    Raises:
        UserError: If there is no such verb.
    """
    if " ".join(args[:2]) in VERBS:
        return " ".join(args[:2]), args[2:]
    if args[0] in VERBS:
        return args[0], args[1:]
    children = [verb for verb in VERBS if verb.startswith(f"{args[0]} ")]
    if children:
        raise UserError(f"`retia {args[0]}` needs one word more: {' or '.join(children)}.")
    hint = did_you_mean(args[0], VERBS)
    raise UserError(f"no such verb: {args[0]}.{hint} See `retia --help`.")


def overview() -> str:
    """Return the help text: one line a verb."""
    width = max(map(len, VERBS)) + 2
    lines = [f"  {verb:<{width}}{line}" for verb, (_, line) in VERBS.items()]
    return "\n".join(
        [
            f"retia {__version__}: from a medical image to a model that explains its answer.",
            DISCLAIMER,
            "",
            "usage: retia VERB [flags]        (retia VERB --help shows the flags)",
            "",
            *lines,
            "",
            "Every verb takes --config FILE.yaml (flags win over the file) and --json.",
        ]
    )


def entry() -> None:
    """Entry point of the `retia` command."""
    try:
        code = main()
    except BrokenPipeError:
        # The reader (such as `head`) has seen enough; nobody is left to be told.
        sys.stdout = None
        code = 0
    sys.exit(code)


if __name__ == "__main__":
    entry()
