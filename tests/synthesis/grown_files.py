"""What a cohort's folder holds, for tests that compare folders."""

from pathlib import Path


def files(folder: Path) -> dict[str, bytes]:
    """Every file but `timing.json`, by its path in the folder."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "timing.json"
    }


def differing(one: Path, two: Path) -> list[str]:
    """Paths that only one of the folders holds, or that differ in their bytes."""
    first, second = files(one), files(two)
    return sorted(n for n in {*first, *second} if first.get(n) != second.get(n))
