"""The small parts of a session: formats, times, heartbeats, the throttle, what is held."""

import pytest

from tidings.fix.field_formats import FORMATS
from tidings.fix.inbound_order import InboundOrder
from tidings.fix.inbound_throttle import InboundThrottle
from tidings.fix.liveness import Due, Liveness
from tidings.fix.timestamps import timestamp, unix_ns

S = 10**9


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("INT", "0 -1 007 -0 999999999999999999", "+1 1.0 - x 1e3 1000000000000000000 --1"),
        ("SEQNUM", "0 1 007", "-1 +1 1.0 x"),
        ("PRICE", "1 -1 0.5 .5 5. 64321.50 0000000000000000000000.1", "+1 . - -. 1e3 1.2.3 1,5 x 1000000000000000000"),
        ("CHAR", "a \xff", "ab"),
        ("BOOLEAN", "Y N", "y 1 YN"),
        ("UTCTIMESTAMP", "20260801-00:00:00 20261231-23:59:60 20260801-12:00:00.123 20260801-12:00:00.123456789",
         "20260801 20260832-00:00:00 20260801-24:00:00 20260801-12:60:00 20260801-12:00:00.1 20260801-12:00"),
        ("UTCTIMEONLY", "12:00:00 12:00:00.123", "12:00 25:00:00"),
        ("LOCALMKTDATE", "20260801", "20261301 2026-08-01 202608"),
        ("MONTHYEAR", "202608 20260815 202608w2", "202613 202608w6 2026"),
    ],
)  # fmt: skip
def test_formats(kind: str, good: str, bad: str) -> None:
    for word in good.split():
        assert FORMATS[kind](word.encode("latin-1")), word
    for word in bad.split():
        assert not FORMATS[kind](word.encode("latin-1")), word


def test_text_has_no_format() -> None:
    assert FORMATS.get("STRING") is FORMATS.get("DATA") is FORMATS.get("CURRENCY") is None


@pytest.mark.parametrize(
    ("text", "unix"),
    [
        ("19700101-00:00:01", S), ("20260801-12:34:56.789", 1_785_587_696_789 * S // 1000),
        ("20260801-12:34:56.000000001", 1_785_587_696 * S + 1), ("20261231-23:59:60", 1_798_761_600 * S),
    ],
)  # fmt: skip
def test_times_are_read_exactly(text: str, unix: int) -> None:
    assert unix_ns(text.encode()) == unix


def test_a_day_that_is_none_is_no_time() -> None:
    with pytest.raises(ValueError, match="day"):
        unix_ns(b"20260231-00:00:00")


def test_what_is_used_of_a_rate_is_counted_in_whole_messages() -> None:
    throttle = InboundThrottle(4)
    assert InboundThrottle(0).use(0) is None
    assert throttle.use(S) == (0, 4)
    for _ in range(3):
        throttle.takes(S)
    assert throttle.use(S) == (3, 4)
    assert throttle.use(S + S // 8) == (3, 4)  # half a message's time later two and a half are used
    assert throttle.use(2 * S) == (0, 4)


def test_times_are_cut_not_rounded() -> None:
    unix_ns = 1_785_585_599 * S + 999_999_999
    assert timestamp(unix_ns) == b"20260801-11:59:59.999"
    assert timestamp(unix_ns, 0) == b"20260801-11:59:59"
    assert timestamp(unix_ns + 1, 6) == b"20260801-12:00:00.000000"
    assert timestamp(unix_ns, 9) == b"20260801-11:59:59.999999999"


def test_heartbeat_instants() -> None:
    liveness = Liveness()
    liveness.start(10, 0)
    assert liveness.due(10 * S - 1) is Due.NOTHING
    assert liveness.due(10 * S) is Due.HEARTBEAT
    liveness.sent(10 * S)
    assert liveness.due(12 * S - 1) is Due.NOTHING
    assert liveness.due(12 * S) is Due.TEST_REQUEST
    assert liveness.due(23 * S) is Due.NOTHING  # neither a second one nor a heartbeat while it is open
    assert liveness.due(24 * S) is Due.TIMEOUT
    liveness.received(23 * S)
    assert liveness.due(24 * S) is Due.HEARTBEAT


def test_no_heartbeats() -> None:
    liveness = Liveness()
    liveness.start(0, 0)
    assert liveness.due(10**6 * S) is Due.NOTHING


def test_throttle_refills_and_sees_floods() -> None:
    throttle = InboundThrottle(2, burst_msgs=3)
    assert [throttle.takes(0) for _ in range(4)] == [True, True, True, False]
    assert throttle.takes(S // 2)
    assert not throttle.takes(S // 2)
    assert [throttle.takes(10 * S) for _ in range(4)] == [True, True, True, False]
    for _ in range(16):
        throttle.takes(10 * S)
    assert not throttle.is_flooded
    throttle.takes(10 * S)
    assert throttle.is_flooded
    throttle.takes(11 * S)
    assert not throttle.is_flooded


def test_no_limit() -> None:
    throttle = InboundThrottle(0)
    assert all(throttle.takes(0) for _ in range(10_000))
    assert not throttle.is_flooded


def test_one_request_per_gap() -> None:
    order = InboundOrder(10, 1000)
    assert order.asks(3, 6, False)
    assert not order.asks(3, 7, False)
    assert not order.asks(3, 4, True)  # the replay has not moved
    assert not order.asks(5, 8, False)  # still the gap up to 5
    assert order.asks(5, 8, True)  # a repetition that skipped 5
    assert order.asks(8, 10, False)


def test_held_messages() -> None:
    order = InboundOrder(2, 1000)
    assert order.hold(5, b"first")
    assert order.hold(5, b"again")
    assert order.hold(7, None)
    assert not order.hold(8, b"no room")
    assert order.take(5) == b"first"
    assert order.has(7)
    assert order.take(7) is None
    order.hold(9, b"x")
    order.discard_below(10)
    assert not order.has(9)


def test_held_bytes_are_bounded() -> None:
    order = InboundOrder(100, 10)
    assert order.hold(5, b"12345")
    assert order.hold(6, b"12345")
    assert not order.hold(7, b"1")
    order.take(5)
    assert order.hold(7, b"12345")
    order.discard_below(7)
    assert order.hold(8, b"12345")
    assert not order.hold(9, b"1")
