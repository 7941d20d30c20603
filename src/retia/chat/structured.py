"""JSON in what a language model wrote, whatever it wrote around it."""

import json
from typing import Any


def read_object(text: str) -> dict[str, Any] | None:
    """The first JSON object of a text, past code fences and other words; None without one."""
    decoder = json.JSONDecoder(strict=False, parse_constant=_refuse)
    at = text.find("{")
    while at >= 0:
        try:
            value, _ = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            # An object that is cut off: what lies inside it is no answer.
            return None
        if isinstance(value, dict):
            return value
        at = text.find("{", at + 1)
    return None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not a finite number")
