"""Not too many requests a minute, and how long to wait before the next attempt."""

import email.utils
import random
import threading
import time
from collections.abc import Callable

LONGEST_WAIT_S = 120.0


class Pace:
    """Lets one request through every `60 / per_minute` seconds, whoever asks."""

    def __init__(
        self,
        per_minute: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Set the pace; 0 a minute means no limit."""
        self.gap_s = 60.0 / per_minute if per_minute > 0 else 0.0
        self.clock = clock
        self.sleep = sleep
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Wait for one's turn."""
        if not self.gap_s:
            return
        with self._lock:
            now = self.clock()
            turn = max(now, self._next)
            self._next = turn + self.gap_s
        if turn > now:
            self.sleep(turn - now)


def wait_s(attempt: int, retry_after: str | None, now: float, first_s: float = 1.0) -> float:
    """Seconds before the next attempt.

    Args:
        attempt: How many have failed, from 1.
        retry_after: The header of that name: seconds, or a date. It counts where it can be read.
        now: Seconds since the epoch.
        first_s: Of the first pause; each further one is twice as long, give or take a quarter, so
            that clients that failed together do not come back together.
    """
    asked = _asked_s(retry_after, now)
    if asked is not None:
        return min(max(asked, 0.0), LONGEST_WAIT_S)
    return min(first_s * 2.0 ** (attempt - 1) * random.uniform(0.75, 1.25), LONGEST_WAIT_S)


def _asked_s(retry_after: str | None, now: float) -> float | None:
    if retry_after is None:
        return None
    try:
        return float(retry_after)
    except ValueError:
        pass
    try:
        return email.utils.parsedate_to_datetime(retry_after).timestamp() - now
    except ValueError:
        return None
