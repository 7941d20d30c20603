"""A step can be killed, resumed, and run by any number of workers: the folder is the same."""

import errno
import json
import logging
import math
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from retia.errors import ItemsFailedError, UserError
from retia.runs import StepConfig, item_seed, open_step
from retia.runs.progress import state
from retia.runs.workers import run_all, windowed


@dataclass(frozen=True, kw_only=True)
class SquareConfig(StepConfig):
    count: int = 4


def square(number: int, folder: Path) -> None:
    if number == 13:
        raise UserError("13 is not squared here.")
    if number == 99 and not os.environ.get("RETIA_TEST_MENDED"):
        raise RuntimeError("killed")
    with (folder.parent.parent.parent / "calls.txt").open("a") as calls:
        calls.write(f"{number}\n")
    (folder / "value.json").write_text(json.dumps(number**2))


def squares(config: SquareConfig, numbers: list[int]) -> None:
    with open_step("square", config) as step:
        if step.done:
            return
        folders = step.map(square, {f"n{i}": i for i in numbers}, "squaring")
        values = [json.loads((f / "value.json").read_text()) for f in folders.values()]
        (step.out / "values.json").write_text(json.dumps(values))


def files(folder: Path) -> dict[str, bytes]:
    skip = {"timing.json", "calls.txt"}
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in skip
    }


def test_two_workers_write_the_bytes_of_one(tmp_path: Path):
    for workers in (1, 2):
        squares(SquareConfig(out=tmp_path / str(workers), workers=workers), [1, 2, 3, 4])
    assert files(tmp_path / "1") == files(tmp_path / "2")


def test_a_killed_step_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    config = SquareConfig(out=tmp_path / "a")
    with pytest.raises(RuntimeError, match="killed"):
        squares(config, [1, 2, 99, 4])
    assert not (tmp_path / "a" / "run.json").exists()
    monkeypatch.setenv("RETIA_TEST_MENDED", "1")
    squares(config, [1, 2, 99, 4])
    assert json.loads((tmp_path / "a" / "values.json").read_text()) == [1, 4, 9801, 16]
    assert (tmp_path / "a" / "calls.txt").read_text().split() == ["1", "2", "99", "4"]


def test_a_done_step_is_not_done_again(tmp_path: Path):
    config = SquareConfig(out=tmp_path / "a")
    squares(config, [1, 2])
    squares(config, [1, 2])
    assert (tmp_path / "a" / "calls.txt").read_text().split() == ["1", "2"]
    squares(SquareConfig(out=tmp_path / "a", count=5), [1, 2])
    assert len((tmp_path / "a" / "calls.txt").read_text().split()) == 4


def test_one_bad_item_is_reported_and_the_rest_is_done(tmp_path: Path):
    with pytest.raises(ItemsFailedError, match=r"1 of the items.*13 is not squared"):
        squares(SquareConfig(out=tmp_path / "a"), [2, 13, 3])
    assert json.loads((tmp_path / "a" / "values.json").read_text()) == [4, 9]
    (failure,) = (tmp_path / "a" / "failures.jsonl").read_text().splitlines()
    assert json.loads(failure) == {"id": "n13", "error": "13 is not squared here."}


def test_a_missing_input_writes_nothing(tmp_path: Path):
    config = SquareConfig(out=tmp_path / "a")
    with (
        pytest.raises(UserError, match="does not exist"),
        open_step("square", config, {"cases": tmp_path / "absent"}),
    ):
        pass
    assert not (tmp_path / "a").exists()


def test_item_seeds_depend_on_seed_and_item_alone():
    assert item_seed(1, "a") == item_seed(1, "a")
    assert len({item_seed(s, i) for s in range(20) for i in "abc"}) == 60


def test_a_step_that_is_refused_at_once_leaves_no_folder(tmp_path: Path):
    config = SquareConfig(out=tmp_path / "a")
    with pytest.raises(UserError, match="no"), open_step("square", config):
        raise UserError("no")
    assert not (tmp_path / "a").exists()


def test_items_are_drawn_no_faster_than_they_are_done():
    drawn, most = [], 0

    def items():
        for number in range(1000):
            drawn.append(number)
            yield number

    done = 0
    for _ in windowed(lambda i: i, lambda tokens: (tokens[:1], tokens[1:]), items(), 6):
        most = max(most, len(drawn) - done)
        done += 1
    assert done == 1000 and most <= 6


def double(number: int) -> int:
    return 2 * number


@pytest.mark.parametrize("workers", [1, 2])
def test_every_item_is_done_once_by_any_number_of_workers(workers: int):
    results = run_all(double, iter(range(50)), workers, "local")
    assert sorted(results) == list(range(0, 100, 2))


def stop_itself(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_a_killed_worker_is_one_line():
    with pytest.raises(UserError, match="worker process was killed"):
        list(run_all(stop_itself, range(3), 2, "local"))


@pytest.mark.slow
def test_a_ray_cluster_does_every_item_once_and_hands_on_errors():
    pytest.importorskip("ray")
    # What runs on a cluster is importable there: functions of this file are not.
    roots = sorted(run_all(math.isqrt, (i * i for i in range(20)), 2, "ray"))
    assert roots == list(range(20))
    with pytest.raises(ValueError, match="nonnegative"):
        list(run_all(math.isqrt, iter([1, -1]), 2, "ray"))


@pytest.mark.slow
def test_a_ray_cluster_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(UserError, match="no Ray cluster answers there"):
        list(run_all(double, [1], 2, "ray"))


def test_the_rate_and_the_time_left_are_told():
    assert state(100, 50.0, 1000, 300) == "400 of 1000, 2 a second, 0:05:00 left"
    assert state(10, 20.0, None, 0) == "10, 0.5 a second"


def test_where_there_is_no_terminal_a_line_is_logged_now_and_then(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    from retia.runs import progress

    clock = iter(range(0, 1000, 20))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with caplog.at_level(logging.INFO, logger="retia"):
        assert list(progress.track(range(6), "growing", 10, 2)) == list(range(6))
    assert caplog.messages == [
        "growing: 4 of 10, 0.05 a second, 0:02:00 left",
        "growing: 6 of 10, 0.05 a second, 0:01:20 left",
        "growing: 8 of 10, 0.05 a second, 0:00:40 left",
    ]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_disk_that_takes_no_more_is_one_line(tmp_path: Path, number: int):
    config = SquareConfig(out=tmp_path / "a")
    with pytest.raises(UserError, match=os.strerror(number)) as error, open_step("square", config):
        raise OSError(number, os.strerror(number), "value.json")
    assert "\n" not in str(error.value) and "goes on" in str(error.value)


def owned(config: SquareConfig) -> None:
    with open_step("square", config, owns=("values.json",)) as step:
        if step.done:
            return
        step.map(square, {"n2": 2}, "squaring")
        with step.new_file("values.json") as part:
            part.write_text(f"{config.count}")


def test_a_step_that_owns_its_folder_writes_over_nothing_else(tmp_path: Path):
    out = tmp_path / "a"
    owned(SquareConfig(out=out))
    with pytest.raises(UserError, match="count was 4, now 5"):
        owned(SquareConfig(out=out, count=5))
    assert (out / "values.json").read_text() == "4" and (out / "run.json").exists()
    owned(SquareConfig(out=out, count=5, resume=False))
    assert (out / "values.json").read_text() == "5"


def test_halves_of_files_of_a_killed_step_are_swept_away(tmp_path: Path):
    out = tmp_path / "a"
    squares(SquareConfig(out=out), [1])
    for name in (".run.123.part.json", ".partial/0123456789abcdef/n1/value.json"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("half")
    (out / ".mine").write_text("mine")
    squares(SquareConfig(out=out), [1])
    assert {p.name for p in out.iterdir()} == {
        *("values.json", "run.json", "timing.json", "calls.txt", ".mine")
    }
