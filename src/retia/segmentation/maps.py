"""What the segmenter shows, by name."""

LESIONS = (
    "capillary_dropout",
    "microaneurysm",
    "neovascularization",
    "irma",
    "tortuosity",
    "calibre_change",
)
"""Kinds of lesions whose places the network tells."""
MAPS = ("vessels", "large_vessels", "faz", *LESIONS)
"""What the output channels show, in their order."""
FINE = 4
"""How many times larger the fine vessel map is."""
