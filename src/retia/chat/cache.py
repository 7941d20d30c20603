"""Answers on disk, keyed by what was asked: what was answered once is never asked again."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from retia.atomic import atomic_file
from retia.chat.exchange import Reply
from retia.errors import UserError


class Cache:
    """A folder of JSON files, one an answer; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        """Use a folder; it is made when the first answer comes."""
        self.folder = Path(folder)

    @staticmethod
    def key(asked: dict[str, Any]) -> str:
        """The key of what was asked: equal content, equal key."""
        text = json.dumps(asked, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def get(self, key: str) -> Reply | None:
        """The answer kept under a key, or None.

        Raises:
            UserError: If the file there is no answer.
        """
        path = self._path(key)
        if not path.is_file():
            return None
        try:
            return Reply(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise UserError(
                f"{path} holds no answer of a language model ({error}). Expected JSON with `text` "
                "and token counts. Remove the file: the question is then asked again."
            ) from None

    def put(self, key: str, reply: Reply) -> None:
        """Keep an answer."""
        with atomic_file(self._path(key)) as part:
            part.write_text(json.dumps(asdict(reply), ensure_ascii=False), encoding="utf-8")

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"
