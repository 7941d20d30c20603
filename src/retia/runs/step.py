"""One step: reads folders, writes a folder, can be killed and resumed.

A finished folder holds `run.json`, written last: resolved config, versions, commit, seed and
hashes of the inputs (byte-stable), and `timing.json` (seconds; never compared). While a step
runs, finished items lie under `.partial/<key>/<item>/`; the key is a hash of config, inputs and
version, so that results of other settings are never mixed in.
"""

import dataclasses
import hashlib
import importlib.metadata
import json
import logging
import os
import platform
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from retia import __version__
from retia.atomic import atomic_file, atomic_folder
from retia.errors import ItemsFailedError, UserError
from retia.runs.config import StepConfig
from retia.runs.output import SETTINGS, disk_errors_named, own_folder, sweep
from retia.runs.progress import track
from retia.runs.workers import run_all

log = logging.getLogger("retia")

# Where a step ran must not change what it wrote.
UNKEYED = ("out", "workers", "engine", "resume")
LIBRARIES = ("numpy", "scipy", "scikit-image", "torch", "torch_geometric", "transformers", "trl")
TABLE_SUFFIXES = {".json", ".jsonl", ".parquet", ".csv", ".safetensors", ".yaml"}


class Step:
    """A running step; made by `open_step`."""

    def __init__(self, name: str, config: StepConfig, inputs: Mapping[str, Path]) -> None:
        """Resolve what the step is, and whether an earlier run has done it."""
        self.name = name
        self.config = config
        self.out = Path(config.out)
        self.summary: dict[str, Any] = {}
        self.failures: list[dict[str, str]] = []
        self.record = {
            "step": name,
            "config": _plain_config(config),
            "inputs": {key: hash_input(Path(path)) for key, path in sorted(inputs.items())},
            "versions": {"retia": __version__} | _library_versions(),
            "commit": _commit(),
        }
        keyed = {k: self.record[k] for k in ("step", "config", "inputs")}
        self.key = hashlib.sha256(json.dumps([keyed, __version__]).encode()).hexdigest()[:16]
        # Absolute, because workers of a cluster stand in folders of their own.
        self.partial = self.out.absolute() / ".partial" / self.key

    @property
    def done(self) -> bool:
        """Whether an earlier run with the same key finished this step without failures."""
        path = self.out / "run.json"
        if not (self.config.resume and path.is_file()):
            return False
        earlier = json.loads(path.read_text())
        return earlier.get("key") == self.key and not earlier.get("failures")

    def folder(self, id: str) -> Path:
        """Where an item lies until the step is sealed; it is there once the item is done."""
        return self.partial / id.replace("/", "__")

    def map(
        self, function: Callable[[Any, Path], None], items: Mapping[str, Any], description: str
    ) -> dict[str, Path]:
        """Do every item, each in a folder of its own, and skip those done before.

        Args:
            function: Importable; called with an item and an empty folder to write into.
                A `UserError` it raises marks that item as failed; the others go on.
            items: By id. Ids become folder names.
            description: Shown beside the progress bar.

        Returns:
            Per done item, in the order of `items`, its folder.
        """
        self.do(function, items.items(), len(items), description)
        folders = {id: self.folder(id) for id in items}
        return {id: folder for id, folder in folders.items() if folder.is_dir()}

    def do(
        self,
        function: Callable[[Any, Path], None],
        items: Iterable[tuple[str, Any]],
        total: int,
        description: str,
    ) -> None:
        """Do items as `map` does, drawing them one by one: memory does not grow with their number.

        Args:
            function: See `map`.
            items: Pairs of id and item.
            total: How many there are.
            description: Shown beside the progress bar.

        Raises:
            UserError: If what workers of a cluster write does not arrive in this folder.
        """
        self.partial.mkdir(parents=True, exist_ok=True)
        done = sum(entry.is_dir() and entry.name[0] != "." for entry in os.scandir(self.partial))
        todo = (
            (function, id, item, self.folder(id))
            for id, item in items
            if not self.folder(id).is_dir()
        )
        results = run_all(_do_item, todo, self.config.workers, self.config.engine)
        for id, problem in track(results, description, total, min(done, total)):
            if problem:
                log.warning("%s skipped: %s", id, problem)
                self.failures.append({"id": id, "error": problem})
            elif not self.folder(id).is_dir():
                raise UserError(
                    f"{id} was done, but not in {self.folder(id)}. With workers on other machines "
                    "--out must lie on a file system that all of them share."
                )
        self.failures.sort(key=lambda failure: failure["id"])

    @contextmanager
    def new_file(self, name: str) -> Iterator[Path]:
        """Yield a path to write to; on success it becomes the file `name` of the step's folder.

        Until then it lies among the unfinished, so that a killed step leaves no half of it.
        """
        part = self.partial / ".new" / name
        part.parent.mkdir(parents=True, exist_ok=True)
        yield part
        (self.out / name).parent.mkdir(parents=True, exist_ok=True)
        part.replace(self.out / name)


def _do_item(task: tuple[Callable[[Any, Path], None], str, Any, Path]) -> tuple[str, str | None]:
    function, id, item, folder = task
    try:
        with atomic_folder(folder) as part:
            function(item, part)
    except UserError as error:
        return id, str(error)
    return id, None


@contextmanager
def open_step(
    name: str,
    config: StepConfig,
    inputs: Mapping[str, Path] | None = None,
    owns: Sequence[str] = (),
) -> Iterator[Step]:
    """Open a step; on success seal its folder with `run.json`.

    Use as `with open_step("grow", config) as step:` and begin with
    `if step.done: return step.summary`, which is then what the earlier run wrote.

    Args:
        name: The verb.
        config: Its config.
        inputs: Files and folders it reads, by the name of their flag.
        owns: What the step writes in its folder. If anything of it is there from other settings,
            the step refuses to touch it; without names it writes over what is there.

    Raises:
        UserError: If an input or the output folder cannot be used, or the disk is full.
        ItemsFailedError: At the end, if some items failed; all others are written.
    """
    step = Step(name, config, inputs or {})
    if step.out.exists() and not step.out.is_dir():
        raise UserError(f"{step.out} is a file. --out needs a folder.")
    if step.done:
        step.summary = json.loads((step.out / "run.json").read_text())["summary"]
        log.info("%s: already done in %s", name, step.out)
        # It may have been killed after the last word was written and before this.
        shutil.rmtree(step.partial.parent, ignore_errors=True)
        sweep(step.out)
        yield step
        return
    with disk_errors_named(step.out):
        if owns:
            own_folder(step.out, step.key, step.record, owns, replace=not config.resume)
        step.out.mkdir(parents=True, exist_ok=True)
        if not config.resume:
            shutil.rmtree(step.partial, ignore_errors=True)
        sweep(step.out)
        (step.out / "run.json").unlink(missing_ok=True)
        wall_s, cpu_s = time.perf_counter(), _cpu_s()
        try:
            if owns:
                step.partial.mkdir(parents=True, exist_ok=True)
                write_json(step.partial / SETTINGS, step.record)
            yield step
        except BaseException:
            # A step that was refused before it wrote anything leaves nothing behind.
            if not any(step.out.iterdir()):
                step.out.rmdir()
            raise
        wall_s, cpu_s = time.perf_counter() - wall_s, _cpu_s() - cpu_s
        _seal(step, wall_s, cpu_s)
    log.info("%s: %s in %.1f s", name, step.out, wall_s)
    if step.failures:
        raise ItemsFailedError(
            f"{name}: {len(step.failures)} of the items could not be done and were skipped; "
            f"see {step.out / 'failures.jsonl'}. First: {step.failures[0]['error']}"
        )
    shutil.rmtree(step.out / ".partial", ignore_errors=True)


def _seal(step: Step, wall_s: float, cpu_s: float) -> None:
    timing = {"wall_s": round(wall_s, 3), "cpu_s": round(cpu_s, 3), "machine": platform.platform()}
    write_json(step.out / "timing.json", timing)
    failures = step.out / "failures.jsonl"
    failures.unlink(missing_ok=True)
    if step.failures:
        write_lines(failures, step.failures)
    # What is handed back is what is written, whether the step ran now or earlier.
    step.summary = json.loads(json.dumps(step.summary, ensure_ascii=False))
    extra = {"key": step.key, "summary": step.summary, "failures": len(step.failures)}
    write_json(step.out / "run.json", step.record | extra)


def write_json(path: Path, value: Any) -> None:
    """Write readable JSON, atomically."""
    with atomic_file(path) as part:
        part.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_lines(path: Path, rows: Iterable[Any]) -> None:
    """Write plain objects as JSON Lines, atomically."""
    with atomic_file(path) as part:
        part.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")


def hash_input(path: Path) -> str:
    """Hash a file, or a folder: contents of its tables and models, names and sizes of the rest.

    Raises:
        UserError: If nothing is there.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist. Expected a file or a folder there.")
    digest = hashlib.sha256()
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    for file in sorted(path.rglob("*")):
        inner = file.relative_to(path)
        if any(p.startswith(".") for p in inner.parts) or inner.name == "timing.json":
            continue
        if file.is_file():
            digest.update(f"{inner.as_posix()} {file.stat().st_size}\n".encode())
            if file.suffix in TABLE_SUFFIXES:
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _plain_config(config: StepConfig) -> dict[str, Any]:
    plain = json.loads(json.dumps(dataclasses.asdict(config), default=str))
    return {k: v for k, v in plain.items() if k not in UNKEYED}


def _library_versions() -> dict[str, str]:
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "absent"
    return versions


def _commit() -> str | None:
    """The commit of a source checkout; None for an installed package."""
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def _cpu_s() -> float:
    """CPU seconds of this process and its finished children."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usages)
