"""A toy cohort: noisy squares, some with a dark disc, with their masks and samples."""

import numpy as np
import pytest
from PIL import Image
from tiny_size import TINY

from retia.records import Case, Finding, Message, Part, Sample, write_cases, write_samples
from retia.tuning.settings import Round, TowerSettings
from retia.tuning.sft import SftConfig

SIDE = 64


def turn(role, text, image=False):
    parts = (Part(type="image"),) if image else ()
    return Message(role=role, content=(*parts, Part(type="text", text=text)))


def make_eye(folder, number):
    """Write one eye; odd ones have a disc in a corner."""
    rng = np.random.default_rng(number)
    pixels = rng.integers(120, 200, (SIDE, SIDE)).astype(np.uint8)
    id, findings = f"{number:03d}", ()
    if number % 2:
        x, y = (int(v) for v in rng.choice([16, 48], 2))
        rows, columns = np.mgrid[:SIDE, :SIDE]
        disc = np.hypot(rows - y, columns - x) < 12
        pixels[disc] //= 8
        (folder / "lesions" / id).mkdir(parents=True, exist_ok=True)
        Image.fromarray(disc.astype(np.uint8) * 255).save(folder / "lesions" / id / "f1.png")
        box = (x - 12, y - 12, x + 12, y + 12)
        mask = f"lesions/{id}/f1.png"
        findings = (
            Finding(id="f1", kind="capillary_dropout", source="simulator", box_px=box, mask=mask),
        )
    Image.fromarray(pixels).save(folder / "images" / f"{id}.png")
    return Case(
        file_name=f"images/{id}.png",
        id=id,
        group=id,
        modality="octa",
        split="validation" if number >= 24 else "train",
        stage="npdr" if findings else "healthy",
        findings=findings,
    )


def make_samples(case):
    there = bool(case.findings)
    box = f" at [{', '.join(str(round(v)) for v in case.findings[0].box_px)}]" if there else ""
    texts = {
        "stage1": ("Is there dropout?", f"Yes, dropout{box}." if there else "No dropout."),
        "stage2": ("Which stage is it?", "It is NPDR." if there else "It is healthy."),
    }
    return [
        Sample(
            id=f"{case.id}-{stage}",
            case=case.id,
            group=case.group,
            images=(f"../cohort/{case.file_name}",),
            messages=(turn("user", question, image=True), turn("assistant", answer)),
            stage=stage,
            split=case.split,
        )
        for stage, (question, answer) in texts.items()
    ]


@pytest.fixture(scope="session")
def toy(tmp_path_factory):
    """Folder with `cohort/` and `samples/`."""
    import torch

    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("toy")
    (root / "cohort" / "images").mkdir(parents=True)
    cases = [make_eye(root / "cohort", i) for i in range(32)]
    write_cases(root / "cohort", cases)
    write_samples(root / "samples", [s for c in cases for s in make_samples(c)])
    return root


@pytest.fixture
def config_of(toy):
    """Make a small `SftConfig`."""

    def make(out, **changes):
        settings = {
            "samples": toy / "samples",
            "cohort": toy / "cohort",
            "size": TINY,
            "tower": TowerSettings(steps=4, evaluate_every=2),
            "stage1": Round(steps=4),
            "stage2": Round(steps=3, replay=0.25),
        }
        return SftConfig(out=out, **(settings | changes))

    return make


@pytest.fixture(scope="session")
def tuned(toy, tmp_path_factory):
    """Folder of a student that has learned the toy task in some steps."""
    from retia.tuning.sft import sft

    out = tmp_path_factory.mktemp("tuned")
    sft(
        SftConfig(
            samples=toy / "samples",
            cohort=toy / "cohort",
            size=TINY,
            out=out,
            tower=TowerSettings(steps=160, evaluate_every=80, warmup_steps=5),
            stage1=Round(steps=80, learning_rate=4e-3, warmup_steps=5),
            stage2=Round(steps=90, learning_rate=4e-3, warmup_steps=5, replay=0.3),
        )
    )
    return out
