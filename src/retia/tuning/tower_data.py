"""What a vision tower is pre-trained on: pixels, and everything that cases know about them.

In:  cases of any modality, with masks, boxes, counts, a stage or labels.
Out: `TowerData`: images at the size the tower sees, and per image what is known and what is not.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retia.images import read_picture
from retia.records import Case
from retia.students.student import Student
from retia.taxonomy import STAGES
from retia.tuning.samples import seen_pixels

FAZ = "faz"
FINE = 4
"""Map cells along one side of a token's cell."""
GAIN = {"microaneurysm": 5.0}
"""Cover of a cell is multiplied by this and capped at 1: a microaneurysm fills no whole cell."""
MOST_CLASSES = 40
"""A label with more values than this is no class but a name."""


@dataclass(frozen=True)
class Truth:
    """What can be asked about a set of cases, read off the training split."""

    maps: tuple[str, ...]
    """Kinds that lie somewhere, and the FAZ."""
    counted: tuple[str, ...]
    """Kinds that are counted, and attributes of findings (`target=liver`)."""
    labels: dict[str, tuple[str, ...]]
    """Per label of the whole image, the stage among them, its classes."""
    modality: dict[str, str]
    """Modality of each map and count: other images say nothing about them."""


@dataclass(frozen=True)
class TowerData:
    """Everything of one split, in memory; N images."""

    pixels: np.ndarray
    """uint8, `(N, 3, S, S)`."""
    maps: np.ndarray
    """float16, `(N, len(maps), M, M)`: cover of each map cell, in [0, 1]."""
    maps_known: np.ndarray
    """bool, `(N, len(maps))`: whether somebody looked."""
    counts: np.ndarray
    """float32, `(N, len(counted))`."""
    counts_known: np.ndarray
    """bool, `(N, len(counted))`."""
    labels: dict[str, np.ndarray]
    """int64, `(N,)`: index of the class; -1 where unknown."""
    turnable: np.ndarray
    """bool, `(N,)`: whether the image may be turned by quarters (an eye has no upright)."""


def read_truth(cases: Sequence[Case]) -> Truth:
    """Find out what cases can teach a tower."""
    located: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    modality: dict[str, str] = {}
    values: dict[str, set[str]] = {}
    for case in cases:
        own = _counts(case)
        counted.update(own.keys())
        located.update({f.kind for f in case.findings if f.box_px is not None})
        modality |= dict.fromkeys(own, case.modality)
        for name, value in _labels(case).items():
            values.setdefault(name, set()).add(value)
        if case.modality == "octa":
            modality[FAZ] = case.modality
    labels = {
        name: STAGES if name == "stage" else tuple(sorted(found))
        for name, found in sorted(values.items())
        if name == "stage" or 2 <= len(found) <= MOST_CLASSES
    }
    maps = (*sorted(located), *([FAZ] if FAZ in modality else []))
    return Truth(maps=maps, counted=tuple(sorted(counted)), labels=labels, modality=modality)


def _labels(case: Case) -> dict[str, str]:
    return case.labels | ({"stage": case.stage} if case.stage in STAGES else {})


def _counts(case: Case) -> Counter[str]:
    """Findings of each kind, and of each attribute."""
    counts = Counter(f.kind for f in case.findings)
    counts.update(f"{k}={v}" for f in case.findings for k, v in f.attributes.items())
    return counts


def read_tower_data(
    cases: Sequence[Case], folder: Path, student: Student, truth: Truth
) -> TowerData:
    """Read images, masks and labels at the size the tower sees.

    Args:
        cases: Of one split.
        folder: What their paths are relative to.
        student: Its tower's image size and grid count.
        truth: Of the training split, so that both splits have the same maps and classes.
    """
    side = student.model.config.vision_config.grid * FINE
    pixels, maps, maps_known = [], [], []
    for case in cases:
        image = read_picture(Path(folder) / case.file_name)
        pixels.append(seen_pixels(student, image))
        own, known = _maps(case, Path(folder), image.shape[:2], side, truth)
        maps.append(own)
        maps_known.append(known)
    own_counts = [_counts(case) for case in cases]
    labels = {
        name: np.array([_index(classes, _labels(c).get(name)) for c in cases], np.int64)
        for name, classes in truth.labels.items()
    }
    return TowerData(
        pixels=np.stack(pixels),
        maps=np.stack(maps),
        maps_known=np.array(maps_known, bool).reshape(len(cases), len(truth.maps)),
        counts=np.array([[c[k] for k in truth.counted] for c in own_counts], np.float32),
        counts_known=np.array([[_looked(c, k, truth) for k in truth.counted] for c in cases]),
        labels=labels,
        turnable=np.array([case.modality == "octa" for case in cases]),
    )


def _index(classes: tuple[str, ...], value: str | None) -> int:
    return classes.index(value) if value in classes else -1


def _looked(case: Case, kind: str, truth: Truth) -> bool:
    """Whether the case tells if this kind is there; a case that names no kinds tells of all."""
    if case.modality != truth.modality.get(kind):
        return False
    there = any(f.kind == kind for f in case.findings)
    return there or "=" in kind or not case.looked_for or kind in case.looked_for


def _maps(
    case: Case, folder: Path, size: tuple[int, int], side: int, truth: Truth
) -> tuple[np.ndarray, list[bool]]:
    import cv2

    maps = np.zeros((len(truth.maps), side, side), np.float32)
    for finding in case.findings:
        if finding.box_px is None:
            continue
        if finding.mask is not None:
            mask = _mask(folder / finding.mask)
        else:
            mask = np.zeros(size, np.float32)
            x0, y0, x1, y1 = (round(v) for v in finding.box_px)
            mask[y0:y1, x0:x1] = 1
        if finding.kind not in truth.maps:
            continue
        cover = cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA)
        channel = truth.maps.index(finding.kind)
        cover = np.minimum(cover * GAIN.get(finding.kind, 1.0), 1)
        maps[channel] = np.maximum(maps[channel], cover)
    known = [_looked(case, kind, truth) for kind in truth.maps]
    if FAZ in truth.maps:
        # A cohort keeps the mask beside the folder of the image.
        path = (folder / case.file_name).parent.parent / "faz" / f"{case.id}.png"
        known[-1] = path.is_file()
        if known[-1]:
            maps[-1] = cv2.resize(_mask(path), (side, side), interpolation=cv2.INTER_AREA)
    return maps.astype(np.float16), known


def _mask(path: Path) -> np.ndarray:
    mask = (read_picture(path) > 0).astype(np.float32)
    return mask if mask.ndim == 2 else mask.max(axis=2)
