"""What a recording holds: entries, each with its number, its time and the bytes as they came."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

ACCOUNT_SOURCE: Final = 1000  # number of the account's stream; market streams count from 1
LANE_SOURCE: Final = 2000  # of the first order lane

FORMAT: Final = 1  # told in every segment; another one is refused, not guessed at


class EntryKind(IntEnum):
    """What an entry is. The numbers are on disk: they are never given to anything else."""

    SESSION = 1  # JSON object: format, tidings, env, symbols, channels, wall_ns, mono_ns; first of each segment
    CATALOGUE = 2  # the venue's product answer, as it came; at the start of a recording and after each change
    MARKET = 3  # one message of a market stream, as it came: a push, or the answer to a subscription or heartbeat
    ACCOUNT = 4  # likewise, of the account stream
    LANE_SENT = 5  # one request of an order lane, token and signature removed
    LANE_CAME = 6  # one answer of an order lane: JSON {"status", "keep_alive", "budget"}, a newline, the body
    FEED = 7  # JSON {"event": "up"|"down"|"silent", "cause"}: `source` says which connection; "stale": "symbol"'s book
    DROPPED = 8  # JSON {"messages", "bytes", "from_ns", "to_ns"}: so much is missing here
    CLOCK = 9  # JSON {"wall_ns", "mono_ns"}: now and then, so that wall times stay right
    RUN = 10  # JSON: a strategy began or ended
    TIMER = 11  # a timer called the strategy
    CALL = 12  # the strategy called the engine: what, and what it got
    REPORT = 13  # an execution report, or what else the engine told the order path


class Entry(NamedTuple):
    """One thing that happened."""

    number: int  # 1, 2, … over all segments of a recording
    received_ns: int  # monotonic, when its bytes came or it was done
    wall_ns: int  # Unix time of that, by the recording's own clock entries
    kind: EntryKind
    source: int  # number of the connection (0: none)
    payload: bytes
