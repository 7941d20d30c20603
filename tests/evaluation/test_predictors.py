"""Students, endpoints and the graph model all answer alike, and none loses a question."""

import base64
import io
import math
import threading

import numpy as np
import polars as pl
import pytest
from fake_chat import Said as Reply
from fake_chat import fake_server
from PIL import Image

from retia.chat import Client
from retia.errors import UserError
from retia.evaluation.answers.measure import read_row
from retia.evaluation.answers.predictions import by_case
from retia.evaluation.plan.items import stage_items
from retia.evaluation.predictors.endpoint import EndpointConfig, chat_config, open_endpoint
from retia.evaluation.predictors.staging import read_staging, staging_answers
from retia.evaluation.predictors.student import student_predictor
from retia.records import Case
from retia.weights import student_folder

pytest.importorskip("openai")


def picture(value):
    return np.full((20, 30), value, np.uint8)


def config(url, **settings):
    return EndpointConfig(endpoint=url, endpoint_model="m", attempts=2, **settings)


@pytest.fixture
def opened(monkeypatch):
    """Opens endpoints that wait for nobody."""

    def opened(settings):
        client = Client(chat_config(settings, 64), sleep=lambda seconds: None)
        return open_endpoint(settings, 64, client)

    return opened


def shown(body):
    """What a request shows and asks: the sent image and its text."""
    image, text = body["messages"][-1]["content"]
    head, data = image["image_url"]["url"].split(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))), text["text"]


def test_the_image_is_sent_pixel_by_pixel_and_the_answer_says_how_sure_it_is(opened):
    pixels = np.arange(600, dtype=np.uint16).astype(np.uint8).reshape(20, 30)
    said = Reply(text=" fine ", logprobs=[-1.0, -2.0])
    with fake_server(lambda body, n: said) as server, opened(config(server.url)) as endpoint:
        (answer,) = endpoint.answer([pixels], ["Why?"])
        assert (answer.text, answer.logprob, answer.trouble) == ("fine", -1.5, None)
        seen, text = shown(server.bodies[0])
        assert (seen == pixels[..., None]).all() and text == "Why?"
        assert server.bodies[0]["temperature"] == 0.0
        assert endpoint.score is None


def test_sixteen_requests_are_under_way_at_once(opened):
    # Nobody is answered before sixteen have asked: fewer at once would never be answered.
    meeting = threading.Barrier(16, timeout=60)

    def answer(body, number):
        meeting.wait()
        return Reply(text=shown(body)[1])

    questions = [f"question {n}" for n in range(48)]
    with fake_server(answer) as server, opened(config(server.url)) as endpoint:
        said = endpoint.answer([picture(0)] * 48, questions)
    assert [s.text for s in said] == questions


def test_copies_are_sampled_each_with_a_seed_of_its_own(opened):
    def answer(body, number):
        if body["seed"] == 9:
            return Reply(status=429, text="slow down")
        return Reply(text=f"{shown(body)[1]} {body['seed']}")

    with fake_server(answer) as server, opened(config(server.url)) as endpoint:
        assert endpoint.sample is not None
        copies = endpoint.sample([picture(0), picture(1)], ["a", "b"], 3, 7)
        # The third copy never came: it is left out, not taken for an answer.
        assert copies == [["a 7", "a 8"], ["b 7", "b 8"]]
        assert {body["temperature"] for body in server.bodies} == {0.7}


def test_one_trouble_stops_no_other_question(opened):
    def answer(body, number):
        text = shown(body)[1]
        status = {"busy": 429, "broken": 500, "long": 400}.get(text, 200)
        return Reply(status=status, text=f"that is {text}")

    questions = ["a", "busy", "b", "broken", "long", "c"]
    with fake_server(answer) as server, opened(config(server.url)) as endpoint:
        said = endpoint.answer([picture(0)] * 6, questions)
    assert [s.text for s in said] == ["that is a", "", "that is b", "", "", "that is c"]
    troubles = [s.trouble.split(":")[0] if s.trouble else None for s in said]
    assert troubles == [None, "rate_limited", None, "server_error", "bad_request", None]
    assert "HTTP 429: " in str(said[1].trouble)


def test_a_refused_key_ends_the_run_at_once(opened):
    refusal = Reply(status=401, text="Incorrect API key")
    with fake_server(lambda body, n: refusal) as server:
        settings = config(server.url, concurrent=2)
        with opened(settings) as endpoint, pytest.raises(UserError, match="HTTP 401"):
            endpoint.answer([picture(0)] * 60, ["?"] * 60)
        assert len(server.bodies) <= 2


def test_a_server_that_is_gone_ends_the_run(opened):
    with fake_server(lambda body, n: Reply()) as server:
        url = server.url
    with opened(config(url, concurrent=2)) as endpoint:
        few = endpoint.answer([picture(0)] * 2, ["?"] * 2)
        assert all(str(s.trouble).startswith("unreachable: ") for s in few)
        with pytest.raises(UserError, match=r"8 requests in a row got no answer.*same command"):
            endpoint.answer([picture(0)] * 60, ["?"] * 60)


def test_what_was_answered_once_comes_from_the_cache(opened, tmp_path):
    with fake_server(lambda body, n: Reply(text=f"answer {n}", logprobs=[-1.0])) as server:
        for _ in range(2):
            with opened(config(server.url, concurrent=1, cache=tmp_path)) as endpoint:
                said = endpoint.answer([picture(0), picture(1), picture(0)], ["a", "a", "a"])
                assert [s.text for s in said] == ["answer 0", "answer 1", "answer 0"]
                assert [s.logprob for s in said] == [-1.0] * 3
        assert len(server.bodies) == 2


@pytest.mark.parametrize(
    ("family", "sent", "back"),
    [
        (None, "[3, 4, 15, 10]", "[3, 4, 15, 10]"),
        ("qwen3_vl", "[100, 200, 500, 500]", "[3, 4, 15, 10]"),
        # 20 x 30 px are shown as 56 x 84: whole patches of 28 px, and no fewer than 3136 pixels.
        ("qwen2_5_vl", "[8, 11, 42, 28]", "[3, 4, 15, 10]"),
    ],
)
def test_boxes_are_pixels_of_the_sent_image_unless_a_family_is_named(opened, family, sent, back):
    def answer(body, number):
        return Reply(text=shown(body)[1])

    with fake_server(answer) as server:
        with opened(config(server.url, endpoint_family=family)) as endpoint:
            (said,) = endpoint.answer([picture(0)], ["In [3, 4, 15, 10]?"])
        assert shown(server.bodies[0])[1] == f"In {sent}?"
        assert said.text == f"In {back}?"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"endpoint": None}, "--endpoint is missing"),
        ({"endpoint_model": None}, "--endpoint-model is missing"),
        ({"endpoint_family": "qwen3"}, "--endpoint-family is 'qwen3'. Did you mean `qwen3_vl`"),
        ({"endpoint": "localhost"}, "Expected an OpenAI-compatible API"),
        ({"concurrent": 0}, "concurrent is 0"),
        ({"key_env": "NO_SUCH_KEY"}, "NO_SUCH_KEY is empty or not set"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    given = {"endpoint": "http://127.0.0.1:9/v1", "endpoint_model": "m"} | settings
    with (
        pytest.raises(UserError, match=message),
        open_endpoint(EndpointConfig(**given), 64) as endpoint,
    ):
        endpoint.answer([picture(0)], ["?"])


def test_a_student_says_how_sure_it_is_and_can_be_asked_again():
    student = student_predictor(student_folder(), 12)
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (64, 64), dtype=np.uint8) for _ in range(2)]
    questions = [item.question for item in stage_items(eyes(2))]
    said = student.answer(images, questions)
    assert student.score is not None and student.sample is not None
    scores = student.score(images, questions, [s.text for s in said])
    assert [s.logprob for s in said] == pytest.approx(scores, abs=0.01)
    assert all(s.text and s.logprob < 0 for s in said)
    copies = student.sample(images, questions, 3, 5)
    assert [len(own) for own in copies] == [3, 3]
    assert copies == student.sample(images, questions, 3, 5)


def eyes(count):
    stages = ("healthy", "npdr", "pdr")
    return [
        Case(file_name="a.png", id=f"eye{n}", group=f"g{n}", modality="octa", stage=stages[n % 3])
        for n in range(count)
    ]


def staged(folder, **columns):
    table = {"case": ["eye0", "eye1"], "predicted": ["healthy", "pdr"]} | columns
    pl.DataFrame(table).write_parquet(folder / "predictions.parquet")
    return folder


def test_the_graph_model_answers_the_stage_question_and_says_how_sure_it_is(tmp_path):
    folder = staged(tmp_path, p_healthy=[0.9, 0.0], p_npdr=[0.1, 0.4], p_pdr=[0.0, 0.6])
    assert read_staging(folder) == {"eye0": "healthy", "eye1": "pdr"}
    items = stage_items(eyes(3))
    first, second, third = by_case(items, staging_answers(folder))
    assert read_row(items[0].case, first.text).predicted == "healthy"
    assert read_row(items[1].case, second.text).predicted == "pdr"
    assert math.exp(first.logprob) == pytest.approx(0.9)
    assert math.exp(second.logprob) == pytest.approx(0.6)
    assert (third.text, third.logprob) == ("", None)
    assert str(third.trouble).startswith("not_staged: ")
    assert [p.question for p in (first, second, third)] == [i.question for i in items]


def test_a_table_without_probabilities_gives_answers_alone(tmp_path):
    said = staging_answers(staged(tmp_path))
    assert [s.logprob for s in said.values()] == [None, None]
    zero = staging_answers(staged(tmp_path, p_pdr=[0.0, 0.0]))["eye1"]
    assert zero.logprob is not None and math.exp(zero.logprob) == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"predicted": ["severe", "pdr"]}, "of case eye0 is 'severe'. Expected one of healthy"),
        ({"predicted": [None, "pdr"]}, "of case eye0 is None"),
        ({"case": ["eye0", "eye0"]}, "holds case eye0 twice"),
        ({"p_pdr": [0.1, 1.2]}, "of case eye1 is 1.2. Expected a number from 0 to 1"),
    ],
)
def test_tables_that_are_no_stages_are_refused(tmp_path, columns, message):
    with pytest.raises(UserError, match=message):
        staging_answers(staged(tmp_path, **columns))
