"""The server says what the student says, one request at a time, to those who have the key."""

import asyncio
import json
import threading
import time

import httpx
import pytest
from http_server import QUESTION, make_settings, serving

from retia.disclaimer import DISCLAIMER
from retia.serving.app import make_app
from retia.serving.line import Line
from retia.serving.requests import RequestError
from retia.students.ask import ask
from retia.students.stream import Piece

URL = "/v1/chat/completions"


def events(reply: httpx.Response) -> list[dict]:
    lines = [line for line in reply.text.splitlines() if line]
    assert lines[-1] == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]


def test_whole_and_streamed_answers_are_the_students(address, student, make_body, pixels):
    (said,) = ask(student, [pixels], [QUESTION], 200)
    whole = httpx.post(address + URL, json=make_body(), timeout=60).json()
    choice = whole["choices"][0]
    assert choice["message"] == {"role": "assistant", "content": said}
    assert choice["finish_reason"] == "stop"
    counts = student.tokenizer(said)["input_ids"]
    assert whole["usage"]["completion_tokens"] == len(counts) + 1, "and the one that ends it"
    body = make_body(stream=True, stream_options={"include_usage": True})
    chunks = events(httpx.post(address + URL, json=body, timeout=60))
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    deltas = [c["choices"][0]["delta"].get("content", "") for c in chunks[:-1]]
    assert "".join(deltas) == said and len(deltas) > 10
    assert [c["choices"][0]["finish_reason"] for c in chunks[:-1]][-1] == "stop"
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"] == whole["usage"]
    assert len({c["id"] for c in chunks}) == 1


def test_max_tokens_cuts_and_says_so(address, student, make_body, pixels):
    reply = httpx.post(address + URL, json=make_body(max_tokens=5), timeout=60).json()
    (said,) = ask(student, [pixels], [QUESTION], 5)
    choice = reply["choices"][0]
    assert choice["message"]["content"] == said and choice["finish_reason"] == "length"
    assert reply["usage"]["completion_tokens"] == 5


def test_temperature_changes_nothing(address, make_body):
    answers = {
        httpx.post(address + URL, json=make_body(temperature=t, max_tokens=20), timeout=60).json()[
            "choices"
        ][0]["message"]["content"]
        for t in (0, 1, 2)
    }
    assert len(answers) == 1


def test_models_and_health(address):
    (model,) = httpx.get(address + "/v1/models").json()["data"]
    assert model["id"] == "retia-student" and model["object"] == "model"
    health = httpx.get(address + "/health").json()
    assert health["status"] == "ok" and health["waiting"] == 0 and health["notice"] == DISCLAIMER


def test_a_key_is_asked_for_everywhere_but_health(student, make_body):
    with serving(make_app(student, make_settings(api_key="s3cret"))) as address:
        for headers in ({}, {"Authorization": "Bearer s3cre"}, {"Authorization": "s3cret"}):
            for reply in (
                httpx.get(address + "/v1/models", headers=headers),
                httpx.post(address + URL, json=make_body(), headers=headers),
            ):
                assert reply.status_code == 401
                assert reply.json()["error"]["code"] == "invalid_api_key"
        right = {"Authorization": "Bearer s3cret"}
        assert httpx.get(address + "/v1/models", headers=right).status_code == 200
        assert httpx.get(address + "/health").status_code == 200


class SlowStudent:
    """Stands in for `stream`: says a word each time it is let, and counts those who listen."""

    def __init__(self) -> None:
        self.may_speak = threading.Semaphore(0)
        self.words = 3
        self.listening = self.most_listening = self.asked = 0

    def __call__(self, student, image, turns, limit):
        return self.speak()

    def speak(self):
        self.listening += 1
        self.asked += 1
        self.most_listening = max(self.most_listening, self.listening)
        try:
            for number in range(self.words):
                self.may_speak.acquire()
                yield Piece(text="a ", prompt_tokens=1, new_tokens=number + 1)
            yield Piece(text="", prompt_tokens=1, new_tokens=self.words, finish="stop")
        finally:
            self.listening -= 1


@pytest.fixture
def slow(student, monkeypatch):
    """A slow student with a line of one, and its address."""
    slow = SlowStudent()
    monkeypatch.setattr("retia.serving.app.stream", slow)
    with serving(make_app(student, make_settings(max_queue=1))) as address:
        try:
            yield slow, address
        finally:
            # Whoever still waits to speak would keep the server from stopping.
            slow.may_speak.release(1000)


def until(condition) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "nothing happened for 10 s"
        time.sleep(0.01)


def test_one_is_answered_one_waits_the_rest_are_turned_away(slow, make_body):
    speaker, address = slow
    replies: list[httpx.Response] = []

    def post() -> None:
        replies.append(httpx.post(address + URL, json=make_body(), timeout=30))

    clients = [threading.Thread(target=post) for _ in range(2)]
    clients[0].start()
    until(lambda: speaker.listening == 1)
    clients[1].start()
    until(lambda: httpx.get(address + "/health").json()["waiting"] == 1)
    refused = httpx.post(address + URL, json=make_body(), timeout=10)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] and refused.json()["error"]["code"]
    for _ in range(6):
        speaker.may_speak.release()
    for client in clients:
        client.join()
    assert [r.json()["choices"][0]["message"]["content"] for r in replies] == ["a a a "] * 2
    assert speaker.most_listening == 1


@pytest.mark.parametrize("streamed", [True, False])
def test_a_client_who_leaves_frees_the_student(slow, make_body, streamed):
    speaker, address = slow
    # It would speak for ever: only the client's leaving ends it.
    speaker.words = 10**6
    body = make_body(stream=streamed)
    if streamed:
        with httpx.stream("POST", address + URL, json=body, timeout=10) as reply:
            speaker.may_speak.release()
            assert next(reply.iter_lines())
    else:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(address + URL, json=body, timeout=0.5)

    def silent_after_a_token() -> bool:
        # The leaving is noticed between two tokens, not within one.
        speaker.may_speak.release()
        return speaker.listening == 0

    until(silent_after_a_token)
    speaker.words = 3
    speaker.may_speak.release(3)
    assert httpx.post(address + URL, json=make_body(), timeout=10).status_code == 200


def test_a_bug_is_a_500_in_the_same_form_and_the_server_lives_on(student, make_body, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("secret detail")
        yield

    with serving(make_app(student, make_settings())) as address:
        with monkeypatch.context() as patch:
            patch.setattr("retia.serving.app.stream", fail)
            reply = httpx.post(address + URL, json=make_body(), timeout=10)
        assert reply.status_code == 500 and reply.json()["error"]["type"] == "server_error"
        assert "secret detail" not in reply.text
        assert httpx.post(address + URL, json=make_body(max_tokens=3)).status_code == 200


def test_the_line_keeps_its_order_and_its_length():
    async def play() -> list[int]:
        line, order = Line(2), []

        async def wait(number: int) -> None:
            async with line.turn():
                order.append(number)
                await asyncio.sleep(0)

        async with line.turn():
            waiting = [asyncio.create_task(wait(n)) for n in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(RequestError, match="2 requests wait") as full:
                await wait(9)
            assert full.value.status == 429
        await asyncio.gather(*waiting)
        await wait(2)
        return order

    assert asyncio.run(play()) == [0, 1, 2]
