"""The folder a step writes: whose it is, what a killed step left in it, and a disk that is full."""

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from retia.errors import UserError

SETTINGS = "settings.json"
"""Among the unfinished: what they were made with."""

DISK_ERRORS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
}
"""What the user can mend: no space, no permission, no folder."""


@contextmanager
def disk_errors_named(out: Path) -> Iterator[None]:
    """Turn a full disk or a folder that cannot be written into one line.

    Raises:
        UserError: Naming the place and what the system said.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        raise UserError(
            f"{error.filename or out}: {os.strerror(error.errno)}. "
            f"Expected a place with room that can be written to. What is finished in {out} is "
            "kept: the same command goes on."
        ) from None


def sweep(out: Path) -> None:
    """Remove the halves of files that killed processes left in a folder (see `retia.atomic`)."""
    for path in out.iterdir() if out.is_dir() else ():
        if re.fullmatch(r"\..+\.\d+\.part(\..+)?", path.name) and path.is_file():
            path.unlink(missing_ok=True)


def own_folder(
    out: Path, key: str, record: Mapping[str, Any], owns: Sequence[str], replace: bool
) -> None:
    """See that a step writes over nothing but its own unfinished work.

    Args:
        out: The step's folder.
        key: The step's key.
        record: Its settings, as `run.json` holds them.
        owns: Names in the folder that the step writes.
        replace: Whether an earlier run of the step is to be removed.

    Raises:
        UserError: If the folder holds what other settings made, or something nobody knows of.
    """
    others = [p for p in sorted((out / ".partial").glob("*")) if p.name != key]
    run = out / "run.json"
    sealed = json.loads(run.read_text()) if run.is_file() else None
    ours = (out / ".partial" / key).is_dir() or (sealed or {}).get("key") == key
    if sealed is None and not others and not ours:
        found = [name for name in owns if (out / name).exists()]
        if found:
            raise UserError(
                f"{out} holds {', '.join(found)}, and no `run.json` says what made them. "
                "Expected a new folder."
            )
        return
    if replace:
        for name in (*owns, "run.json", ".partial"):
            path = out / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    elif not ours:
        settings = sealed or _settings(others[0])
        state = "holds" if sealed else "holds the unfinished part of"
        raise UserError(
            f"{out} {state} a run with other settings ({_difference(settings, record)}). "
            "Choose another --out, or add --no-resume to replace it."
        )


def _settings(partial: Path) -> dict[str, Any]:
    path = partial / SETTINGS
    return json.loads(path.read_text()) if path.is_file() else {}


def _difference(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Name what differs, such as `count was 20, now 30`."""
    if earlier.get("step") != now["step"]:
        return f"it was written by `retia {earlier.get('step')}`"
    before, after = _flat(earlier.get("config", {})), _flat(now["config"])
    changed = [k for k in sorted({*before, *after}) if before.get(k) != after.get(k)]
    said = [f"{k} was {before.get(k)}, now {after.get(k)}" for k in changed[:3]]
    if len(changed) > 3:
        said.append(f"{len(changed) - 3} more")
    return "; ".join(said) or "other inputs, or another version of Retia"


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Nested settings as one level: `growth.step_mm`."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    flat: dict[str, Any] = {}
    for key, inner in pairs:
        name = f"{prefix}{key}"
        if isinstance(inner, (dict, list)):
            flat |= _flat(inner, f"{name}.")
        else:
            flat[name] = inner
    return flat
