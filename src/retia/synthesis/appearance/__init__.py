"""What an eye looks like in a scan: plain coverage, a physical noise model, a learned renderer."""

from retia.synthesis.appearance.scan import BEST, Appearance, reach_px, render
from retia.synthesis.appearance.texture import Texture, draw_texture

__all__ = ["BEST", "Appearance", "Texture", "draw_texture", "reach_px", "render"]
