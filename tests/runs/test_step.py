"""A step can be killed, resumed, and run by any number of workers: the folder is the same."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from retia.errors import ItemsFailedError, UserError
from retia.runs import StepConfig, item_seed, open_step


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
