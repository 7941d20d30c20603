"""`retia demo` decides what it can show, stays at home, and refuses in one line."""

import signal
from pathlib import Path

import httpx
import pytest
from demo_process import demo_process

from retia import cli
from retia.demo.demo import modality_of
from retia.disclaimer import DISCLAIMER
from retia.serving.address import open_socket
from retia.weights import student_folder


@pytest.mark.parametrize(
    ("card", "modality"),
    [
        ("---\ntags: [medical, octa]\n---\n# A student\n", "octa"),
        ("---\ntags: [medical, radiology]\n---\n# octa\n", "other"),
        ("---\nlicense: mit\n---\n", "other"),
        ("# octa\n", "other"),
        (None, "other"),
    ],
)
def test_the_models_card_decides_what_is_shown(tmp_path: Path, card: str | None, modality: str):
    if card is not None:
        (tmp_path / "README.md").write_text(card)
    assert modality_of(tmp_path) == modality


def test_the_shipped_student_is_for_octa():
    assert modality_of(None) == modality_of(student_folder()) == "octa"


@pytest.mark.slow
def test_a_guarded_page_stays_at_home_and_leaves_nothing_behind(tmp_path: Path):
    password = tmp_path / "password"
    password.write_text("s3cret\n")
    args = ["--modality", "other", "--password-file", str(password)]
    with demo_process(tmp_path, *args) as (process, address):
        assert list(tmp_path.glob("retia-demo-*"))
        with httpx.Client(base_url=address, timeout=30) as client:
            assert client.get("/config").status_code == 401
            wrong = client.post("/login", data={"username": "retia", "password": "no"})
            assert wrong.status_code == 400
            client.post("/login", data={"username": "retia", "password": "s3cret"})
            page = client.get("/")
            assert page.status_code == 200 and DISCLAIMER in page.text
            policy = page.headers["content-security-policy"]
            assert policy.startswith("default-src 'self'") and "http" not in policy
            assert "fonts.googleapis.com" not in page.text
            assert client.get("/docs").status_code == 404
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(20) == 0 and "Traceback" not in said, said
    assert not list(tmp_path.glob("retia-demo-*"))


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["--host", "0.0.0.0"], "--password-file"),
        (["--password-file", "absent"], "absent does not exist"),
        (["absent", "--port", "0"], "absent is no folder"),
        (["--examples", "absent", "--port", "0"], "absent holds no image"),
    ],
)
def test_wrong_usage_is_one_line(capsys, monkeypatch, tmp_path: Path, args: list[str], line: str):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADIO_TEMP_DIR", "kept")
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "kept")
    assert cli.main(["demo", *args]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and line in error


def test_a_taken_port_is_named(capsys):
    with open_socket("127.0.0.1", 0) as taken:
        assert cli.main(["demo", "--port", str(taken.getsockname()[1])]) == 2
    assert "cannot listen on" in capsys.readouterr().err
