"""Taps: what they hand to the recorder, and that nothing secret goes through them."""

import json
from types import SimpleNamespace

from tidings.app.recording.session_recording import Recording
from tidings.clock import ManualClock
from tidings.recorder.entries import EntryKind
from tidings.venue.phemex.redaction import Redaction
from tidings.venue.phemex.signing import Credentials

KEY = "canary-key-0451"


class Taken:
    """In place of a recorder."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, int, bytes, int]] = []

    def take(self, kind: int, source: int, payload: bytes, received_ns: int) -> None:
        self.entries.append((kind, source, payload, received_ns))


def made() -> tuple[Recording, list[tuple[int, int, bytes, int]]]:
    recorder = Taken()
    redaction = Redaction(Credentials(KEY, "c2VjcmV0", "raw"))
    return Recording(recorder, redaction, ManualClock(now_ns=77)), recorder.entries


def test_market_messages_go_through_as_they_are() -> None:
    recording, entries = made()
    message = b'{"symbol":"BTCUSDT"}'
    recording.market_tap(3).came(message, 5)
    assert entries == [(EntryKind.MARKET, 3, message, 5)]
    assert entries[0][2] is message


def test_a_stream_tells_of_its_life() -> None:
    recording, entries = made()
    tap = recording.market_tap(2)
    tap.up()
    tap.silent("no data")
    tap.down(f"refused {KEY}")
    told = [(kind, source, json.loads(payload), ns) for kind, source, payload, ns in entries]
    assert told == [
        (EntryKind.FEED, 2, {"event": "up", "cause": ""}, 77),
        (EntryKind.FEED, 2, {"event": "silent", "cause": "no data"}, 77),
        (EntryKind.FEED, 2, {"event": "down", "cause": "refused [hidden]"}, 77),
    ]


def test_a_key_that_the_venue_repeats_is_not_kept() -> None:
    recording, entries = made()
    recording.account_tap().came(b'{"key":"canary-key-0451"}', 5)
    answer = SimpleNamespace(status=401, keep_alive=True, body=b"canary-key-0451 is unknown", rate_headers=[])
    recording.lane_tap().answer_came(1, answer, 6)
    assert [entry[:2] for entry in entries] == [(EntryKind.ACCOUNT, 1000), (EntryKind.LANE_CAME, 2001)]
    assert KEY.encode() not in b"".join(entry[2] for entry in entries)
    assert entries[1][2] == b'{"status":401,"keep_alive":true,"budget":{}}\n[hidden] is unknown'


def test_a_catalogue_is_told_when_it_has_changed() -> None:
    recording, entries = made()
    for body in (b"one", b"one", b"two"):
        recording.tell_catalogue(body)
    assert [entry[2] for entry in entries] == [b"one", b"two"]
