"""One at a time: a line of limited length before a student that does one thing at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from retia.serving.requests import RequestError


class Line:
    """Requests wait for their turn in the order they came; a full line turns them away."""

    def __init__(self, longest: int) -> None:
        """Open a line in which `longest` requests may wait."""
        self.longest = longest
        self.waiting = 0
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the turn, and hold it.

        Raises:
            RequestError: With status 429, if the line is full.
        """
        if self._turn.locked() and self.waiting >= self.longest:
            raise RequestError(
                f"busy: {self.waiting} requests wait already. Try again in a few seconds.",
                status=429,
                code="rate_limit_exceeded",
            )
        self.waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self._turn.release()
