"""The gallery shows every kind of lesion, stage and appearance, and stays small."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

from retia.disclaimer import DISCLAIMER
from retia.synthesis.appearance import Appearance
from retia.synthesis.disease import CALIBRE_FORMS
from retia.synthesis.profiles import ALL_KINDS, STAGED

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.fixture(scope="module")
def gallery() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_gallery", DOCS / "make_gallery.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_picture_of_the_page_is_there_and_all_are_small():
    page = (DOCS / "gallery.md").read_text()
    assert DISCLAIMER in " ".join(page.replace("> ", "").split())
    shown = {DOCS / target for target in re.findall(r"\]\(([^)]+)\)", page)}
    assert shown == set((DOCS / "pictures" / "gallery").iterdir())
    assert sum(path.stat().st_size for path in shown) < 3e6


def test_every_stage_and_every_kind_of_lesion_has_its_row(gallery: ModuleType):
    assert gallery.STAGES == STAGED
    assert set(gallery.LESIONS) == ALL_KINDS - {"calibre_change"} | set(CALIBRE_FORMS)


def test_a_row_is_one_eye_with_and_without_its_lesion(gallery: ModuleType):
    """The worst grade of each kind is grown, and is visible in the window that is shown."""
    from retia.synthesis.eye import make_eye

    for name in ("irma", "beading"):
        disease = gallery.LESIONS[name](1.0)
        eye = make_eye(gallery.SEED, disease, appearance="plain")
        numbers = gallery._of(eye, "calibre_change" if disease.calibre else name)
        assert numbers, f"{name} found no place: choose another seed"
        side_px = gallery.WINDOW_PX // 2
        corner = gallery._window(eye, numbers, side_px)
        ill, well = (gallery._cut(eye.image(without), corner, side_px) for without in ((), numbers))
        assert (ill != well).any()


def test_appearances_are_all_shown(gallery: ModuleType, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gallery, "_ill", lambda: _Drawn())
    monkeypatch.setattr(gallery, "replace", lambda eye, appearance: eye)
    _, captions, _ = gallery.appearances()
    assert tuple(captions) == get_args(Appearance)


class _Drawn:
    def image(self) -> str:
        return "drawn"
