"""`retia serve` as people start it: a real process, the real client, refusals in one line."""

import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from retia import cli
from retia.disclaimer import DISCLAIMER
from retia.errors import UserError
from retia.serving.address import is_loopback, open_socket
from retia.serving.serve import ServeConfig, serve


def refused(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    """The one line that a command ends with."""
    assert cli.main(["serve", *map(str, args)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
    return error


def test_the_openai_client_talks_to_a_real_process(make_body, tmp_path: Path):
    openai = pytest.importorskip("openai")
    key = tmp_path / "key"
    key.write_text("s3cret\n")
    command = [sys.executable, "-m", "retia.cli", "serve", "--port", "0", "--api-key-file", key]
    with subprocess.Popen([*map(str, command)], stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            said = [server.stderr.readline() for _ in range(3)]
            assert DISCLAIMER in said[0] and "retia-student" in said[1], said
            address = re.search(r"http://127\.0\.0\.1:\d+/v1", said[2])
            assert address and "s3cret" not in "".join(said)
            with openai.OpenAI(base_url=address[0], api_key="s3cret", max_retries=0) as client:
                assert [m.id for m in client.models.list()] == ["retia-student"]
                body = make_body()
                whole = client.chat.completions.create(**body)
                text = whole.choices[0].message.content
                assert '"answer"' in text and whole.usage.completion_tokens > 10
                chunks = client.chat.completions.create(**body, stream=True)
                assert "".join(c.choices[0].delta.content or "" for c in chunks) == text
                with pytest.raises(openai.BadRequestError, match="holds 0 images"):
                    client.chat.completions.create(
                        model=body["model"], messages=[{"role": "user", "content": "Healthy?"}]
                    )
            with (
                openai.OpenAI(base_url=address[0], api_key="wrong", max_retries=0) as client,
                pytest.raises(openai.AuthenticationError),
            ):
                client.models.list()
            server.send_signal(signal.SIGINT)
            rest = server.stderr.read()
            assert server.wait(20) == 0 and "Traceback" not in rest, rest
        finally:
            server.kill()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "example.org"])
def test_an_address_open_to_the_network_needs_a_key(capsys, host: str):
    assert "--api-key-file" in refused(capsys, "--host", host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_none(host: str):
    assert is_loopback(host)


def test_a_taken_port_is_named_before_a_model_is_loaded(capsys):
    with open_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert f"cannot listen on 127.0.0.1, port {port}" in refused(capsys, "--port", port)


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["absent"], "absent is no folder"),
        (["--port", "70000"], "port is 70000"),
        (["--max-queue", "-1"], "max_queue is -1"),
        (["--max-image-mb", "nan"], "max_image_mb is nan"),
        (["--host", "no such host"], "--api-key-file"),
        (["--api-key-file", "absent"], "absent does not exist"),
    ],
)
def test_wrong_usage_is_one_line(capsys, tmp_path: Path, monkeypatch, args: list[str], line: str):
    monkeypatch.chdir(tmp_path)
    args = args if "--port" in args else [*args, "--port", "0"]
    assert line in refused(capsys, *args)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "  \n", "two words"])
def test_a_key_file_holds_one_word(capsys, tmp_path: Path, text: str):
    file = tmp_path / "key"
    file.write_text(text)
    assert "one word" in refused(capsys, "--api-key-file", file, "--port", "0")


def test_check_serves_one_answer_and_stops(tmp_path, pixels):
    from PIL import Image

    Image.fromarray(pixels).save(tmp_path / "eye.png")
    config = ServeConfig(port=0, check=tmp_path / "eye.png", max_new_tokens=8)
    served = serve(config)
    assert served is not None and served["answer"]
    with pytest.raises(OSError):
        urllib.request.urlopen(served["address"] + "/health", timeout=2)
    with pytest.raises(UserError, match="no readable image"):
        (tmp_path / "eye.png").write_bytes(b"nothing")
        serve(config)
