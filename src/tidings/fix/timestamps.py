"""UTCTimestamp of Unix nanoseconds, for the session's own fields."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tidings.fix.writer import utc_time

SECOND_NS = 1_000_000_000


def timestamp(unix_ns: int, digits: int = 3) -> bytes:
    """`20260801-12:34:56.789`, with 0, 3, 6 or 9 digits of the second; the rest is cut off."""
    return utc_time(unix_ns, digits)


def unix_ns(text: bytes) -> int:
    """The Unix time of a UTCTimestamp; second 60 is the next minute's first. Raises ValueError for no day at all."""
    year, month, day, hour, minute = (int(text[a:b]) for a, b in ((0, 4), (4, 6), (6, 8), (9, 11), (12, 14)))
    moment = datetime(year, month, day, hour, minute, tzinfo=UTC) + timedelta(seconds=int(text[15:17]))
    return int(moment.timestamp()) * SECOND_NS + int((text[18:] + b"0" * 9)[:9])
