"""The audit must tell a student that looks from one that does not."""

import json
import random
import re

import numpy as np
import pytest
from eyes import random_eye
from PIL import Image

from retia.disclaimer import DISCLAIMER
from retia.errors import UserError
from retia.evaluation import EvaluateConfig, evaluate
from retia.evaluation.answers.table import read_answers
from retia.evaluation.evaluate import run_audit
from retia.evaluation.plan.controls import blank, derange
from retia.evaluation.predictors.predictor import from_texts
from retia.instructions import WriteConfig, stage_answer, stage_question, write
from retia.records import Case, read_cases, read_samples, write_cases
from retia.records.jsonl import iterate_jsonl
from retia.taxonomy import STAGES

CONSTANT = '{"caption": "", "reasoning": ["Neovascularization is seen."], "answer": "PDR"}'


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """Samples about 60 eyes, as many of each stage; pixel (0, 0) of an image is its number."""
    root = tmp_path_factory.mktemp("evaluation")
    pools: dict[str, list[Case]] = {stage: [] for stage in STAGES}
    seed = 0
    while min(map(len, pools.values())) < 20:
        eye = random_eye(seed, seed)
        if len(pools[str(eye.stage)]) < 20:
            pools[str(eye.stage)].append(eye)
        seed += 1
    cases = sorted((c for pool in pools.values() for c in pool), key=lambda c: c.id)
    (root / "cohort" / "images").mkdir(parents=True)
    for number, case in enumerate(cases, 1):
        pixels = np.zeros((64, 64), np.uint8)
        pixels[0, 0] = number
        Image.fromarray(pixels).save(root / "cohort" / case.file_name)
    tested = [type(c)(**{**c.__dict__, "split": "test"}) for c in cases]
    write_cases(root / "cohort", tested)
    write(WriteConfig(cases=root / "cohort", out=root / "samples"))
    return root / "samples"


def perfect(samples):
    """A student that knows every eye by its image, and says PDR when it sees none."""
    cases = {i: c for i, c in enumerate(read_cases(samples), 1)}
    turns = {}
    for sample in read_samples(samples):
        for asked, answer in zip(sample.messages, sample.messages[1:], strict=False):
            turns[sample.case, asked.text.split("eye. ")[-1]] = answer.text

    def predict(images, questions):
        texts = []
        for image, question in zip(images, questions, strict=True):
            case = cases.get(int(image[0, 0]))
            if case is None:
                texts.append(CONSTANT)
            elif "JSON" in question:
                texts.append(stage_answer(case, random.Random(0).choice)[0])
            else:
                texts.append(turns.get((case.id, question.split("eye. ")[-1]), ""))
        return texts

    return predict


def config(samples, tmp_path, **more):
    return EvaluateConfig(samples=samples, out=tmp_path / "audit", resamples=200, **more)


def test_a_perfect_student_scores_one_everywhere(samples, tmp_path):
    audit = run_audit(config(samples, tmp_path), from_texts(perfect(samples)))
    real = audit.conditions["real"]
    assert real["balanced_accuracy"].estimate == 1.0
    assert real["quadratic_kappa"] == 1.0
    claims = real["claims"]
    assert (claims["precision"].estimate, claims["recall"].estimate) == (1.0, 1.0)
    assert claims["f1"].estimate == 1.0
    assert (claims["contradicted"], claims["unsupported"]) == (0, 0)
    assert (real["count_exact"], real["parsed"], real["faz_given"]) == (1.0, 1.0, 1.0)
    assert real["faz_error_mm2"].estimate < 0.006
    assert real["consistent"].estimate == 1.0
    assert {k: n["accuracy"].estimate for k, n in audit.kinds.items()} == dict.fromkeys(
        audit.kinds, 1.0
    )
    assert len(audit.kinds) >= 8
    assert audit.conditions["shuffled"]["balanced_accuracy"].estimate == 0.0
    assert audit.looks is True


def test_a_blind_student_scores_chance_and_is_found_out(samples, tmp_path):
    audit = run_audit(
        config(samples, tmp_path), from_texts(lambda images, questions: [CONSTANT] * len(images))
    )
    for numbers in audit.conditions.values():
        assert numbers["balanced_accuracy"].covers(1 / 3)
    assert audit.majority["balanced_accuracy"] == pytest.approx(1 / 3)
    assert audit.looks is False


def test_an_unreadable_student_scores_nothing(samples, tmp_path):
    audit = run_audit(
        config(samples, tmp_path), from_texts(lambda images, questions: ["%"] * len(images))
    )
    real = audit.conditions["real"]
    assert (real["balanced_accuracy"].estimate, real["readable"]) == (0.0, 0.0)
    assert sum(row[-1] for row in real["confusion"]) == 60


def test_report_opens_offline_and_shows_what_it_must(samples, tmp_path):
    cases = read_cases(samples)
    answers = tmp_path / "answers.jsonl"
    rows = [
        {
            "case": c.id,
            "question": stage_question(c),
            "text": stage_answer(c, random.Random(0).choice)[0] if i % 5 else CONSTANT,
        }
        for i, c in enumerate(cases)
    ]
    answers.write_text("".join(json.dumps(r) + "\n" for r in rows))
    staged = tmp_path / "staged"
    staged.mkdir()
    import polars as pl

    pl.DataFrame(
        {"case": [c.id for c in cases], "predicted": [c.stage for c in cases]}
    ).write_parquet(staged / "predictions.parquet")
    summary = evaluate(config(samples, tmp_path, predictions=answers, staging=staged))
    page = (tmp_path / "audit" / "report.html").read_text()
    assert DISCLAIMER in page
    assert not re.search(r"(?:src|href)=.?(?:https?:)?//", page)
    assert "http" not in re.sub(r"base64,[\w+/=]+", "", page)
    assert all(f'class="{v}"' in page for v in ("supported", "contradicted"))
    assert "grown/" in page
    assert "Graph model" in page
    assert summary["graph_balanced_accuracy"]["estimate"] == 1.0
    assert summary["uses_the_image"] is None
    assert json.loads((tmp_path / "audit" / "audit.json").read_text())["summary"] == summary
    assert (tmp_path / "audit" / "claims.csv").read_text().startswith("case,condition,verdict")
    predictions = [row for _, row in iterate_jsonl(tmp_path / "audit" / "predictions.jsonl")]
    assert len(predictions) == len(cases)
    # A second run with the same settings finds its work done.
    assert evaluate(config(samples, tmp_path, predictions=answers, staging=staged)) == summary


def test_answers_about_other_eyes_are_refused(samples, tmp_path):
    answers = tmp_path / "answers.jsonl"
    answers.write_text('{"case": "nobody", "question": "?", "text": "PDR"}\n')
    with pytest.raises(UserError, match="answers none of the 60 held-out cases"):
        evaluate(config(samples, tmp_path, predictions=answers))


def test_limit_draws_the_same_eyes_every_time(samples, tmp_path):
    def blind(images, questions):
        return [CONSTANT] * len(images)

    first = run_audit(config(samples, tmp_path, limit=12), from_texts(blind))
    second = run_audit(config(samples, tmp_path, limit=12), from_texts(blind))
    assert [r.case.id for r in first.rows["real"]] == [r.case.id for r in second.rows["real"]]
    assert len(first.rows["real"]) == 12


def test_blank_image_keeps_size_and_mean():
    image = np.array([[0, 100], [200, 100]], np.uint8)
    assert blank(image).tolist() == [[100, 100], [100, 100]]


@pytest.mark.parametrize("seed", range(5))
def test_derangement_shows_every_image_once_and_never_one_of_the_same_group(seed):
    rng = random.Random(seed)
    cases = [
        Case(
            file_name="a.png",
            id=str(i),
            group=f"g{i // 2}",
            modality="octa",
            stage=rng.choice(STAGES),
        )
        for i in range(40)
    ]
    partner = derange(cases, seed)
    assert partner is not None
    assert sorted(partner) == list(range(40))
    assert all(cases[p].group != c.group for p, c in zip(partner, cases, strict=True))
    other = [cases[p].stage != c.stage for p, c in zip(partner, cases, strict=True)]
    assert np.mean(other) > 0.9


def test_one_group_cannot_be_deranged():
    cases = [
        Case(file_name="a.png", id=str(i), group="g", modality="octa", stage="pdr")
        for i in range(4)
    ]
    assert derange(cases, 0) is None


def test_the_graph_model_alone_is_staged_and_explains_nothing(samples, tmp_path):
    import polars as pl

    cases = read_cases(samples)
    wrong = next(c for c in cases if c.stage == "healthy")
    rows = [
        {"case": c.id, "predicted": c.stage if c is not wrong else "pdr"}
        | {f"p_{s}": 0.4 if c is wrong else 0.8 if s == c.stage else 0.1 for s in STAGES}
        for c in cases
    ]
    pl.DataFrame(rows).write_parquet(tmp_path / "predictions.parquet")
    out = evaluate(config(samples, tmp_path, staging=tmp_path, graph_only=True))
    assert out["balanced_accuracy"]["real"]["estimate"] == pytest.approx((19 / 20 + 2) / 3)
    assert out["claim_f1"]["estimate"] is None and out["consistent"]["estimate"] is None
    written = json.loads((tmp_path / "audit" / "audit.json").read_text())
    sure = written["selective"]["stage"]["logprob"]["numbers"]
    # The only wrong answer is the least sure one, and the right ones are as sure as .8.
    assert sure["aurc_minus_oracle"]["estimate"] == pytest.approx(0.0)
    assert sure["ece"]["estimate"] == pytest.approx((59 * 0.2 + 0.4) / 60, abs=1e-6)
    assert "faithfulness" not in out


def test_every_file_of_an_audit_tells_the_same(samples, tmp_path):
    cases = read_cases(samples)
    answers = tmp_path / "answers.jsonl"
    rows = [{"case": c.id, "question": stage_question(c), "text": CONSTANT} for c in cases]
    answers.write_text("".join(json.dumps(r) + "\n" for r in [*rows, {"case": "x", "text": "?"}]))
    summary = evaluate(config(samples, tmp_path, predictions=answers))
    out = tmp_path / "audit"
    scored = read_answers(out / "answers.csv")
    assert np.mean([row.right for row in scored]) == pytest.approx(1 / 3)
    assert {row.part for row in scored} == {"stage"}
    shown = f"{summary['balanced_accuracy']['real']['estimate']:.3f}"
    assert shown in (out / "MODEL_CARD.md").read_text()
    # A row about a case that was not asked is told, not dropped in silence.
    assert "not in the samples" in (out / "MODEL_CARD.md").read_text()
    assert "not in the samples" in (out / "report.html").read_text()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"model": "a", "predictions": "b"}, "--model and --predictions are both given"),
        ({"graph_only": True}, "Expected --staging with it"),
        ({"samples": None}, "--samples is missing"),
        ({"copies": -1}, "Expected 0 or more"),
        ({"fills": ()}, "--fills is empty"),
        ({"random_regions": 3}, "Expected 5 or more"),
    ],
)
def test_flags_that_contradict_each_other_are_refused(tmp_path, flags, message):
    with pytest.raises(UserError, match=message):
        EvaluateConfig(**({"samples": tmp_path, "out": tmp_path / "out"} | flags))
