"""The flags of a language model as teacher."""

from dataclasses import dataclass
from pathlib import Path

from retia.chat import ChatConfig
from retia.errors import UserError

CACHE = ".teacher"
"""Folder of answers in the output folder, where no other is named; hidden, so that it is no part
of the samples."""


@dataclass(frozen=True, kw_only=True)
class TeacherFlags:
    """Which language model words the samples, and at what pace."""

    teacher_url: str | None = None
    """Address of an OpenAI-compatible API, such as `http://127.0.0.1:8000/v1`."""
    teacher_model: str | None = None
    """Name of the model at that address."""
    teacher_key_env: str | None = None
    """Name of the environment variable with the API key. The key is never written."""
    teacher_images: bool = False
    """Send the images too, without their metadata. By default only findings in words are sent."""
    teacher_cache: Path | None = None
    """Folder of answers, to be shared by runs; by default a hidden one in the output folder."""
    teacher_timeout_s: float = 120.0
    """Longest wait for one answer."""
    teacher_attempts: int = 5
    """Attempts of one request where the server is busy or fails."""
    teacher_first_wait_s: float = 1.0
    """Pause before the second attempt, doubled before each further one. A `Retry-After` of the
    server counts instead."""
    teacher_requests_per_minute: float = 0.0
    """Most requests a minute; 0 for no limit."""
    teacher_concurrent: int = 4
    """Requests under way at once."""
    teacher_max_tokens: int = 1000
    """Longest answer in tokens."""
    teacher_temperature: float = 0.7
    """How freely the model words."""
    teacher_price_in: float = 0.0
    """Price of a million tokens sent, for the estimate of the cost."""
    teacher_price_out: float = 0.0
    """Price of a million tokens received."""
    dry_run: bool = False
    """Count the requests and tokens that a language model would get; ask and write nothing."""


def chat_config(flags: TeacherFlags, out: Path, shares: int = 1) -> ChatConfig:
    """What the client needs to know.

    Args:
        flags: As given.
        out: The step's folder.
        shares: Processes that share the pace.

    Raises:
        UserError: If address or model is missing, or a number is out of range.
    """
    for flag in ("teacher_url", "teacher_model"):
        if not getattr(flags, flag):
            raise UserError(
                f"--teacher llm stands without --{flag.replace('_', '-')}. Expected the address of "
                "an OpenAI-compatible API and the name of a model there."
            )
    return ChatConfig(
        base_url=flags.teacher_url or "",
        model=flags.teacher_model or "",
        key_env=flags.teacher_key_env,
        cache=flags.teacher_cache or out / CACHE,
        timeout_s=flags.teacher_timeout_s,
        attempts=flags.teacher_attempts,
        first_wait_s=flags.teacher_first_wait_s,
        requests_per_minute=flags.teacher_requests_per_minute / shares,
        concurrent=max(1, flags.teacher_concurrent // shares),
        max_tokens=flags.teacher_max_tokens,
        temperature=flags.teacher_temperature,
        price_in=flags.teacher_price_in,
        price_out=flags.teacher_price_out,
    )


def check_flags(teacher: str, flags: TeacherFlags, out: Path) -> None:
    """Refuse flags that do not fit together, before anything is read.

    Raises:
        UserError: If a language model is asked for and not named, or named and not asked for.
    """
    if teacher == "llm":
        chat_config(flags, out)
        return
    for flag in ("teacher_url", "teacher_model", "teacher_images", "dry_run"):
        if getattr(flags, flag):
            raise UserError(
                f"--{flag.replace('_', '-')} is of a language model, and --teacher is {teacher}. "
                "Add --teacher llm, or leave the flag out."
            )
