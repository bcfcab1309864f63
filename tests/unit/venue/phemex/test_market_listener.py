"""What a stream tells its listener beside books and prints: changes of a book's worth, and pushes of figures."""

import pytest
from market_instruments import INSTRUMENTS
from market_messages import INVERSE_CHANGE, INVERSE_SNAPSHOT, LINEAR_SNAPSHOT

from tidings.errors import UsageError
from tidings.market.feed_state import FeedEvent
from tidings.venue.phemex.market_stream import MarketListener, MarketStream

CANDLES = b'{"kline":[],"sequence":1,"symbol":"BTCUSD","type":"snapshot"}'
ANSWER = b'{"error":null,"id":5,"result":{"status":"success"}}'
BACKWARDS = INVERSE_CHANGE.replace(b'"sequence":4137', b'"sequence":4099')
CROSSED = INVERSE_CHANGE.replace(b"[612499000,44]", b"[612511000,44]")
OTHER_SNAPSHOT = INVERSE_SNAPSHOT.replace(b"[612480000,1]", b"[612480000,2]")
LATER_SNAPSHOT = OTHER_SNAPSHOT.replace(b'"sequence":41', b'"sequence":42')
MALFORMED = INVERSE_CHANGE.replace(b"612499000", b"612499001")


class Heard(MarketListener):
    def __init__(self) -> None:
        self.all: list[object] = []

    def state_changed(self, book, event, now_ns):
        self.all.append((FeedEvent(event), book.symbol, now_ns))

    def book_changed(self, book, now_ns):
        self.all.append(book.symbol)

    def figures_came(self, message, now_ns):
        self.all.append((message, now_ns))
        return message == CANDLES


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def stream(heard) -> MarketStream:
    return MarketStream(INSTRUMENTS, heard)


@pytest.mark.parametrize(
    ("push", "event"),
    [
        (BACKWARDS, FeedEvent.SEQUENCE_BACK), (CROSSED, FeedEvent.CROSSED), (OTHER_SNAPSHOT, FeedEvent.MISMATCH),
        (MALFORMED, FeedEvent.MALFORMED), (LATER_SNAPSHOT, FeedEvent.CORRECTED),
    ],
)  # fmt: skip
def test_every_loss_and_every_correction_is_told_with_its_cause_before_the_book(stream, heard, push, event):
    stream.feed(INVERSE_SNAPSHOT, 1)
    stream.feed(push, 2)
    assert heard.all == [(FeedEvent.SNAPSHOT, "BTCUSD", 1), "BTCUSD", (event, "BTCUSD", 2), "BTCUSD"]


def test_a_change_that_changes_no_state_tells_of_none(stream, heard):
    stream.feed(INVERSE_SNAPSHOT, 1)
    stream.feed(INVERSE_CHANGE, 2)
    stream.feed(INVERSE_CHANGE.replace(b"4137", b"4138"), 3)
    assert heard.all[2:] == ["BTCUSD", "BTCUSD"]


def test_a_snapshot_that_is_crossed_itself_does_not_heal_and_is_told_again(stream, heard):
    crossed = INVERSE_SNAPSHOT.replace(b"[612500000,1900]", b"[612590000,1900]")
    stream.feed(crossed, 1)
    stream.feed(crossed, 2)
    stream.feed(INVERSE_SNAPSHOT, 3)
    assert [told for told in heard.all if told != "BTCUSD"] == [
        (FeedEvent.CROSSED, "BTCUSD", 1), (FeedEvent.CROSSED, "BTCUSD", 2), (FeedEvent.SNAPSHOT, "BTCUSD", 3),
    ]  # fmt: skip


def test_garbage_a_lost_connection_and_silence_are_told_of_every_live_book(stream, heard):
    for now_ns, lose in enumerate(
        (lambda: stream.feed(b"{", 7), lambda: stream.mark_stale(7), lambda: stream.on_timer(10**12)), 1
    ):
        for snapshot in (INVERSE_SNAPSHOT, LINEAR_SNAPSHOT):
            stream.feed(snapshot, now_ns)
        heard.all.clear()
        lose()
        events = [told[0] for told in heard.all if isinstance(told, tuple)]
        assert len(events) == 2
        assert events[0] is events[1] is (FeedEvent.MALFORMED, FeedEvent.DISCONNECTED, FeedEvent.SILENCE)[now_ns - 1]


def test_a_stalled_stream_says_so(stream):
    stream.feed(INVERSE_SNAPSHOT, 1)
    stream.mark_stale(2, FeedEvent.SILENCE)
    assert stream.book("BTCUSD").stale_cause is FeedEvent.SILENCE
    with pytest.raises(UsageError, match="SILENCE or DISCONNECTED"):
        stream.mark_stale(3, FeedEvent.CROSSED)


def test_pushes_of_other_channels_go_to_who_wants_them(stream, heard):
    assert stream.feed(CANDLES, 4) is True
    assert stream.feed(b'{"position_info":{}}', 5) is True
    assert stream.feed(ANSWER, 6) is False
    assert heard.all == [(CANDLES, 4), (b'{"position_info":{}}', 5)]
    assert stream.ignored_count == 1


def test_what_a_listener_raises_ends_the_feed_call(stream, heard, monkeypatch):
    monkeypatch.setattr(Heard, "figures_came", lambda self, message, now_ns: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        stream.feed(CANDLES, 1)
