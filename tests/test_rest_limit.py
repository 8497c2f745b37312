"""How often a key may ask: counted by the minute of the clock, for so many keys at most."""

import pytest

pytest.importorskip("datasette")

from sqlite_utils_personalization.viewer.rest import authenticate
from sqlite_utils_personalization.viewer.rest.authenticate import Limit
from sqlite_utils_personalization.viewer.rest.problem import Problem


class Clock:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


def refused(counted, key):
    """The status and the seconds to wait, or None if the key may ask."""
    try:
        counted.take(key)
    except Problem as problem:
        return problem.status, int(problem.headers["Retry-After"])
    return None


@pytest.mark.parametrize(("at", "wait"), [(0.0, 60), (0.5, 59), (30, 30), (59.9, 1)])
def test_it_says_when_the_next_minute_begins_and_then_it_begins(at, wait):
    clock = Clock(1_000_020.0 + at)
    counted = Limit(2, clock)

    assert [refused(counted, "a") for _ in range(3)] == [None, None, (429, wait)]
    assert refused(counted, "b") is None
    clock.now = 1_000_080.0
    assert refused(counted, "a") is None


def test_it_remembers_only_so_many_keys(monkeypatch):
    monkeypatch.setattr(authenticate, "MOST_KEYS", 3)
    counted = Limit(1, Clock(0.0))
    for n in range(1000):
        assert refused(counted, str(n)) is None

    assert len(counted._counts) == 3
    assert [refused(counted, key) for key in ("999", "998")] == [(429, 60)] * 2
