"""Folders of samples whose truth is known: radiology questions and surgical frames.

Pixel (0, 0) of a picture holds the number of its case, all else is black: a student that reads it
knows everything, and knows nothing of a blank picture.
"""

import json

import numpy as np
from PIL import Image

from retia.records import (
    Case,
    Finding,
    Gold,
    Message,
    Part,
    Sample,
    read_cases,
    read_samples,
    write_cases,
    write_samples,
)

PHASES = {
    "preparation": "preparation",
    "clipping-and-cutting": "clipping and cutting",
    "gallbladder-dissection": "gallbladder dissection",
}


def save_picture(path, number):
    """A colour picture that knows its number (below 65,536)."""
    pixels = np.zeros((32, 40, 3), np.uint8)
    pixels[0, 0] = (number // 256, number % 256, 255)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def number_of(image):
    """The number of a picture; None for a blank one."""
    red, green, blue = (int(v) for v in image[0, 0])
    return red * 256 + green if blue == 255 else None


def turn(question, answer, kind, gold, first=False):
    """A question with its image, and the answer."""
    content = (Part(type="text", text=question),)
    return (
        Message(role="user", content=(Part(type="image"), *content) if first else content),
        Message(
            role="assistant",
            content=(Part(type="text", text=answer),),
            question_kind=kind,
            gold=gold,
        ),
    )


def as_json(answer, *reasons):
    """A structured answer."""
    return json.dumps({"caption": "", "reasoning": list(reasons), "answer": answer})


def sample(case, stage, turns):
    """One sample about a case."""
    return Sample(
        id=f"{case.id}-{stage}",
        case=case.id,
        group=case.group,
        images=(case.file_name,),
        messages=tuple(message for pair in turns for message in pair),
        stage=stage,
        split=case.split,
        modality=case.modality,
    )


def write_world(folder, pairs):
    """Write cases, their samples and their pictures; numbers go on from 1."""
    cases = [case for case, _ in pairs]
    for number, case in enumerate(cases, 1):
        save_picture(folder / case.file_name, number)
    write_cases(folder, cases)
    write_samples(folder, [s for _, samples in pairs for s in samples])
    return folder


def scan(number, split):
    """A radiology case: a chest or a head, with or without a lesion, and three questions."""
    ill, chest = number % 2 == 0, number % 3 != 0
    organ = "chest" if chest else "head"
    case = Case(
        file_name=f"images/scan{split}{number:03d}.png",
        id=f"scan-{split}-{number:03d}",
        group=f"patient-{split}-{number:03d}",
        split=split,
        modality="radiology",
        labels={"organ": organ},
    )
    place = "left lower lobe" if ill else "no place at all"
    yes_no, text = Gold(type="yes_no", value="yes" if ill else "no"), Gold(type="text", value=place)
    answer = as_json(str(yes_no.value), f"This is a {organ}.")
    lesion = turn("Is there a lesion? Answer as JSON.", answer, "presence", yes_no, True)
    asked = [
        turn("Is there a lesion?", str(yes_no.value), "presence", yes_no, True),
        turn("Where is the lesion?", place, "position", text),
        turn("How many?", str(number % 4), "count", Gold(type="number", value=float(number % 4))),
        turn("Where?", "[1, 2, 11, 12]", "box", Gold(type="box", value="1,2,11,12")),
    ]
    return case, [sample(case, "stage1", [lesion]), sample(case, "stage2", asked)]


def frame(video, second, split):
    """A frame of an operation: its phase changes every 40 s; a hook works in every other frame."""
    phase = list(PHASES)[second // 40 % 3]
    tools = ["grasper", "hook"] if second % 20 else ["grasper"]
    findings = [
        Finding(
            id=f"f{i}",
            kind=tool,
            source="annotation",
            attributes={"verb": "dissect", "target": "gallbladder"},
        )
        for i, tool in enumerate(tools)
    ]
    case = Case(
        file_name=f"images/{video}-{second:04d}.png",
        id=f"{video}-{second:04d}",
        group=video,
        split=split,
        modality="cholecystectomy",
        time_s=float(second),
        labels={"phase": phase},
        findings=tuple(findings),
        looked_for=("grasper", "bipolar", "hook", "scissors", "clipper", "irrigator"),
    )
    seen = " and ".join(f"a {tool}" for tool in tools)
    name = PHASES[phase]
    choice, tools_gold = Gold(type="choice", value=name), Gold(type="set", value=tuple(tools))
    structured = turn(
        "Which phase? Answer as JSON.", as_json(name, f"{seen} is seen."), "phase", choice, True
    )
    asked = [turn("Which instruments are seen?", f"{seen}.", "instruments", tools_gold, True)]
    return case, [sample(case, "stage1", [structured]), sample(case, "stage2", asked)]


def perfect(folder):
    """A student that knows every case by its picture, and nothing without it."""
    cases = {number: case.id for number, case in enumerate(read_cases(folder), 1)}
    texts = {}
    for one in read_samples(folder):
        for asked, answer in zip(one.messages, one.messages[1:], strict=False):
            texts[one.case, asked.text] = answer.text

    def predict(images, questions):
        known = [cases.get(number_of(image)) for image in images]
        return [texts.get(pair, "") for pair in zip(known, questions, strict=True)]

    return predict


def radiology(folder):
    """24 patients to learn from and 24 to ask about."""
    pairs = [scan(n, split) for split in ("train", "test") for n in range(24)]
    return write_world(folder, pairs)


def surgery(folder):
    """One video to learn from and one of 24 minutes to ask about."""
    train = [frame("video-a", s, "train") for s in range(0, 240, 10)]
    return write_world(folder, train + [frame("video-b", s, "test") for s in range(0, 1440, 10)])
