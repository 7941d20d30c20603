"""One planted fault at a time: preflight names each, and a clean set passes without a word."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from retia.cli import main
from retia.errors import CheckFailedError
from retia.records import (
    Case,
    Gold,
    Message,
    Part,
    Sample,
    read_samples,
    write_cases,
    write_samples,
)
from retia.tuning.preflight import PreflightConfig, examine, preflight

SIDE = 64
STAGE = "What is the stage of diabetic retinopathy? Answer as JSON."
SPLIT = {6: "validation", 7: "validation", 8: "test", 9: "test"}


def said(role, text, image=False, **more):
    parts = (Part(type="image"),) if image else ()
    return Message(role=role, content=(*parts, Part(type="text", text=text)), **more)


def make_sample(case, number):
    """A conversation of two turns: the stage as JSON, and where the dropout is."""
    stage = "NPDR" if number % 2 else "healthy"
    answer = json.dumps({"caption": "An eye.", "reasoning": [], "answer": stage})
    box = f"{number}, {number}, {number + 20}, {number + 20}"
    return Sample(
        id=f"{case.id}-s",
        case=case.id,
        group=case.group,
        split=case.split,
        images=(case.file_name,),
        messages=(
            said("user", STAGE, image=True),
            said(
                "assistant",
                answer,
                question_kind="stage",
                gold=Gold(type="stage", value=stage),
                evidence=(("grown/area/1",),),
            ),
            said("user", "Where is the darkest patch?"),
            said(
                "assistant",
                f"At [{box}].",
                question_kind="locate",
                gold=Gold(type="box", value=box),
                roi_px=(number, number, number + 20.0, number + 20.0),
            ),
        ),
    )


@pytest.fixture
def clean(tmp_path):
    """Folder with ten samples about ten images, split by eye."""
    (tmp_path / "images").mkdir()
    cases = []
    for number in range(10):
        id = f"{number:03d}"
        pixels = np.random.default_rng(number).integers(0, 255, (SIDE, SIDE)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{id}.png")
        cases.append(
            Case(
                file_name=f"images/{id}.png",
                id=id,
                group=id,
                modality="octa",
                split=SPLIT.get(number, "train"),
            )
        )
    write_cases(tmp_path, cases)
    write_samples(tmp_path, [make_sample(c, n) for n, c in enumerate(cases)])
    return tmp_path


def change(**changes):
    """Plant a fault in the first sample."""

    def plant(folder):
        first, *others = read_samples(folder)
        write_samples(folder, [replace(first, **changes), *others])

    return plant


def change_turn(place, **changes):
    """Plant a fault in one turn of the first sample."""

    def plant(folder):
        first, *others = read_samples(folder)
        messages = list(first.messages)
        messages[place] = replace(messages[place], **changes)
        write_samples(folder, [replace(first, messages=tuple(messages)), *others])

    return plant


def text(words, image=False):
    return said("user", words, image).content


def add(make):
    """Append what `make` makes of all samples."""

    def plant(folder):
        samples = read_samples(folder)
        write_samples(folder, [*samples, *make(samples)])

    return plant


def change_all(make):
    """Replace every sample; those that become None are left out."""

    def plant(folder):
        made = [make(s) for s in read_samples(folder)]
        write_samples(folder, [s for s in made if s is not None])

    return plant


def edit_file(name, edit):
    def plant(folder):
        path = folder / name
        path.write_bytes(edit(path.read_bytes()))

    return plant


def copy_into_test(folder):
    (folder / "images" / "008.png").write_bytes((folder / "images" / "000.png").read_bytes())


def many(make):
    """Questions with their answers, enough of them held out to be judged."""

    def plant(folder):
        samples = []
        for number, sample in enumerate(read_samples(folder) * 18):
            question, answer = make(number)
            gold = Gold(type="yes_no", value=answer)
            turns = (
                said("user", question, image=True),
                said("assistant", answer, question_kind="presence", gold=gold),
            )
            samples.append(replace(sample, id=str(number), messages=turns))
        write_samples(folder, samples)

    return plant


def of_surgery(sample):
    gold = Gold(type="choice", value="preparation")
    turns = (
        said("user", "Which phase is this?", image=True),
        said("assistant", "Preparation.", gold=gold),
    )
    return replace(sample, modality="cholecystectomy", messages=turns)


def ask_otherwise(sample):
    first, *others = sample.messages
    return replace(
        sample, messages=(replace(first, content=text("Stage? As JSON.", True)), *others)
    )


def without_roi(sample):
    return replace(sample, messages=tuple(replace(m, roi_px=None) for m in sample.messages))


def with_boxes(line):
    def make(sample):
        *others, last = without_roi(sample).messages
        last = replace(last, gold=None, content=said("assistant", line).content)
        return replace(sample, messages=(*others, last))

    return make


FATAL = {
    "a line that is no JSON": (
        edit_file("samples.jsonl", lambda b: b[: len(b) - 40] + b"\n"),
        "rows: no valid JSON",
    ),
    "a role tag of another tool": (
        edit_file("samples.jsonl", lambda b: b.replace(b'"role": "user"', b'"role": "human"', 1)),
        "rows: `messages.0.role` is 'human'",
    ),
    "an unknown key": (
        edit_file("samples.jsonl", lambda b: b.replace(b'"group"', b'"patient"', 1)),
        "rows: ",
    ),
    "a missing image": (lambda f: (f / "images" / "003.png").unlink(), "files are missing"),
    "a corrupt image": (edit_file("images/003.png", lambda b: b[:200]), "files are damaged"),
    "an image part too few": (change_turn(0, content=text(STAGE)), "one image part per image"),
    "a placeholder in a text": (
        change_turn(2, content=text("<image> Where is the darkest patch?")),
        "placeholder of an image",
    ),
    "an id twice": (add(lambda s: s[:1]), "same id"),
    "a group in two splits": (change(group="008", case="008"), "groups (patient, eye or video)"),
    "an image in two splits": (copy_into_test, "images of the same content"),
    "an unknown split": (
        change_all(lambda s: replace(s, split={"validation": "dev"}.get(s.split, s.split))),
        "no known split",
    ),
    "no training split": (
        change_all(lambda s: None if s.split == "train" else s),
        "no training sample",
    ),
    "no answer": (
        change_all(lambda s: replace(s, messages=s.messages[:1]) if s.case == "000" else s),
        "no assistant turn",
    ),
    "an empty answer": (
        change_turn(3, content=said("assistant", " ").content, gold=None),
        "turn is empty",
    ),
    "turns out of order": (
        change_all(lambda s: replace(s, messages=(*s.messages[:1], *s.messages))),
        "in turn",
    ),
    "a GRPO sample of two answers": (change(stage="grpo"), "more than one assistant turn"),
    "a modality without words": (change(modality="palmistry"), "no vocabulary"),
    "an unknown case": (change(case="none"), "no such case"),
    "a split that is not the case's": (
        change(split="validation", group="000b"),
        "not those of the case",
    ),
    "an unknown evidence id": (change_turn(1, evidence=(("guess/1",),)), "evidence id"),
    "a yes that is maybe": (
        change_turn(3, gold=Gold(type="yes_no", value="maybe")),
        "not of its type",
    ),
    "a number that is none": (
        change_turn(3, gold=Gold(type="number", value="some")),
        "not of its type",
    ),
    "a stage that is none": (change_turn(1, gold=Gold(type="stage", value="IV")), "of its type"),
    "a gold box that is none": (change_turn(3, gold=Gold(type="box", value="1,2")), "of its type"),
    "an answer beside its gold": (
        change_turn(1, gold=Gold(type="stage", value="PDR")),
        "does not give its own gold",
    ),
    "a box inside out": (change_turn(3, roi_px=(30.0, 10.0, 20.0, 40.0)), "not above x0"),
    "a box beyond the image": (change_turn(3, roi_px=(-9.0, 10.0, 20.0, 40.0)), "beyond the image"),
    "boxes as fractions": (
        change_all(with_boxes("At [0.1, 0.1, 0.4, 0.5].")),
        "look like fraction",
    ),
    "boxes of 0 to 1000": (change_all(with_boxes("At [10, 10, 400, 500].")), "0 to 1000?"),
    "JSON without being asked": (
        change_turn(0, content=text("Which stage?", image=True)),
        "does not ask for it",
    ),
}
WARNINGS = {
    "no validation split": (
        change_all(lambda s: None if s.split == "validation" else s),
        "no validation sample",
    ),
    "no test split": (change_all(lambda s: None if s.split == "test" else s), "no test sample"),
    "one answer always": (many(lambda n: (f"Is there a patch {n}?", "yes")), "nearly always right"),
    "words that give the answer": (
        many(lambda n: ("Is it dark?", "yes") if n % 2 else ("Is it light?", "no")),
        "words of the question alone",
    ),
    "a conversation twice": (add(lambda s: [replace(s[0], id="again")]), "conversation stands"),
    "a question with two answers": (
        add(lambda s: [replace(s[0], id="b", messages=(s[0].messages[0], s[1].messages[1]))]),
        "two answers",
    ),
    "an answer too long": (
        change_turn(3, content=said("assistant", "At [0, 0, 20, 20]. " * 60).content),
        "rough tokens",
    ),
    "few frames": (change_all(of_surgery), "fewer training frames"),
    "a stage asked otherwise": (change_all(ask_otherwise), "audit and server ask"),
}


def lines(folder):
    return [(p.line, p.fatal) for p in examine(read_samples(folder), folder)]


def test_a_clean_set_passes_without_a_word(clean, tmp_path):
    summary = preflight(PreflightConfig(samples=clean, out=tmp_path / "out"))
    assert summary == {"samples": 10, "problems": []}
    with Image.open(tmp_path / "out" / "boxes.png") as sheet:
        assert sheet.width > 3 * SIDE


@pytest.mark.parametrize("fault", FATAL)
def test_a_fatal_fault_is_refused_in_one_line(clean, tmp_path, fault):
    plant, said_of_it = FATAL[fault]
    plant(clean)
    with pytest.raises(CheckFailedError) as refused:
        preflight(PreflightConfig(samples=clean, out=tmp_path / "out"))
    found = [line for line in str(refused.value).splitlines() if said_of_it in line]
    assert len(found) == 1, refused.value
    rows = map(json.loads, (tmp_path / "out" / "problems.jsonl").read_text().splitlines())
    assert any(found[0].startswith(f"{row['check']}: {row['text']} (") for row in rows)


@pytest.mark.parametrize("fault", WARNINGS)
def test_a_doubt_is_a_warning(clean, fault):
    plant, said_of_it = WARNINGS[fault]
    plant(clean)
    found = [fatal for line, fatal in lines(clean) if said_of_it in line]
    assert found == [False], lines(clean)


def test_one_fault_is_one_problem(clean):
    """What is planted in one place is not told over and over."""
    FATAL["a stage that is none"][0](clean)
    assert len(lines(clean)) == 1


def test_the_command_fails_with_exit_code_1(clean, tmp_path, capsys):
    flags = ["preflight", "--samples", str(clean), "--out", str(tmp_path / "out")]
    assert main(flags) == 0
    FATAL["a missing image"][0](clean)
    assert main([*flags, "--no-resume"]) == 1
    error = capsys.readouterr().err
    assert "images: files are missing (1: images/003.png)" in error
    assert "Traceback" not in error


def test_boxes_are_drawn_where_they_are(tmp_path):
    """A box on the sheet surrounds what it surrounds in the image."""
    from retia.tuning.preflight.boxes import SIDE_PX, draw_sheet

    pixels = np.zeros((SIDE, 2 * SIDE), np.uint8)
    pixels[32:48, 64:96] = 200
    Image.fromarray(pixels).save(tmp_path / "a.png")
    sample = replace(
        make_sample(Case(file_name="a.png", id="a", group="a", modality="octa"), 0),
        messages=(said("user", "Here: [64, 32, 96, 48]", image=True),),
    )
    sheet = draw_sheet([sample], tmp_path)
    yellow = np.argwhere((sheet == (255, 213, 79)).all(axis=2))
    scale = SIDE_PX / (2 * SIDE)
    low, high = yellow.min(axis=0), yellow.max(axis=0)
    corner = np.array([32, 64]) * scale
    assert np.abs(high - low - np.array([16, 32]) * scale).max() <= 2
    assert np.abs(low - corner).max() <= 8  # the sheet's own border
