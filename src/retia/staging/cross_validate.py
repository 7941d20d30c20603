"""`retia stage cross-validate`: the graph network and its baselines, judged in the same folds."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.errors import UserError
from retia.runs import open_step
from retia.staging.fit import FitConfig

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from retia.staging.eyes import Eyes
    from retia.staging.methods import Fold

log = logging.getLogger("retia")


@dataclass(frozen=True, kw_only=True)
class CrossValidateConfig(FitConfig):
    """What `retia stage cross-validate` takes."""

    graphs: Path
    """Folder that `retia graph` wrote; its cases know their label, and their images are there."""
    folds: int = 5
    """Parts of the eyes, each tested on once by models that never saw a patient of it."""
    seeds: int = 3
    """How often it is all done, with other folds and other weights."""
    test_split: str | None = None
    """Test on this split of the cases and train on the others, in the place of folds."""
    methods: tuple[str, ...] = ()
    """Names of the methods, as in the table; all that the data allow when left out."""
    min_age: float | None = None
    """Score the eyes of this age in years and above once more, by themselves."""
    curve: tuple[float, ...] = ()
    """Shares of the training eyes on which the graph network is trained too: a learning curve."""


def cross_validate(config: CrossValidateConfig) -> dict[str, Any]:
    """Cross-validate staging by graph network and baselines, in the same folds.

    Folds are stratified and never cut through a group; a fifth of each training part chooses the
    epoch. Writes `predictions.parquet` (every test probability), `results.json`, `table.md`,
    `figure.png` and `costs.json` (CPU seconds; they differ from run to run).

    Returns:
        Per method its scores with 95 % intervals (bootstrap over groups), its confusion and how
        far the graph network is ahead; the learning curve; the number of eyes of each class.

    Raises:
        UserError: If the cases have not two classes, or folds, split or methods are not there.
    """
    with open_step("stage cross-validate", config, {"graphs": config.graphs}) as step:
        if step.done:
            return step.summary
        import json

        import polars as pl
        from PIL import Image

        from retia.atomic import atomic_file
        from retia.runs.step import write_json
        from retia.staging.chart import draw
        from retia.staging.eyes import read_eyes
        from retia.staging.predict import write_predictions

        eyes = read_eyes(config.graphs, config.label)
        items = plan(config, eyes)
        done = step.map(run_fold, items, "folds")
        if len(done) < len(items):
            return step.summary  # some folds failed, which is told: no table of the others
        table = pl.concat([pl.read_parquet(f / "predictions.parquet") for f in done.values()])
        write_predictions(step.out, table)
        step.summary = summarise(config, eyes, table)
        write_json(step.out / "results.json", step.summary)
        costs = [json.loads((f / "costs.json").read_text()) for f in done.values()]
        names = dict.fromkeys(name for cost in costs for name in cost)
        total = {n: round(sum((c.get(n, 0.0) for c in costs), 0.0), 1) for n in names}
        write_json(step.out / "costs.json", total)
        with atomic_file(step.out / "table.md") as part:
            part.write_text(in_markdown(step.summary, total), encoding="utf-8")
        with atomic_file(step.out / "figure.png") as part:
            Image.fromarray(draw(step.summary)).save(part, format="PNG")
        log.info("CPU seconds: %s", total)
    return step.summary


def plan(config: CrossValidateConfig, eyes: "Eyes") -> dict[str, Any]:
    """The runs: per seed and fold (and share of the training part) an item of `run_fold`.

    Raises:
        UserError: If folds, split, shares or methods are not there.
    """
    from retia.staging.methods import METHODS, methods_for

    allowed = methods_for(eyes)
    if unknown := [name for name in config.methods if name not in allowed]:
        why = "not every age is known" if unknown[0] in METHODS else "there is no such method"
        raise UserError(f"method `{unknown[0]}`: {why}. Expected some of: {', '.join(allowed)}.")
    if bad := [share for share in config.curve if not 0 < share < 1]:
        raise UserError(f"curve holds {bad[0]}. Expected shares of the training eyes in (0, 1).")
    if config.seeds < 1:
        raise UserError(f"seeds is {config.seeds}. Expected 1 or more.")
    methods = config.methods or allowed
    items = {}
    for seed in range(config.seed, config.seed + config.seeds):
        for number, fold in enumerate(folds_of(config, eyes, seed)):
            items[f"seed{seed}-fold{number}"] = (config, seed, number, fold, 1.0, methods)
            for share in config.curve:
                smaller = shrink(fold, share, eyes, seed, config.label)
                name = f"seed{seed}-fold{number}-share{share:g}"
                items[name] = (config, seed, number, smaller, share, (next(iter(METHODS)),))
    return items


def folds_of(config: CrossValidateConfig, eyes: "Eyes", seed: int) -> "list[Fold]":
    """The folds of one seed, or the one of the test split.

    Raises:
        UserError: If there are too few groups, or nobody is in the split.
    """
    import numpy as np

    from retia.staging.methods import Fold
    from retia.staging.splits import assign_folds

    everyone = np.arange(len(eyes.cases))
    if config.test_split is None:
        number = np.array(assign_folds(eyes.cases, config.folds, seed, config.label))
        tested = [everyone[number == k] for k in range(config.folds)]
    else:
        tested = [everyone[[c.split == config.test_split for c in eyes.cases]]]
        if not len(tested[0]):
            known = sorted({str(c.split) for c in eyes.cases})
            raise UserError(
                f"no labelled case is in split {config.test_split!r}. The splits here are "
                f"{', '.join(known)}."
            )
    folds = []
    for test in tested:
        rest = np.setdiff1d(everyone, test)
        chooses = np.array([eyes.cases[i].split == "validation" for i in rest])
        if config.test_split is None or not chooses.any():
            chooses = _a_fifth([eyes.cases[i] for i in rest], seed, config.label)
        folds.append(Fold(rest[~chooses], rest[chooses], test))
    return folds


def shrink(fold: "Fold", share: float, eyes: "Eyes", seed: int, label: str) -> "Fold":
    """The same test part with about a share of the other eyes, whole groups of every class."""
    from retia.staging.methods import Fold
    from retia.staging.splits import keep_share

    def part(rows: "np.ndarray") -> "np.ndarray":
        return rows[keep_share([eyes.cases[i] for i in rows], share, seed, label)]

    return Fold(part(fold.train), part(fold.validation), fold.test)


def _a_fifth(cases: list, seed: int, label: str) -> "np.ndarray":
    import numpy as np

    from retia.staging.splits import assign_folds

    folds = min(5, len({c.group for c in cases}))
    return np.array(assign_folds(cases, folds, seed, label)) == 0


def run_fold(item: tuple, out: Path) -> None:
    """Run the methods on one fold; write `predictions.parquet` and `costs.json`.

    Args:
        item: Config, seed, number of the fold, the fold, share of its training part, methods.
        out: Empty folder.
    """
    import time

    import polars as pl

    from retia.runs.step import write_json
    from retia.staging.eyes import read_eyes
    from retia.staging.methods import METHODS
    from retia.staging.predict import write_predictions

    config, seed, number, fold, share, methods = item
    eyes = read_eyes(config.graphs, config.label)
    tested = [eyes.cases[i] for i in fold.test]
    tables, costs = [], {}
    for name in methods:
        start = time.process_time()
        p = METHODS[name](eyes, fold, config, seed)
        costs[name] = round(time.process_time() - start, 2)
        columns: dict[str, Any] = {
            "method": name,
            "share": share,
            "seed": seed,
            "fold": number,
            "case": [c.id for c in tested],
            "group": [c.group for c in tested],
            config.label: [eyes.classes[k] for k in eyes.truth[fold.test]],
            "predicted": [eyes.classes[k] for k in p.argmax(axis=1)],
        }
        tables.append(
            pl.DataFrame(columns | {f"p_{c}": p[:, k] for k, c in enumerate(eyes.classes)})
        )
    write_predictions(out, pl.concat(tables))
    write_json(out / "costs.json", costs)


def summarise(config: CrossValidateConfig, eyes: "Eyes", table: "pl.DataFrame") -> dict[str, Any]:
    """Score the predictions; see `cross_validate`."""
    import polars as pl

    tested = set(table["case"].to_list())
    old = [config.min_age is not None and (c.age or 0) >= config.min_age for c in eyes.cases]
    whole = table.filter(pl.col("share") == 1.0)
    summary: dict[str, Any] = {
        "label": config.label,
        "classes": list(eyes.classes),
        "folds": config.test_split or config.folds,
        "seeds": config.seeds,
        "all": _scored(config, eyes, whole, [c.id in tested for c in eyes.cases]),
    }
    if config.min_age is not None:
        kept = [c.id in tested and o for c, o in zip(eyes.cases, old, strict=True)]
        summary[f"aged {config.min_age:g} or more"] = _scored(config, eyes, whole, kept)
    if config.curve:
        points = []
        for share in sorted({*config.curve, 1.0}):
            part = table.filter(
                (pl.col("share") == share) & (pl.col("method") == table["method"][0])
            )
            scored = _scored(config, eyes, part, [c.id in tested for c in eyes.cases])
            (entry,) = scored["methods"].values()
            points.append({"share": share, **entry["scores"]["balanced_accuracy"]})
        summary["curve"] = points
    return summary


def _scored(
    config: CrossValidateConfig, eyes: "Eyes", table: "pl.DataFrame", kept: list[bool]
) -> dict[str, Any]:
    """Scores of the methods of a table on the kept eyes, with how many of them there are."""
    import numpy as np

    from retia.staging.scores import score_methods

    rows = np.flatnonzero(kept)
    cases = [eyes.cases[i] for i in rows]
    place = {c.id: i for i, c in enumerate(cases)}
    columns = [f"p_{name}" for name in eyes.classes]
    probabilities = {}
    for (name,), part in table.partition_by("method", as_dict=True, maintain_order=True).items():
        p = np.full((len(cases), config.seeds, len(columns)), np.nan)
        ids, seeds = part["case"].to_list(), part["seed"].to_numpy() - config.seed
        for id, seed, row in zip(ids, seeds, part.select(columns).to_numpy(), strict=True):
            if id in place:
                p[place[id], seed] = row
        probabilities[str(name)] = p
    truth = eyes.truth[rows]
    return {
        "eyes": {name: int((truth == k).sum()) for k, name in enumerate(eyes.classes)},
        "groups": len({c.group for c in cases}),
        "methods": score_methods(truth, probabilities, [c.group for c in cases], config.seed),
    }


def in_markdown(summary: dict[str, Any], costs: dict[str, float]) -> str:
    """The summary as text with tables."""
    from retia.staging.scores import in_words, markdown

    parts = []
    for name, value in summary.items():
        if isinstance(value, dict):
            eyes = ", ".join(f"{count} {k}" for k, count in value["eyes"].items())
            parts.append(
                f"Eyes: {name} ({eyes}; {value['groups']} groups). Mean of {summary['seeds']} "
                f"seeds; [95 % interval over groups].\n\n{markdown(value['methods'])}"
            )
    if "curve" in summary:
        points = [f"{p['share']:.0%}: {in_words(p, True)}" for p in summary["curve"]]
        parts.append(f"Balanced accuracy by share of the training eyes: {'; '.join(points)}\n")
    spent = ", ".join(f"{name} {seconds:g}" for name, seconds in costs.items())
    parts.append(f"CPU seconds: {spent}\n")
    return "\n".join(parts)
