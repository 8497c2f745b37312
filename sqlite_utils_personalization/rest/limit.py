"""How often one key may ask: so many requests in each minute of the clock."""

import time
from collections import OrderedDict
from collections.abc import Callable

from sqlite_utils_personalization.rest.problem import Problem

WINDOW_S = 60
# Keys remembered at once; only those of customers are, so that nobody can crowd them out.
MOST_KEYS = 100_000


class Limit:
    """Counts requests per key hash within the present minute, of MOST_KEYS keys at most."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.time) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._window = 0
        self._counts: OrderedDict[str, int] = OrderedDict()

    def take(self, key_hash: str) -> None:
        """Count one request. Problem 429 says in how many seconds there may be another."""
        now = self._clock()
        if now // WINDOW_S != self._window:
            self._window = int(now // WINDOW_S)
            self._counts.clear()
        count = self._counts.pop(key_hash, 0)
        self._counts[key_hash] = count + 1
        if len(self._counts) > MOST_KEYS:
            self._counts.popitem(last=False)
        if count >= self._per_minute:
            wait = max(1, int(WINDOW_S - now % WINDOW_S))
            raise Problem(
                429,
                f"More than {self._per_minute} requests within a minute.",
                f"Ask again in {wait} seconds.",
                {"Retry-After": str(wait)},
            )
