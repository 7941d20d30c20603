"""A recipe: one YAML file that names a whole run.

    out: runs/demo
    steps:
      - grow: {count: 36, out: "{out}/cohort"}
      - segment: {images: "{out}/cohort", out: "{out}/masks"}

`{out}` stands for the run's folder, `{data}` for the folder of a data set that the recipe starts
from. The command line executes the steps in order.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retia.errors import UserError, did_you_mean
from retia.runs.config import read_yaml

KEYS = ("title", "out", "data", "seed", "workers", "steps")


@dataclass(frozen=True, kw_only=True)
class RecipeStep:
    """One line of a recipe: a verb and its settings."""

    verb: str
    settings: dict[str, Any]
    shared: frozenset[str] = frozenset()
    """Settings that came from the recipe itself; a verb that does not know them goes without."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A whole run."""

    title: str
    out: Path
    steps: tuple[RecipeStep, ...]


def read_recipe(
    path: Path,
    out: Path | None = None,
    workers: int | None = None,
    data: Path | None = None,
) -> Recipe:
    """Read a recipe; `seed` and `workers` of the recipe are handed to every step that has none.

    Args:
        path: The YAML file.
        out: Takes the place of the recipe's `out`.
        workers: Takes the place of the recipe's `workers`.
        data: Takes the place of the recipe's `data`.

    Raises:
        UserError: If a key is unknown, a step is not one verb with settings, or the folder of data
            is missing.
    """
    values = read_yaml(path)
    for key in values:
        if key not in KEYS:
            raise UserError(f"{path}: unknown key `{key}`.{did_you_mean(str(key), KEYS)}")
    if not isinstance(values.get("steps"), list) or not values["steps"]:
        raise UserError(f"{path}: `steps` is {values.get('steps')!r}. Expected a list of steps.")
    folder = out or Path(values.get("out") or Path("runs") / path.stem)
    places = {"{out}": str(folder)}
    if "data" in values:
        places["{data}"] = str(_data_folder(path, data or Path(str(values["data"]))))
    shared = {k: values[k] for k in ("seed", "workers") if k in values}
    if workers is not None:
        shared["workers"] = workers
    steps = []
    for number, step in enumerate(values["steps"], 1):
        if not (isinstance(step, dict) and len(step) == 1):
            raise UserError(
                f"{path}, step {number}: expected one `verb: {{settings}}`, saw {step}."
            )
        ((verb, settings),) = step.items()
        if not isinstance(settings, dict):
            raise UserError(f"{path}, step {number} ({verb}): expected settings, saw {settings!r}.")
        own = _fill(settings, places)
        given = frozenset(shared) - frozenset(own)
        steps.append(RecipeStep(verb=str(verb), settings=shared | own, shared=given))
    return Recipe(title=str(values.get("title", path.stem)), out=folder, steps=tuple(steps))


def _data_folder(recipe: Path, folder: Path) -> Path:
    if not folder.is_dir():
        raise UserError(
            f"{recipe} starts from data in {folder}, which is no folder. "
            "Put the data there, or name its folder with --data DIR."
        )
    return folder


def _fill(value: Any, places: dict[str, str]) -> Any:
    if isinstance(value, str):
        for place, filled in places.items():
            value = value.replace(place, filled)
        return value
    if isinstance(value, dict):
        return {k: _fill(v, places) for k, v in value.items()}
    if isinstance(value, list):
        return [_fill(v, places) for v in value]
    return value
