"""`retia write`: a folder of cases to a folder of samples, the same whoever does the work."""

from collections import Counter
from dataclasses import replace

import pytest
from eyes import random_eye
from frames import SCAN, random_frame
from planned import plan_presence

from retia.claims import judge_text
from retia.disclaimer import DISCLAIMER
from retia.errors import UserError
from retia.instructions import WriteConfig, write
from retia.instructions.merge import merge_attributions
from retia.instructions.write import BATCH
from retia.records import Case, Finding, Zone, read_cases, read_samples, write_cases
from retia.taxonomy import stage_of

EYES = [random_eye(i, i) for i in range(BATCH + 60)]


@pytest.fixture
def cases(tmp_path):
    write_cases(tmp_path / "cohort", EYES)
    return tmp_path / "cohort"


def test_same_bytes_with_one_and_two_workers(cases, tmp_path):
    for workers in (1, 2):
        write(WriteConfig(cases=cases, out=tmp_path / f"w{workers}", workers=workers, seed=5))
    for name in ("samples.jsonl", "metadata.jsonl", "statistics.json", "README.md", "run.json"):
        assert (tmp_path / "w1" / name).read_bytes() == (tmp_path / "w2" / name).read_bytes(), name


def test_samples_name_images_relative_to_their_folder_and_keep_split_and_group(cases, tmp_path):
    out = tmp_path / "deep" / "samples"
    write(WriteConfig(cases=cases, out=out))
    by_id = {c.id: c for c in read_cases(out)}
    for sample in read_samples(out):
        case = by_id[sample.case]
        assert (sample.split, sample.group) == (case.split, case.group)
        assert (out / sample.images[0]).resolve() == (cases / "images" / f"{case.id}.png").resolve()
        assert sample.images[0] == case.file_name
        assert [p.type for p in sample.messages[0].content] == ["image", "text"]
    assert DISCLAIMER in (out / "README.md").read_text()


def test_another_seed_gives_other_words(cases, tmp_path):
    texts = []
    for seed in (1, 2):
        write(WriteConfig(cases=cases, out=tmp_path / str(seed), seed=seed))
        texts.append((tmp_path / str(seed) / "samples.jsonl").read_text())
    assert texts[0] != texts[1]


def test_yes_and_no_are_balanced_per_kind_and_split():
    plan = plan_presence(EYES, seed=0)
    count = Counter((c.split, kind, there) for c in EYES for kind, there in plan[c.id])
    assert sum(count.values()) > 50
    for split, kind, _ in list(count):
        assert abs(count[split, kind, True] - count[split, kind, False]) <= 1


def test_plain_phrasing_keeps_the_vocabulary_small(cases, tmp_path):
    plain = write(WriteConfig(cases=cases, out=tmp_path / "plain", phrasing="plain"))
    varied = write(WriteConfig(cases=cases, out=tmp_path / "varied"))
    assert plain["distinct_words"] < 200
    assert plain["mean_stage_answer_words"] < 75
    # Runs of words gain more than words themselves: names of lesions are the same in both.
    for n, gain in ((1, 1.2), (2, 1.5), (3, 1.5)):
        assert varied["distinct"][f"distinct-{n}"] > gain * plain["distinct"][f"distinct-{n}"]


def test_yes_and_no_are_balanced_in_every_kind_of_what_is_written(cases, tmp_path):
    write(WriteConfig(cases=cases, out=tmp_path / "out", stage1_per_case=0, grpo_per_case=0))
    turns = [t for s in read_samples(tmp_path / "out") for t in s.answers]
    for kind in ("presence", "why", "perfusion"):
        said = [t.gold.value for t in turns if t.question_kind == kind and t.gold.type == "yes_no"]
        assert len(said) > 20
        assert abs(said.count("yes") - said.count("no")) < 0.2 * len(said) + 4


def test_twins_are_asked_about_and_their_stage_decides(cases, tmp_path):
    twins, stages = [], {}
    for eye in EYES:
        for finding in eye.findings[:3]:
            rest = tuple(f for f in eye.findings if f != finding)
            id = f"{eye.id}-without-{finding.id}"
            stages[eye.id, finding.id] = stage_of(rest)[0]
            twins.append(
                replace(
                    eye,
                    id=id,
                    file_name=f"images/{id}.png",
                    findings=rest,
                    stage=stages[eye.id, finding.id],
                    twin_of=eye.id,
                    without=finding.id,
                )
            )
    write_cases(cases / "twins", twins)
    write(WriteConfig(cases=cases, out=tmp_path / "out"))
    eyes = {eye.id: eye for eye in EYES}
    answers = Counter()
    for sample in read_samples(tmp_path / "out"):
        for turn in sample.answers:
            if turn.question_kind == "change":
                eye = eyes[sample.case]
                changed = {
                    stages[eye.id, f.id] != eye.stage
                    for f in eye.findings[:3]
                    if f.box_px == turn.roi_px
                }
                assert (turn.gold.value == "yes") in changed
                answers[turn.gold.value] += 1
    # Most lesions are one of several: what hardly ever changes the stage is hardly asked.
    assert answers["yes"] > 1
    assert abs(answers["yes"] - answers["no"]) <= 2


def test_percentiles_stand_among_the_measures(cases, tmp_path):
    write(WriteConfig(cases=cases, out=tmp_path / "out"))
    for case in read_cases(tmp_path / "out"):
        share = case.measure("faz_area_percentile")
        area = case.measure("faz_area_mm2")
        assert (share > 0.975) == (area > 0.4268)


def test_eyes_of_another_modality_are_told_in_their_own_words(tmp_path):
    soft = Finding(
        id="f1",
        kind="soft_exudate",
        source="mask",
        box_px=(300, 300, 340, 330),
        zone=Zone(quadrant="superior-temporal"),
    )
    fundus = Case(
        file_name="images/a.png",
        id="a",
        group="a",
        modality="fundus",
        laterality="OD",
        looked_for=("soft_exudate", "hard_exudate"),
        findings=(soft,),
    )
    graded = replace(fundus, id="b", group="b", findings=(), looked_for=(), stage="pdr")
    write_cases(tmp_path / "cases", [fundus, graded])
    write(WriteConfig(cases=tmp_path / "cases", out=tmp_path / "out", turns=4))
    samples = read_samples(tmp_path / "out")
    # The stage rule is of OCTA: here a stage is annotated or unknown.
    assert {(s.case, s.stage) for s in samples} == {
        ("a", "stage2"),
        ("b", "stage1"),
        ("b", "stage2"),
        ("b", "grpo"),
    }
    for sample in samples:
        for turn in sample.answers:
            case = fundus if sample.case == "a" else graded
            assert set(judge_text(turn.text, case)[1].verdicts) <= {"supported"}, turn.text


def test_nothing_known_is_refused_by_name(tmp_path):
    write_cases(tmp_path, [Case(file_name="a.png", id="a", group="a", modality="octa")])
    with pytest.raises(UserError, match="stage, findings or `looked_for`"):
        write(WriteConfig(cases=tmp_path, out=tmp_path / "out"))


@pytest.fixture
def folders(tmp_path):
    """A folder each of eyes, surgical frames and annotated scans."""
    cohorts = {
        "eyes": EYES[:30],
        "frames": [random_frame(i, i) for i in range(60)],
        "scans": [SCAN],
    }
    for name, cases in cohorts.items():
        write_cases(tmp_path / name, cases)
    return tuple(tmp_path / name for name in cohorts)


def test_modalities_in_several_folders_do_not_disturb_each_other(folders, tmp_path):
    write(WriteConfig(cases=folders, out=tmp_path / "one"))
    write(WriteConfig(cases=folders, out=tmp_path / "two", workers=2))
    texts = [(tmp_path / out / "samples.jsonl").read_text() for out in ("one", "two")]
    assert texts[0] == texts[1]
    apart = ""
    for number, folder in enumerate(folders):
        write(WriteConfig(cases=folder, out=tmp_path / str(number)))
        apart += (tmp_path / str(number) / "samples.jsonl").read_text()
    assert texts[0] == apart
    card = (tmp_path / "one" / "README.md").read_text()
    assert all(word in card for word in ("octa", "surgery", "radiology", DISCLAIMER))
    assert "eyes" not in (tmp_path / "1" / "README.md").read_text()


def test_ids_are_unique_over_all_folders(folders, tmp_path):
    with pytest.raises(UserError, match="stands 2 times"):
        write(WriteConfig(cases=(folders[0], folders[0]), out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_labels_that_are_no_words_of_the_procedure_are_refused(folders, tmp_path):
    spoiled = replace(random_frame(1), labels={"phase": "lunch"})
    write_cases(tmp_path / "spoiled", [spoiled])
    with pytest.raises(UserError, match="lunch"):
        write(WriteConfig(cases=tmp_path / "spoiled", out=tmp_path / "out"))


def test_grpo_samples_ask_once_and_know_the_answer(folders, tmp_path):
    write(WriteConfig(cases=folders, out=tmp_path / "out", grpo_per_case=2, stage1_per_case=0))
    samples = read_samples(tmp_path / "out")
    cases = {c.id: c for c in read_cases(tmp_path / "out")}
    assert len({s.id for s in samples}) == len(samples)
    assert {s.stage for s in samples} == {"stage2", "grpo"}
    for sample in samples:
        if sample.stage != "grpo":
            continue
        (turn,) = sample.answers
        assert turn.gold is not None
        case = cases[sample.case]
        boxes = {f.box_px for f in case.findings} | {
            q.region.box_px for q in case.questions if q.region
        }
        assert turn.roi_px in boxes | {None}
        if case.stage == "pdr":
            own = [f.box_px for f in case.findings if f.kind == "neovascularization"]
            assert turn.roi_px == max(own, key=lambda b: (b[2] - b[0]) * (b[3] - b[1]))  # type: ignore[index]
        if case.stage == "healthy":
            assert turn.roi_px is None


SEEN = Finding(
    id="s1",
    kind="reduced_density",
    source="attribution",
    box_px=(12, 12, 30, 30),
    importance=0.4,
    evidence=("seen/area/7",),
)
TRUE = Finding(
    id="f1",
    kind="capillary_dropout",
    source="simulator",
    box_px=(10, 10, 40, 40),
    evidence=("grown/area/1",),
)


def test_truth_takes_over_evidence_and_importance_of_what_it_overlaps():
    case = replace(
        random_eye(2), findings=(TRUE, replace(TRUE, id="f2", box_px=(200, 200, 220, 220)))
    )
    merged = merge_attributions(case, {case.id: replace(case, findings=(SEEN,))})
    assert merged.findings[0].evidence == ("grown/area/1", "seen/area/7")
    assert merged.findings[0].importance == 0.4
    assert merged.findings[1] == case.findings[1]


def test_a_healthy_eye_somebody_looked_at_stays_without_findings():
    healthy = replace(random_eye(2), findings=(), stage="healthy")
    assert (
        merge_attributions(healthy, {healthy.id: replace(healthy, findings=(SEEN,))}).findings == ()
    )
    unknown = replace(healthy, looked_for=())
    assert merge_attributions(
        unknown, {healthy.id: replace(healthy, findings=(SEEN,))}
    ).findings == (SEEN,)
