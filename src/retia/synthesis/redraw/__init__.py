"""`retia render`: the images of a cohort drawn again from its saved graphs; nothing grows."""

from retia.synthesis.redraw.run import render
from retia.synthesis.redraw.settings import RenderConfig

__all__ = ["RenderConfig", "render"]
