"""The one time zone everything here is dated in."""

from datetime import datetime, timedelta, timezone

# Japan has no daylight saving time.
JAPAN = timezone(timedelta(hours=9), "JST")


def utc_now() -> str:
    """This moment as every table of ours writes it, in milliseconds: `2026-07-22T18:05:00.123Z`."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def japan_time(utc: str | None) -> str:
    """`2026-07-22T18:05:00.123Z` as `2026-07-23 03:05 JST`; what is not a UTC time is returned as it is."""
    try:
        moment = datetime.fromisoformat((utc or "").replace("Z", "+00:00"))
    except ValueError:
        return utc or ""
    if moment.tzinfo is None:
        return utc or ""
    return moment.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M %Z")
