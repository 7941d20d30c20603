"""Randomness that depends on the item alone, never on order or workers."""

import hashlib


def item_seed(seed: int, item: str) -> int:
    """Return a 63-bit seed from the base seed and the item's id."""
    digest = hashlib.sha256(f"{seed}/{item}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1
