"""Which model is asked, and how patiently."""

from dataclasses import dataclass
from pathlib import Path

from retia.errors import UserError


@dataclass(frozen=True, kw_only=True)
class ChatConfig:
    """Settings of a client."""

    base_url: str
    """Address of an OpenAI-compatible API, such as `http://127.0.0.1:8000/v1`."""
    model: str
    key_env: str | None = None
    """Name of the environment variable that holds the key; the key itself is never written."""
    cache: Path | None = None
    """Folder of earlier answers."""
    timeout_s: float = 120.0
    attempts: int = 5
    """Of one request, the first among them."""
    first_wait_s: float = 1.0
    """Before the second attempt; doubled before each further one, unless the server names it."""
    requests_per_minute: float = 0.0
    """0: as many as come."""
    concurrent: int = 4
    """Requests under way at once."""
    max_tokens: int = 1000
    """Longest answer."""
    temperature: float = 0.7
    price_in: float = 0.0
    """Of a million tokens sent."""
    price_out: float = 0.0
    """Of a million tokens received."""

    def __post_init__(self) -> None:
        """Refuse what no request could be made of.

        Raises:
            UserError: Naming the setting, its value, and what was expected.
        """
        if not self.base_url.startswith(("http://", "https://")):
            raise UserError(
                f"the address of the language model is {self.base_url!r}. Expected an OpenAI-"
                "compatible API, such as http://127.0.0.1:8000/v1."
            )
        if "@" in self.base_url or "?" in self.base_url:
            raise UserError(
                "the address of the language model holds `@` or `?`. Expected an address without "
                "a key: addresses are written to run.json. Name the key's environment variable."
            )
        if not self.model:
            raise UserError("the language model has no name. Expected the one its server knows.")
        for name in ("attempts", "concurrent", "max_tokens", "timeout_s"):
            if getattr(self, name) <= 0:
                raise UserError(f"{name} is {getattr(self, name)}. Expected more than 0.")
        for name in ("requests_per_minute", "price_in", "price_out", "temperature"):
            if getattr(self, name) < 0:
                raise UserError(f"{name} is {getattr(self, name)}. Expected 0 or more.")
