"""How often somebody may ask: so many at once, then so many a second."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_REMEMBERED = 20_000


class Limit:
    """A bucket of tokens for each who asks.

    Args:
        at_once: tokens of a full bucket.
        a_second: how fast it fills again.
        clock: seconds that only grow.
    """

    def __init__(
        self, at_once: float, a_second: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._at_once, self._a_second, self._clock = at_once, a_second, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, who: str) -> float:
        """Take a token: 0, or the seconds after which there will be one."""
        with self._lock:
            now = self._clock()
            left, then = self._buckets.pop(who, (self._at_once, now))
            left = min(self._at_once, left + (now - then) * self._a_second)
            taken = left >= 1
            self._buckets[who] = (left - 1 if taken else left, now)
            while len(self._buckets) > MOST_REMEMBERED:
                self._buckets.popitem(last=False)
            return 0.0 if taken else (1 - left) / self._a_second
