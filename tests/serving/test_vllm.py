"""`--engine vllm` becomes the right command for what vLLM can serve, and refuses the rest."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from retia import cli
from retia.disclaimer import DISCLAIMER

FAKE = """\
#!{python}
import json, os, sys
json.dump({{"argv": sys.argv[1:], "key": os.environ.get("VLLM_API_KEY")}}, open({out!r}, "w"))
sys.exit(7)
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_model(tmp_path / "my-qwen", {"model_type": "qwen2_5_vl"})


def make_model(folder: Path, config: dict) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def flags_of(argv: list[str]) -> dict[str, str]:
    return dict(zip(argv[::2], argv[1::2], strict=True))


@pytest.mark.parametrize("key", ["s3cret", None])
def test_the_process_becomes_vllm_with_the_key_in_its_environment(
    tmp_path: Path, model: Path, key: str | None
):
    fake, out = tmp_path / "bin" / "vllm", tmp_path / "seen.json"
    fake.parent.mkdir()
    fake.write_text(FAKE.format(python=sys.executable, out=str(out)))
    fake.chmod(0o755)
    args = ["serve", str(model), "--engine", "vllm", "--port", "8123", "--max-model-len", "4096"]
    if key:
        (tmp_path / "key").write_text(key)
        args += ["--api-key-file", str(tmp_path / "key"), "--host", "0.0.0.0"]
    environment = os.environ | {"PATH": f"{fake.parent}:{os.environ['PATH']}"}
    environment.pop("VLLM_API_KEY", None)
    done = subprocess.run(
        [sys.executable, "-m", "retia.cli", *args], capture_output=True, text=True, env=environment
    )
    seen = json.loads(out.read_text())
    assert done.returncode == 7, "vLLM's own exit code"
    assert seen["argv"][:2] == ["serve", str(model)] and seen["key"] == key
    flags = flags_of(seen["argv"][2:])
    assert flags["--served-model-name"] == "my-qwen" and flags["--port"] == "8123"
    assert flags["--host"] == ("0.0.0.0" if key else "127.0.0.1")
    assert flags["--max-model-len"] == "4096"
    assert json.loads(flags["--limit-mm-per-prompt"]) == {"image": 1}
    assert flags["--allowed-media-domains"].endswith(".invalid")
    assert json.loads(flags["--override-generation-config"]) == {"temperature": 0.0}
    assert DISCLAIMER in done.stderr and f"vllm serve {model}" in done.stderr
    assert key is None or key not in " ".join(seen["argv"]) + done.stderr


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ({"model_type": "bert"}, "model_type is 'bert'. Retia knows embedded, llava"),
        ({"model_type": "llava", "vision_config": {"model_type": "retia_tower"}}, "tower of its"),
        (None, "holds no config.json"),
    ],
)
def test_what_vllm_cannot_serve_is_refused_in_one_line(
    capsys, tmp_path: Path, config: dict | None, line: str
):
    folder = tmp_path / "model"
    if config is None:
        folder.mkdir()
    else:
        make_model(folder, config)
    assert line in refused(capsys, folder)


def test_the_shipped_student_and_adapters_are_refused(capsys, model: Path):
    assert "vision tower of its own" in refused(capsys)
    (model / "adapter_config.json").write_text("{}")
    assert f"retia merge --model {model}" in refused(capsys, model)


def test_a_machine_without_vllm_is_told_so(capsys, model: Path, monkeypatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no `vllm` on the path" in refused(capsys, model)


def refused(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    assert cli.main(["serve", *map(str, args), "--engine", "vllm"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
    return error
