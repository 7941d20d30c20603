"""`retia attribute check`: do attributions say what the model relies on, and where lesions are?"""

import functools
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.errors import UserError
from retia.runs import StepConfig, open_step

if TYPE_CHECKING:
    from retia.attribution.faithfulness import Removal
    from retia.records import Attribution, Case
    from retia.records.attribution_folder import AttributionFolder
    from retia.staging.model import StageModel

log = logging.getLogger("retia")


@dataclass(frozen=True, kw_only=True)
class AttributeCheckConfig(StepConfig):
    """What `retia attribute check` takes."""

    attributed: Path
    """Folder that `retia attribute` wrote."""
    graphs: Path
    """Folder of the graphs it read; its cases hold the true classes and lesions."""
    model: Path | None = None
    """Folder of `retia stage train`; the shipped model when left out."""
    draws: int = 3
    """Random orders per case."""
    sanity_cases: int = 24
    """How many cases are attributed again with random weights."""


def check(config: AttributeCheckConfig) -> dict[str, Any]:
    """Measure how faithful attributions are, and whether they point at the lesions.

    Only cases count that are diseased and that the model takes for diseased. Writes `check.json`,
    `check.md` (tables), `curves.png` and `cases.jsonl` (one line a case).

    Returns:
        Completeness, deletion and insertion against other orders, the effect of random weights,
        and localisation, each with n and 95 % intervals clustered by group.

    Raises:
        UserError: If a folder cannot be read, or no case is truly and by prediction diseased.
    """
    from retia.weights import staging_folder

    folder = config.model or staging_folder()
    inputs = {"attributed": config.attributed, "graphs": config.graphs, "model": folder}
    with open_step("attribute check", config, inputs) as step:
        if step.done:
            return step.summary
        import json

        from retia.attribution.check_report import write_report
        from retia.attribution.check_summary import summarise
        from retia.runs.step import write_lines

        cases = diseased_cases(config, folder)
        items = {
            case.id: _Item(config, folder, case, number < config.sanity_cases)
            for number, case in enumerate(cases)
        }
        done = step.map(check_case, items, "checking")
        rows = [json.loads((f / "case.json").read_text()) for f in done.values()]
        write_lines(step.out / "cases.jsonl", rows)
        step.summary = summarise(rows, config.seed)
        write_report(step.out, step.summary)
        log.info("%s", step.summary["text"])
    return step.summary


def diseased_cases(config: AttributeCheckConfig, model: Path) -> list["Case"]:
    """The cases that are diseased and predicted so.

    Raises:
        UserError: If there is none.
    """
    from retia.records import read_cases
    from retia.staging.labels import label_of

    known, attributed = _load(model, 0)[0], _open(config.attributed)
    healthy = known.classes[0]
    cases = [c for c in read_cases(config.graphs) if c.id in attributed.places]
    truly = [c for c in cases if label_of(c, known.label) not in (None, healthy)]
    kept = [c for c in truly if attributed.summaries[c.id]["stage"] != healthy]
    if not kept:
        raise UserError(
            f"{config.attributed} holds {len(cases)} cases of {config.graphs}; {len(truly)} have a "
            f"`{known.label}` other than {healthy}, and the model takes none of those for "
            "diseased. The check needs at least one."
        )
    return kept


@dataclass(frozen=True)
class _Item:
    """One case with all that its worker needs."""

    config: AttributeCheckConfig
    model: Path
    case: "Case"
    sanity: bool


def check_case(item: _Item, out: Path) -> None:
    """Measure one case; writes `case.json`."""
    import numpy as np

    from retia.attribution.attribute import open_graphs
    from retia.attribution.faithfulness import Removal
    from retia.graphs.hetero import to_hetero_data
    from retia.runs import item_seed
    from retia.runs.step import write_json

    config, id = item.config, item.case.id
    attribution = _open(config.attributed).read(id)
    graph = open_graphs(config.graphs).read(id)
    data = to_hetero_data(graph)
    model, others = _load(item.model, config.seed)
    removal = Removal(model, data, attribution.stage, attribution.baseline)
    rng = np.random.default_rng(item_seed(config.seed, id))
    orders = orders_of(attribution, removal, rng, config.draws)
    row: dict[str, Any] = {"case": id, "group": item.case.group, "stage": attribution.stage}
    row["paths"] = {n: {"delta": p.delta, "error": p.error} for n, p in attribution.paths.items()}
    row["curves"] = curves_of(removal, orders)
    row["lesions"] = lesions_of(item.case, config.graphs, graph, orders)
    if item.sanity:
        row["sanity"] = sanity_of(others, id, data, attribution)
    write_json(out / "case.json", row)


def orders_of(
    attribution: "Attribution", removal: "Removal", rng: Any, draws: int
) -> dict[str, list[dict[str, Any]]]:
    """The orders that are compared, by name; several of the random one."""
    own = {kind: attribution.importance(kind) for kind in attribution.nodes}
    orders = {"attribution": [own]}
    if attribution.presence:
        orders["presence"] = [attribution.presence]
    orders["gradient x input"] = [removal.gradient_times_input()]
    orders["degree"] = [removal.degrees()]
    orders["random"] = [removal.random(rng) for _ in range(draws)]
    return orders


def curves_of(
    removal: "Removal", orders: dict[str, list[dict[str, Any]]]
) -> dict[str, dict[str, list[float]]]:
    """Per way of removal and curve (`healed deletion`), per order, the mean curve."""
    import numpy as np

    from retia.attribution.faithfulness import CURVES, REMOVALS

    return {
        f"{way} {curve}": {
            name: np.mean([removal.curve(s, way, curve) for s in scores], axis=0).tolist()
            for name, scores in orders.items()
        }
        for way in REMOVALS
        for curve in CURVES
    }


def lesions_of(
    case: "Case", folder: Path, graph: Any, orders: dict[str, list[dict[str, Any]]]
) -> dict[str, dict[str, Any]]:
    """Localisation of one case; empty without lesion masks.

    Returns:
        `all`: per order, over all elements and lesions. `without faz`: the same without the node of
        the FAZ. `kinds`: of the attribution, per kind of lesion.
    """
    from functools import reduce

    from retia.attribution.localisation import elements_inside, lesion_masks, localise
    from retia.records.graph import NODE_TYPES

    masks = lesion_masks(case, folder)
    if not masks:
        return {}
    inside = elements_inside(graph, reduce(lambda a, b: a | b, masks.values()))
    first = {name: scores[0] for name, scores in orders.items()}
    small = ("segment", "area")
    return {
        "all": {name: localise(s, inside, NODE_TYPES) for name, s in first.items()},
        "without faz": {name: localise(s, inside, small) for name, s in first.items()},
        "kinds": {
            kind: localise(first["attribution"], elements_inside(graph, mask), NODE_TYPES)
            for kind, mask in masks.items()
        },
    }


def sanity_of(
    others: list[tuple[str, "StageModel"]], id: str, data: Any, attribution: "Attribution"
) -> dict[str, dict[str, float]]:
    """Rank correlation with the attributions of randomised models, signed and by size."""
    import numpy as np

    from retia.attribution.integrated_gradients import attribute_graph
    from retia.attribution.randomisation import rank_correlation

    own = np.concatenate([attribution.importance(k) for k in attribution.nodes])
    found = {}
    for name, model in others:
        other = attribute_graph(
            model, id, data, attribution.stage, attribution.baseline, paths=("features",)
        )
        theirs = np.concatenate([other.importance(k) for k in attribution.nodes])
        found[name] = {
            "signed": rank_correlation(own, theirs),
            "size": rank_correlation(np.abs(own), np.abs(theirs)),
        }
    return found


@functools.lru_cache(maxsize=2)
def _load(model: Path, seed: int) -> tuple["StageModel", list[tuple[str, "StageModel"]]]:
    """The model and its randomised versions; read once a process."""
    from retia.attribution.randomisation import randomised
    from retia.staging.model import StageModel

    loaded = StageModel.load(model)
    return loaded, list(randomised(loaded, seed))


@functools.lru_cache(maxsize=1)
def _open(folder: Path) -> "AttributionFolder":
    from retia.records.attribution_folder import AttributionFolder

    return AttributionFolder(folder)
