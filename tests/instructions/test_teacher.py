"""A language model as teacher: what it writes is used only where it says what is known."""

import json
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from eyes import random_eye
from fake_chat import Said, fake_server
from PIL import Image, PngImagePlugin

from retia.chat import ChatConfig, Client, Reply
from retia.claims import judge_text
from retia.errors import ItemsFailedError, UserError
from retia.instructions import WriteConfig, write
from retia.instructions.teacher.check import faults_of, is_foreign
from retia.instructions.teacher.prompts import REASONS, prompts_hash
from retia.instructions.teacher.task import Written, finished
from retia.instructions.teacher.teach import bare_png, learn, lessons_of, read_written
from retia.records import Case, Finding, Measure, Zone, read_cases, read_samples, write_cases

pytest.importorskip("openai")

EYE = Case(
    file_name="images/MRS-MILLER.png",
    id="MRS-MILLER",
    group="patient-4711",
    modality="octa",
    laterality="OD",
    stage="npdr",
    grade="moderate",
    age=67.25,
    sex="female",
    device="Scanner-9000",
    looked_for=("capillary_dropout", "microaneurysm", "neovascularization", "faz_enlargement"),
    measures=(Measure(name="faz_area_mm2", value=0.31, source="simulator", unit="mm²"),),
    findings=(
        Finding(
            id="d",
            kind="capillary_dropout",
            severity="moderate",
            source="simulator",
            box_px=(1, 1, 9, 9),
            zone=Zone(ring="parafovea", quadrant="superior-nasal", clock=1),
            values={"area_mm2": 0.2, "density_ratio": 0.5},
            evidence=("grown/area/4", "grown/area/5"),
        ),
        *(
            Finding(
                id=f"m{n}",
                kind="microaneurysm",
                source="simulator",
                zone=Zone(ring="parafovea", quadrant="inferior-temporal", clock=8),
                evidence=(f"grown/segment/{n}",),
            )
            for n in range(3)
        ),
    ),
)
SECRETS = ("MILLER", "4711", "67.25", "female", "Scanner", "images/", "grown/")


def facts_in(body) -> dict[str, str]:
    """The facts of a request, by id."""
    text = body["messages"][1]["content"]
    text = text if isinstance(text, str) else text[0]["text"]
    return dict(re.findall(r"^(f\d+)[^:\n]*: (.+)$", text.split("Facts to reword:")[1], re.M))


def as_reply(sentences) -> str:
    """JSON of sentences, each under the id of its fact."""
    return json.dumps({id: text for text, (id, *_) in sentences})


def parrot(body, number=0) -> Said:
    """Says every fact again, word for word."""
    return Said(text=as_reply((text, [id]) for id, text in facts_in(body).items()))


@pytest.fixture
def task():
    """A stage answer about `EYE`, of three facts in known words."""
    from retia.instructions.eyes.writer import stage1_sample

    sample = next(
        s for n in range(20) if "right eye" in (s := stage1_sample(EYE, n, 0)).messages[0].text
    )
    (lesson,), _ = lessons_of([sample], {EYE.id: EYE}, 0)
    told = lesson.task
    texts = {
        "f1": ("The FAZ area is 0.31 mm² and it is not enlarged.", ("grown/faz/0",)),
        "f2": (
            "There is moderate capillary dropout in the superior-nasal quadrant.",
            ("grown/area/4", "grown/area/5"),
        ),
        "f3": (
            "There are 3 microaneurysms in the inferior-temporal quadrant.",
            tuple(f"grown/segment/{n}" for n in range(3)),
        ),
        "f4": ("There is no neovascularization.", ()),
    }
    facts = {id: Written(text=t, evidence=e) for id, (t, e) in texts.items()}
    from retia.instructions.teacher.task import key_of

    keys = {
        id: {key_of(j.claim) for j in judge_text(fact.text, EYE)[1].judged}
        for id, fact in facts.items()
    }
    return replace(told, facts=facts, keys=keys)


GOOD = {
    "f1": "The FAZ measures 0.31 mm², so the FAZ is not enlarged.",
    "f2": "Moderate capillary dropout is visible in the superior-nasal quadrant.",
    "f3": "The inferior-temporal quadrant contains 3 microaneurysms.",
    "f4": "No neovascularization is present.",
}


def written(**changed):
    sentences = {id: (text, (id,)) for id, text in GOOD.items()} | changed
    return [Written(text=t, evidence=tuple(e)) for t, e in sentences.values()]


def test_other_words_for_the_same_facts_stand(task):
    assert faults_of(written(), task) == []
    message = finished(task, written())
    answer = json.loads(message.text)
    assert answer["reasoning"] == list(GOOD.values())
    assert answer["answer"] == "NPDR" and "caption" in answer
    assert message.evidence == tuple(fact.evidence for fact in task.facts.values())


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"f4": ("There is neovascularization.", ["f4"])}, "contradicted"),
        ({"f4": ("No IRMA is present.", ["f4"])}, "unsupported"),
        (
            {"f2": ("Severe capillary dropout is seen in the superior-nasal quadrant.", ["f2"])},
            "contradicted",
        ),
        (
            {"f2": ("Moderate capillary dropout is seen in the inferior-nasal quadrant.", ["f2"])},
            "contradicted",
        ),
        (
            {"f3": ("There are 4 microaneurysms in the inferior-temporal quadrant.", ["f3"])},
            "changed_numbers",
        ),
        (
            {"f3": ("There are four microaneurysms in the inferior-temporal quadrant.", ["f3"])},
            "changed_numbers",
        ),
        ({"f1": ("The FAZ area is 0.32 mm² and it is not enlarged.", ["f1"])}, "changed_numbers"),
        ({"x": ("This is PDR.", ["f2"])}, "changed_stage"),
        ({"f4": ("No neovascularization is present.", ["f9"])}, "unknown_evidence"),
        ({"f4": ("No neovascularization is present.", [])}, "unknown_evidence"),
        ({"f4": ("No neovascularization is present.", ["f2"])}, "wrong_evidence"),
        ({"f2": (GOOD["f2"], ["f3"])}, "wrong_evidence"),
        ({"f2": (GOOD["f2"], ["f2", "f4"])}, "wrong_evidence"),
        ({"f4": ("Keine Neovaskularisation ist zu sehen.", ["f4"])}, "other_language"),
        ({"f4": ("Новых сосудов нет.", ["f4"])}, "other_language"),
        ({"f4": ("", ["f4"])}, "empty"),
        ({"f4": ("There is no neovascularization. It is absent.", ["f4"])}, "several_sentences"),
        (
            {"f4": ("There is no neovascularization and no retinal detachment.", ["f4"])},
            "unknown_words",
        ),
        ({"x": ("The optic nerve is swollen.", ["f1"])}, "unknown_words"),
        ({"x": ("The image shows this eye.", ["f1"])}, "no_claim"),
        ({"x": (GOOD["f4"], ["f4"])}, "repeated"),
        (
            {"f3": ("Microaneurysms are seen in the inferior-temporal quadrant.", ["f3"])},
            "left_out",
        ),
        ({"f2": ("There is moderate capillary dropout.", ["f2"])}, "left_out"),
        ({"f4": (GOOD["f2"][:-1] + " of the image.", ["f2"])}, "left_out"),
    ],
)
def test_what_says_anything_else_is_refused_by_name(task, changed, reason):
    faults = faults_of(written(**changed), task)
    assert [fault.reason for fault in faults] == [reason]
    assert reason in REASONS


def test_the_builtin_writers_own_answers_pass_and_come_back_as_they_were():
    from retia.instructions.write import _Batch, batch_samples

    cases = tuple(random_eye(i, i) for i in range(12))
    config = WriteConfig(cases=(), out=".")  # type: ignore[arg-type]
    samples = batch_samples(_Batch(config=config, cases=cases, presence=((),) * len(cases)))
    lessons, not_asked = lessons_of(samples, {c.id: c for c in cases}, 0)
    assert len(lessons) > 40 and not_asked["unchecked"] <= len(lessons) / 20
    for lesson in lessons:
        own = [Written(text=f.text, evidence=(id,)) for id, f in lesson.task.facts.items()]
        assert faults_of(own, lesson.task) == []
        assert finished(lesson.task, own) == lesson.task.message


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(text=""), "empty"),
        (Reply(text="{}"), None),
        (Reply(text="The FAZ is regular."), "not_json"),
        (Reply(text='{"answer": 1}'), "not_json"),
        (Reply(text='{"f1": ["The FAZ is regular."]}'), "not_json"),
        (Reply(text='{"f1": "The F', finish="length"), "truncated"),
    ],
)
def test_replies_without_sentences_are_named(reply, reason):
    assert read_written(reply) == ([], reason)


@pytest.mark.parametrize("text", ["Healthy.", "No IRMA.", "The FAZ area is 0.31 mm²."])
def test_short_english_is_english(text):
    assert not is_foreign(text)


def test_a_refused_answer_is_sent_back_once_with_the_reason(task):
    bad = as_reply([("There is neovascularization.", ["f4"])])
    good = as_reply((w.text, w.evidence) for w in written())
    from retia.instructions.teacher.teach import Lesson, _request

    lesson = Lesson(sample="s", at=1, task=task, request=_request(task, 0, None))
    for replies, outcome in (([bad, good], None), ([bad, bad], "contradicted")):
        sent = []

        def send(body, replies=replies, sent=sent):
            sent.append(body["messages"])
            return Reply(text=replies[len(sent) - 1])

        client = Client(ChatConfig(base_url="http://x", model="m"), send=send)
        taught = learn(lesson, client)
        assert taught.rejected == outcome and (taught.message is None) == bool(outcome)
        assert taught.first == "contradicted" and len(sent) == 2
        assert sent[1][-2] == {"role": "assistant", "content": bad}
        assert "There is neovascularization." in sent[1][-1]["content"]
        assert REASONS["contradicted"] in sent[1][-1]["content"]


@pytest.fixture
def cohort(tmp_path):
    """Seven eyes with their pictures, one of them with a name in its metadata."""
    cases = [EYE, *(random_eye(i, i) for i in range(6))]
    write_cases(tmp_path / "cohort", cases)
    (tmp_path / "cohort" / "images").mkdir()
    secret = PngImagePlugin.PngInfo()
    secret.add_text("PatientName", "Miller")
    for case in cases:
        picture = Image.fromarray(np.full((32, 32), 90, np.uint8))
        picture.save(tmp_path / "cohort" / case.file_name, pnginfo=secret)
    return tmp_path / "cohort"


def llm(cohort, out, url, **settings) -> WriteConfig:
    given = {"teacher_attempts": 2, "teacher_first_wait_s": 0.01, "seed": 3} | settings
    return WriteConfig(
        cases=cohort, out=out, teacher="llm", teacher_url=url, teacher_model="m", **given
    )


def test_nothing_unsupported_survives_into_samples(cohort, tmp_path):
    """A model that is right, wrong, foreign, cut off, or no model at all, in turns."""
    lies = "There is severe IRMA in the superior-nasal quadrant and the retina is detached."
    others = [
        lambda facts: as_reply([(lies, [id]) for id in facts]),
        lambda facts: as_reply([("Keine Auffälligkeiten sind sichtbar.", list(facts))]),
        lambda facts: as_reply((t, [i]) for i, t in facts.items())[:-9],
        lambda facts: "I am sorry, as a language model I cannot look at images.",
        lambda facts: "",
    ]

    def answer(body, number):
        facts = facts_in(body)
        turn = sum(map(ord, "".join(facts.values()))) % (2 * len(others))
        if turn < len(others):
            return Said(text=others[turn](facts))
        return parrot(body)

    write(WriteConfig(cases=cohort, out=tmp_path / "plain", seed=3))
    with fake_server(answer) as server:
        statistics = write(llm(cohort, tmp_path / "llm", server.url))
    plain, taught = (read_samples(tmp_path / name) for name in ("plain", "llm"))
    for ours, theirs in zip(plain, taught, strict=True):
        writers = theirs.meta["teacher"].split(",")
        assert len(writers) == len(theirs.answers) and set(writers) <= {"llm", "builtin"}
        assert replace(theirs, meta=ours.meta) == ours, "a parrot changes nothing, a liar neither"
    told = statistics["teacher"]
    refused = {"contradicted", "unsupported", "unknown_words"} & set(told["rejected"])
    assert {"other_language", "not_json", "empty"} <= set(told["rejected"]) and refused
    assert told["accepted"] > 0 and told["accepted_after_retry"] == 0
    assert told["asked"] == told["accepted"] + sum(told["rejected"].values())
    assert told["requests"] == told["accepted"] + 2 * sum(told["rejected"].values())
    assert told["tokens"] == {"prompt": 10 * told["requests"], "completion": 5 * told["requests"]}
    assert told["prompts"] == prompts_hash()
    everywhere = Counter(w for s in taught for w in s.meta["teacher"].split(","))
    assert everywhere["llm"] == told["accepted"]
    assert json.loads((tmp_path / "llm" / "statistics.json").read_text())["teacher"] == told


def test_no_identifier_is_ever_sent(cohort, tmp_path):
    with fake_server(parrot) as server:
        write(llm(cohort, tmp_path / "out", server.url))
        sent = json.dumps(server.bodies, ensure_ascii=False)
    assert not [secret for secret in SECRETS if secret in sent]
    ids = [c.id for c in read_cases(cohort)] + [c.group for c in read_cases(cohort)]
    assert not [id for id in ids if id in sent]


def test_images_are_sent_on_request_alone_and_without_metadata(cohort, tmp_path):
    assert b"Miller" in (cohort / EYE.file_name).read_bytes()
    assert b"Miller" not in bare_png(cohort / EYE.file_name)
    with fake_server(parrot) as server:
        write(llm(cohort, tmp_path / "a", server.url))
        assert all(isinstance(b["messages"][1]["content"], str) for b in server.bodies)
        server.bodies.clear()
        write(llm(cohort, tmp_path / "b", server.url, teacher_images=True))
        urls = {b["messages"][1]["content"][1]["image_url"]["url"][:22] for b in server.bodies}
        assert urls == {"data:image/png;base64,"}


def test_a_server_that_fails_loses_nothing_and_the_same_command_asks_again(cohort, tmp_path):
    write(WriteConfig(cases=cohort, out=tmp_path / "plain", seed=3))
    well = []

    def answer(body, number):
        broken = not well and "microaneurysms" in json.dumps(list(facts_in(body).values()))
        return Said(status=500, text="out of order") if broken else parrot(body)

    with fake_server(answer) as server:
        config = llm(cohort, tmp_path / "llm", server.url)
        with pytest.raises(ItemsFailedError, match=r"HTTP 500: .*out of order"):
            write(config)
        first = json.loads((tmp_path / "llm" / "statistics.json").read_text())["teacher"]
        plain, taught = (read_samples(tmp_path / name) for name in ("plain", "llm"))
        assert [s.messages for s in taught] == [s.messages for s in plain]
        failed = first["rejected"]["server_error"]
        assert failed == len((tmp_path / "llm" / "failures.jsonl").read_text().splitlines())
        well.append(True)
        server.bodies.clear()
        second = write(config)["teacher"]
        assert len(server.bodies) == second["requests"] == failed
        assert second["accepted"] == second["asked"] == first["asked"]
        assert second["from_cache"] == first["accepted"]


def test_a_server_that_never_answers_is_an_error_in_one_line(cohort, tmp_path):
    refusal = Said(status=401, text="Incorrect API key")
    with fake_server(lambda body, n: refusal) as server:
        with pytest.raises(UserError, match=r"none of \d+ requests got an answer.*HTTP 401"):
            write(llm(cohort, tmp_path / "llm", server.url))
        with pytest.raises(UserError, match="got an answer"):
            write(llm(cohort, tmp_path / "llm", server.url))


def test_a_dry_run_counts_what_a_run_sends_and_sends_nothing(cohort, tmp_path):
    prices = {"teacher_price_in": 3.0, "teacher_price_out": 15.0}
    with fake_server(parrot) as server:
        config = llm(cohort, tmp_path / "out", server.url, **prices)
        counted = write(replace(config, dry_run=True))
        assert not server.bodies and not (tmp_path / "out").exists()
        told = write(config)["teacher"]
        assert counted["requests"] == told["requests"] and counted["from_cache"] == 0
        tokens = counted["tokens"]
        cost = (3.0 * tokens["prompt"] + 15.0 * tokens["completion"]) / 1e6
        assert counted["cost"] == pytest.approx(cost, abs=1e-6)
        again = write(replace(config, dry_run=True))
        assert (again["requests"], again["from_cache"]) == (0, told["requests"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"teacher": "llm", "teacher_model": "m"}, "without --teacher-url"),
        ({"teacher": "llm", "teacher_url": "http://x"}, "without --teacher-model"),
        ({"teacher_url": "http://x"}, "--teacher is builtin"),
        ({"dry_run": True}, "--dry-run is of a language model"),
    ],
)
def test_flags_that_do_not_fit_together_are_refused(tmp_path, settings, message):
    with pytest.raises(UserError, match=message):
        write(WriteConfig(cases=tmp_path, out=tmp_path / "out", **settings))
