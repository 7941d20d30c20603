"""What is exported for another tool and imported again says the same, gold answers and all."""

from dataclasses import replace

import pytest
from eyes import random_eye
from frames import SCAN, random_frame
from PIL import Image

from retia.instructions import ExportConfig, WriteConfig, export, write
from retia.records import read_samples, write_cases
from retia.sources.conversations import SamplesConfig, import_samples


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """Samples of three modalities, all of one split."""
    root = tmp_path_factory.mktemp("back")
    cases = [*(random_eye(4 * i, 4 * i) for i in range(3)), random_frame(3, 3), SCAN]
    cases = [replace(c, split="train") for c in cases]
    write_cases(root / "cases", cases)
    for case in cases:
        path = root / "cases" / case.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), 7).save(path)
    write(WriteConfig(cases=root / "cases", out=root / "samples"))
    return root / "samples"


def plain(sample):
    """A sample without what no other tool has a place for: evidence and regions."""
    return replace(
        sample,
        images=(),
        messages=tuple(
            replace(
                m,
                evidence=(),
                roi_px=None,
                question_kind=m.question_kind or None,
                content=tuple(replace(p, text=p.text and p.text.strip()) for p in m.content),
            )
            for m in sample.messages
        ),
    )


@pytest.mark.parametrize("format", ["trl", "llava", "sharegpt", "llama-factory", "ms-swift"])
@pytest.mark.parametrize("pack", [False, True])
def test_there_and_back(samples, tmp_path, format, pack):
    export(ExportConfig(samples=samples, format=format, out=tmp_path / "out", pack=pack))
    (source,) = [p for p in (tmp_path / "out").glob("train.json*")]
    import_samples(SamplesConfig(source=source, out=tmp_path / "back"))
    sent, back = read_samples(samples), read_samples(tmp_path / "back")
    assert [plain(s) for s in back] == [plain(s) for s in sent]
    for one, other in zip(sent, back, strict=True):
        there = (tmp_path / "back" / other.images[0]).resolve()
        assert there.read_bytes() == (samples / one.images[0]).read_bytes()
