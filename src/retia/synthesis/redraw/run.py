"""`retia render`: a cohort in, the same cohort with other images out.

Noise follows from the eye's own seed, so the appearance and size of the cohort give its very bytes.
"""

from typing import Any

from retia.errors import UserError
from retia.runs import open_step
from retia.synthesis.redraw.assembly import assemble, lines_of
from retia.synthesis.redraw.eye import Redrawing, redraw_eye, times_larger
from retia.synthesis.redraw.settings import RenderConfig, absolute, inputs_of

OWNS = (
    *("images", "vessels", "faz", "lesions", "graphs"),
    *("metadata.jsonl", "contact_sheet.png", "README.md"),
)
"""What the step writes in its folder."""


def render(config: RenderConfig) -> dict[str, Any]:
    """Draw the images of a cohort again from its saved graphs.

    Writes `images/`, `vessels/`, `faz/`, `lesions/`, `graphs/`, `metadata.jsonl`, a contact sheet
    and a dataset card: a cohort like the one it reads, without its twins.

    Returns:
        Number of eyes, appearance and size of the images.

    Raises:
        UserError: If the folder holds no graphs, the size is no multiple of the cohort's, or the
            renderer cannot be loaded.
    """
    inputs = inputs_of(config)
    image_px = _check_size(config)
    with open_step("render", config, inputs, owns=OWNS) as step:
        if step.done:
            return step.summary
        eyes = sum(1 for _ in lines_of(config.cohort))
        placed = absolute(config)
        tasks = ((id, Redrawing(placed, line)) for id, line in lines_of(config.cohort))
        step.do(redraw_eye, tasks, eyes, "drawing")
        step.summary = assemble(step, config, image_px)
    return step.summary


def _check_size(config: RenderConfig) -> int:
    """Side of the images to draw; all eyes of a cohort have the same."""
    from retia.synthesis.cohort.table import read_stored_eye

    first = next(lines_of(config.cohort), None)
    if first is None:
        raise UserError(f"{config.cohort}/metadata.jsonl is empty. Expected at least one case.")
    eye = read_stored_eye(config.cohort, first[0])
    return eye.image_px * times_larger(config, eye)
