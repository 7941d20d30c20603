"""Grows a cohort in processes that are killed while they put it together.

Run as `python killed_growth.py OUT COUNT`: the first process dies, by SIGKILL, after it has
renamed or removed one file, the second after two, and so on until one ends by itself. Exits with 0
if that one succeeded; `OUT/../died.txt` has a line for every death, `OUT/../grown.txt` one for
every eye that was grown.
"""

import itertools
import os
import signal
import sys
from pathlib import Path

from retia.synthesis.cohort import GrowConfig, assembly, grow
from retia.synthesis.cohort.ranges import LesionRanges
from retia.synthesis.eye import make_eye  # noqa: F401  (imported once, before the forks)

CHANGES = ("rename", "replace", "unlink", "rmdir")


def settings(out: Path, count: int) -> GrowConfig:
    """Small ill eyes with all that a cohort can hold."""
    ill = LesionRanges(
        dropout_probability=1.0, microaneurysm_probability=1.0, neovascularization_probability=1.0
    )
    return GrowConfig(
        out=out, count=count, image_px=96, twins=True, pack=True, profile="ranges", lesions=ill
    )


def die_after(changes: int) -> None:
    left = [changes]
    for name in CHANGES:
        original = getattr(os, name)

        def killing(*args: object, _original: object = original, **kwargs: object) -> None:
            _original(*args, **kwargs)  # type: ignore[operator]
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        setattr(os, name, killing)


def child(out: Path, count: int, changes: int) -> None:
    grow_module = sys.modules["retia.synthesis.cohort.grow"]
    grow_eye, assemble = grow_module.grow_eye, assembly.assemble

    def noted(plan, folder):  # type: ignore[no-untyped-def]
        with (out.parent / "grown.txt").open("a") as lines:
            lines.write(f"{plan.id}\n")
        grow_eye(plan, folder)

    def deadly(step, config):  # type: ignore[no-untyped-def]
        die_after(changes)
        return assemble(step, config)

    grow_module.grow_eye, assembly.assemble = noted, deadly
    config = settings(out, count)
    if (out / "run.json").is_file():
        die_after(changes)  # what is left is tidying
    grow(config)


def main(out: Path, count: int) -> int:
    for changes in itertools.count(1):
        pid = os.fork()
        if pid == 0:
            try:
                child(out, count, changes)
            except BaseException:
                import traceback

                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSIGNALED(status):
            return os.waitstatus_to_exitcode(status)
        with (out.parent / "died.txt").open("a") as lines:
            lines.write(f"after {changes} changes\n")
    raise AssertionError("endless")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
