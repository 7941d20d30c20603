"""The client against a server that fails in every way it may."""

import json
import threading
import time

import pytest
from fake_chat import Said, fake_server

from retia.chat import ChatConfig, ChatError, Client, Reply, Request, echo, read_object
from retia.chat.pace import Pace, wait_s
from retia.chat.wire import to_reply
from retia.errors import UserError

pytest.importorskip("openai")

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
KEY = "sk-never-written"


def ask(text: str, schema: dict | None = None) -> Request:
    return Request(messages=({"role": "user", "content": text},), schema=schema, seed=1)


@pytest.fixture
def waits():
    """How long the client would have slept, one entry a pause."""
    return []


@pytest.fixture
def make(tmp_path, monkeypatch, waits):
    """Makes clients that sleep for nobody and keep their answers."""
    monkeypatch.setenv("TEACHER_KEY", KEY)

    def make(url: str, **settings) -> Client:
        given = {"cache": tmp_path / "cache", "key_env": "TEACHER_KEY", "attempts": 3} | settings
        return Client(ChatConfig(base_url=url, model="m", **given), sleep=waits.append)

    return make


def test_what_was_answered_is_never_asked_again(make, tmp_path):
    with fake_server(lambda body, n: Said(text=f"answer {n}")) as server:
        with make(server.url) as client:
            assert client.ask(ask("one")).text == "answer 0"
        with make(server.url) as client:
            assert client.ask(ask("one")).text == "answer 0"
            assert client.known(ask("one")) and not client.known(ask("two"))
            assert client.ask(ask("two")).text == "answer 1"
            assert client.usage.counts() == {
                **{"requests": 1, "from_cache": 1, "retries": 0},
                **{"prompt_tokens": 10, "completion_tokens": 5},
            }
        with make(server.url, temperature=0.1) as client:
            assert client.ask(ask("one")).text == "answer 2"
        assert server.keys == [f"Bearer {KEY}"] * 3
    kept = "".join(p.read_text() for p in (tmp_path / "cache").rglob("*.json"))
    assert "answer 1" in kept and KEY not in kept


def test_a_busy_server_names_how_long_to_wait_and_a_failing_one_gets_longer_pauses(make, waits):
    busy = [Said(status=429, text="slow down", headers={"retry-after": "7"}), Said(text="fine")]
    with fake_server(lambda body, n: busy[n]) as server, make(server.url) as client:
        assert client.ask(ask("one")).text == "fine"
    assert waits == [7.0]
    waits.clear()
    failing = [Said(status=500, text="oh"), Said(status=503, text="no"), Said(text="fine")]
    with fake_server(lambda body, n: failing[n]) as server, make(server.url) as client:
        assert client.ask(ask("two")).text == "fine"
        assert client.usage.requests == 3 and client.usage.retries == 2
    assert 0.75 <= waits[0] <= 1.25 and 1.5 <= waits[1] <= 2.5


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        (Said(status=429, text="slow down"), "rate_limited"),
        (Said(status=500, text="oh"), "server_error"),
        (Said(wait_s=0.6), "timeout"),
        (Said(raw=b'{"choices": [{"mess'), "bad_reply"),
        (Said(raw=b'{"choices": []}'), "bad_reply"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_lasting_trouble_is_named_counted_and_not_kept(make, said, trouble):
    with fake_server(lambda body, n: said) as server, make(server.url, timeout_s=0.2) as client:
        with pytest.raises(ChatError, match="3 attempts") as caught:
            client.ask(ask("one"))
        assert caught.value.trouble == trouble
        assert client.usage.requests == len(server.bodies) == 3
        assert not client.known(ask("one"))


def test_nobody_at_the_address(make):
    with fake_server(lambda body, n: Said()) as server:
        url = server.url
    with make(url) as client, pytest.raises(ChatError) as caught:
        client.ask(ask("one"))
    assert caught.value.trouble == "unreachable"


def test_a_wrong_key_is_asked_with_once(make):
    refusal = Said(status=401, text="Incorrect API key")
    with fake_server(lambda body, n: refusal) as server, make(server.url) as client:
        with pytest.raises(ChatError, match=r"HTTP 401.*Incorrect API key") as caught:
            client.ask(ask("one"))
        with pytest.raises(ChatError, match="HTTP 401"):
            client.ask(ask("two"))
        assert caught.value.trouble == "refused" and len(server.bodies) == 1
        assert KEY not in str(caught.value)


def test_one_request_that_is_too_long_stops_no_other(make):
    def answer(body, number):
        long = len(body["messages"][0]["content"]) > 10
        return Said(status=400, text="context length exceeded") if long else Said(text="fine")

    with fake_server(answer) as server, make(server.url) as client:
        with pytest.raises(ChatError, match="context length") as caught:
            client.ask(ask("far too long a question"))
        assert caught.value.trouble == "bad_request"
        assert client.ask(ask("short")).text == "fine" and len(server.bodies) == 2


def test_a_server_without_schemas_is_asked_without_them_from_then_on(make):
    def answer(body, number):
        if "response_format" in body:
            return Said(status=400, text="response_format is not supported")
        return Said(text='{"a": "b"}')

    with fake_server(answer) as server, make(server.url) as client:
        assert client.ask(ask("one", SCHEMA)).text == '{"a": "b"}'
        assert client.ask(ask("two", SCHEMA)).text == '{"a": "b"}'
        assert ["response_format" in body for body in server.bodies] == [True, False, False]
    with fake_server(lambda body, n: Said(text="{}")) as server, make(server.url) as client:
        client.ask(ask("one", SCHEMA))
        assert server.bodies[0]["response_format"]["json_schema"]["schema"] == SCHEMA


def test_no_more_requests_at_once_than_allowed():
    under_way, most, lock = 0, 0, threading.Lock()

    def slow(body):
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.02)
        with lock:
            under_way -= 1
        return echo(body)

    client = Client(ChatConfig(base_url="http://x", model="m", concurrent=2), send=slow)
    threads = [threading.Thread(target=client.ask, args=(ask(str(n)),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2 and client.usage.requests == 8


def test_requests_keep_their_distance():
    now, slept = [100.0], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    pace = Pace(30, clock=lambda: now[0], sleep=sleep)
    for _ in range(4):
        pace.wait()
    assert slept == [2.0, 2.0, 2.0]
    now[0] += 60
    pace.wait()
    assert len(slept) == 3, "who has waited long enough waits no more"


def test_the_servers_waiting_time_counts_as_seconds_or_as_a_date():
    assert wait_s(1, "3", now=0.0) == 3.0
    assert wait_s(1, "Thu, 01 Jan 1970 00:00:09 GMT", now=4.0) == 5.0
    assert wait_s(5, "-1", now=0.0) == 0.0
    assert 12.0 <= wait_s(5, "soon", now=0.0) <= 20.0
    assert wait_s(60, None, now=0.0) <= 120.0


def test_cost_is_of_what_was_sent_and_received():
    config = ChatConfig(base_url="http://x", model="m", price_in=2.0, price_out=10.0)
    client = Client(config, send=echo)
    assert client.ask(ask("a b c d")).text == "a b c d"
    assert client.cost == pytest.approx(4 * 2e-6 + 4 * 10e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"base_url": "localhost:8000"}, "Expected an OpenAI-compatible API"),
        ({"base_url": "https://me:secret@host/v1"}, "without a key"),
        ({"model": ""}, "no name"),
        ({"attempts": 0}, "attempts is 0"),
        ({"requests_per_minute": -1.0}, "requests_per_minute is -1"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(UserError, match=message):
        ChatConfig(**{"base_url": "http://x", "model": "m"} | settings)


def test_a_missing_key_is_named(make, monkeypatch):
    monkeypatch.delenv("TEACHER_KEY")
    with pytest.raises(UserError, match="TEACHER_KEY is empty or not set"):
        make("http://x").ask(ask("one"))


def test_a_broken_answer_in_the_cache_is_named(make, tmp_path):
    client = make("http://x")
    path = tmp_path / "cache" / client.key(ask("one"))[:2] / f"{client.key(ask('one'))}.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"text": ')
    with pytest.raises(UserError, match=r"Remove the file"):
        client.ask(ask("one"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ('Sure!\n```json\n{"a": {"b": []}}\n```', {"a": {"b": []}}),
        ('{"a": {"b": 1}', None),
        ("{a: 1}", None),
        ('{"a": NaN}', None),
        ("no JSON", None),
    ],
)
def test_json_is_found_in_what_is_written_around_it(text, value):
    assert read_object(text) == value


def sure(text: str, schema: dict | None = None) -> Request:
    return Request(
        messages=({"role": "user", "content": text},), schema=schema, temperature=0.0, logprobs=True
    )


def test_how_likely_an_answer_was_is_asked_for_read_and_kept(make):
    said = Said(text="fine", logprobs=[-0.5, -1.5, 0.0, -2.0])
    with fake_server(lambda body, n: said) as server:
        for _ in range(2):
            with make(server.url) as client:
                assert client.ask(sure("one")).logprob == -1.0
        assert client.ask(ask("one")).logprob is None
        assert [body.get("logprobs") for body in server.bodies] == [True, None]
        assert [body["temperature"] for body in server.bodies] == [0.0, 0.7]


@pytest.mark.parametrize(
    "choice",
    [
        {"logprobs": None},
        {"logprobs": {"content": []}},
        {"logprobs": {"content": [{"token": "a"}]}},
        {"logprobs": {"content": [{"logprob": -0.5}, {"logprob": float("-inf")}]}},
        {"logprobs": [1, 2]},
    ],
)
def test_log_probabilities_that_cannot_be_read_are_none(choice):
    value = {"choices": [{"message": {"content": "a"}} | choice]}
    assert to_reply(json.dumps(value)) == Reply(text="a")


@pytest.mark.parametrize("status", [400, 403, 422])
def test_a_server_without_log_probabilities_is_asked_without_them_from_then_on(make, status):
    def answer(body, number):
        return Said(status=status, text="no logprobs") if "logprobs" in body else Said(text="fine")

    with fake_server(answer) as server, make(server.url) as client:
        for question in ("one", "two"):
            reply = client.ask(sure(question))
            assert (reply.text, reply.logprob) == ("fine", None)
        assert ["logprobs" in body for body in server.bodies] == [True, False, False]


def test_what_is_refused_without_any_further_field_is_refused(make):
    refusal = Said(status=400, text="too long")
    with fake_server(lambda body, n: refusal) as server, make(server.url) as client:
        with pytest.raises(ChatError, match="too long") as caught:
            client.ask(sure("one", SCHEMA))
        assert caught.value.trouble == "bad_request"
        fields = [("logprobs" in b, "response_format" in b) for b in server.bodies]
        assert fields == [(True, True), (False, True), (False, False)]
        assert client.without == frozenset(), "one long question says nothing about the others"
