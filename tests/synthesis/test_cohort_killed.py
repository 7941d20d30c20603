"""Whatever happens to a growth (killed, full disk, wrong folder), no eye is lost or grown twice."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from grown_files import differing, files
from killed_growth import settings

from retia.errors import UserError
from retia.synthesis.cohort import GrowConfig, grow

HERE = Path(__file__).parent


def command(out: Path, *flags: str) -> list[str]:
    return [sys.executable, "-m", "retia.cli", "grow", "--out", str(out), *flags]


def wait_until(condition, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def grown_folders(out: Path) -> list[Path]:
    return [p for p in out.glob(".partial/*/[0-9]*") if p.is_dir()]


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def kill_after(out: Path, eyes: int, *flags: str) -> None:
    """Start a growth with two workers, kill it by SIGKILL when some eyes are done."""
    growth = subprocess.Popen(command(out, "--workers", "2", *flags), stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: len(grown_folders(out)) >= eyes or growth.poll() is not None)
        children = Path(f"/proc/{growth.pid}/task/{growth.pid}/children")
        workers = [int(pid) for pid in children.read_text().split()] if children.exists() else []
    finally:
        growth.send_signal(signal.SIGKILL)
        growth.wait()
    assert not (out / "run.json").exists(), "it was done before it could be killed"
    wait_until(lambda: not any(alive(pid) for pid in workers), 60)


def test_a_growth_killed_twice_ends_in_the_same_bytes(cohort: Path, tmp_path: Path):
    out = tmp_path / "killed"
    kill_after(out, 1, "--count", "6")
    first = {p.name: p.stat().st_mtime_ns for p in grown_folders(out)}
    kill_after(out, 3, "--count", "6")
    second = {p.name: p.stat().st_mtime_ns for p in grown_folders(out)}
    assert first.items() <= second.items()  # nothing was grown again
    subprocess.run(command(out, "--count", "6"), check=True, capture_output=True)
    assert differing(out, cohort) == []


@pytest.mark.slow
def test_200_eyes_killed_at_many_moments_end_in_the_same_bytes(tmp_path: Path):
    flags = ("--count", "200", "--image-px", "128")
    subprocess.run(command(tmp_path / "whole", *flags), check=True, capture_output=True)
    for eyes in (3, 40, 90, 150, 199):
        kill_after(tmp_path / "killed", eyes, *flags)
    subprocess.run(command(tmp_path / "killed", *flags), check=True, capture_output=True)
    assert differing(tmp_path / "killed", tmp_path / "whole") == []


def test_a_growth_killed_again_and_again_while_it_is_put_together_ends_in_the_same_bytes(
    tmp_path: Path,
):
    count = 2
    script = [sys.executable, str(HERE / "killed_growth.py"), str(tmp_path / "killed"), str(count)]
    done = subprocess.run(script, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    assert len((tmp_path / "died.txt").read_text().splitlines()) > 10
    # Each eye was grown once, however often the process died afterwards.
    grown = (tmp_path / "grown.txt").read_text().split()
    assert sorted(grown) == [f"{i:06d}" for i in range(count)]
    grow(settings(tmp_path / "whole", count))
    assert differing(tmp_path / "killed", tmp_path / "whole") == []


def full_disk() -> None:
    """No file may get longer than this: writing fails as on a full disk."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def test_a_full_disk_is_one_line_and_the_same_command_goes_on(cohort: Path, tmp_path: Path):
    out = tmp_path / "full"
    flags = ("--count", "6")
    kill_after(out, 1, *flags)
    done = {p.name for p in grown_folders(out)}
    stopped = subprocess.run(
        command(out, *flags), preexec_fn=full_disk, capture_output=True, text=True, check=False
    )
    errors = [line for line in stopped.stderr.splitlines() if "error" in line or "Trace" in line]
    assert stopped.returncode == 2 and len(errors) == 1
    assert "File too large" in errors[0] and "goes on" in errors[0]
    assert done <= {p.name for p in grown_folders(out)} and not (out / "metadata.jsonl").exists()
    subprocess.run(command(out, *flags), check=True, capture_output=True)
    assert differing(out, cohort) == []


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match=r"file.*Not a directory"):
        grow(GrowConfig(out=tmp_path / "file" / "cohort", count=1))
    assert (tmp_path / "file").read_text() == "mine"


def test_another_configuration_never_touches_what_is_there(cohort: Path):
    before = files(cohort)
    with pytest.raises(UserError, match=r"other settings \(count was 6, now 7\)"):
        grow(GrowConfig(out=cohort, count=7))
    with pytest.raises(UserError, match=r"other settings \(image_px was 304, now 96; seed was 0"):
        grow(GrowConfig(out=cohort, count=6, image_px=96, seed=4))
    assert files(cohort) == before


def test_a_finished_cohort_is_left_alone(cohort: Path):
    times = {p: p.stat().st_mtime_ns for p in cohort.rglob("*")}
    summary = grow(GrowConfig(out=cohort, count=6, workers=2))
    assert sum(summary.values()) == 6
    assert {p: p.stat().st_mtime_ns for p in cohort.rglob("*")} == times


def test_an_unfinished_cohort_is_kept_from_other_settings(tmp_path: Path):
    out = tmp_path / "cohort"
    kill_after(out, 1, "--count", "4")
    left = {p.name for p in grown_folders(out)}
    with pytest.raises(UserError, match=r"unfinished part of a run with other .*seed was 0, now 1"):
        grow(GrowConfig(out=out, count=4, seed=1))
    assert {p.name for p in grown_folders(out)} == left


def test_pictures_of_unknown_origin_are_never_mixed_with_a_cohort(tmp_path: Path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "000000.png").write_bytes(b"mine")
    for resume in (True, False):
        with pytest.raises(UserError, match=r"holds images, and no `run.json`"):
            grow(GrowConfig(out=tmp_path, count=1, resume=resume))
    assert files(tmp_path) == {"images/000000.png": b"mine"}


def test_no_resume_replaces_an_earlier_cohort_and_nothing_else(tmp_path: Path):
    out = tmp_path / "cohort"
    grow(GrowConfig(out=out, count=2, image_px=96))
    (out / "notes.txt").write_text("mine")
    grow(GrowConfig(out=out, count=1, image_px=96, seed=1, resume=False))
    assert [p.name for p in (out / "images").iterdir()] == ["000000.png"]
    assert json.loads((out / "run.json").read_text())["config"]["seed"] == 1
    assert (out / "notes.txt").read_text() == "mine"


@pytest.mark.slow
def test_a_ray_cluster_of_two_workers_writes_the_bytes_of_one_process(cohort: Path, tmp_path: Path):
    pytest.importorskip("ray")
    out = tmp_path / "ray"
    environment = {k: v for k, v in os.environ.items() if k != "RAY_ADDRESS"}
    flags = ("--count", "6", "--workers", "2", "--engine", "ray")
    subprocess.run(command(out, *flags), check=True, capture_output=True, env=environment)
    assert differing(out, cohort) == []
