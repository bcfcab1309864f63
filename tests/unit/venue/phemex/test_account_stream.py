"""Whole messages of the account streams: order, snapshots, and what broken ones leave behind."""

import json
import random
from decimal import Decimal

import pytest
from account_messages import (
    EXEC_ID,
    INSTRUMENTS,
    INVERSE_FILL,
    LINEAR_ACCOUNT,
    LINEAR_FILL,
    LINEAR_POSITION,
    LINEAR_ROW,
    SPOT_FILL,
    SPOT_ROW,
    UNSET,
    linear,
    spot,
    text_of,
)

from tidings.errors import PeerError
from tidings.model.enums import ExecType, OrdStatus, ProductLine, ReportSource
from tidings.venue.phemex.account_stream import AccountEvents, AccountStream


def told(text: bytes) -> list:
    events = AccountEvents()
    assert AccountStream(INSTRUMENTS, events).feed_message(text, now_ns=77)
    return events.take()


def test_new_and_fill_of_one_message_keep_their_order():
    reports = told(linear(LINEAR_ROW, LINEAR_FILL))
    assert [report.exec_type for report in reports] == [ExecType.NEW, ExecType.TRADE]


def test_spot_fills_come_before_the_order_they_complete():
    closed = SPOT_ROW | {"ordStatus": "Filled", "cumBaseQtyEv": 1500000, "leavesBaseQtyEv": 0, "tradeType": "Trade"}
    fill, order = told(spot(closed=[closed], fills=[SPOT_FILL]))
    assert (fill.exec_type, fill.last_px_ticks, fill.last_qty_lots) == (ExecType.TRADE, 6125000, 15000)
    assert (fill.exec_id, fill.fee, fill.is_maker) == (EXEC_ID, Decimal("0.00001500"), False)
    assert (order.exec_type, order.ord_status, order.cum_qty_lots) == (ExecType.STATUS, OrdStatus.FILLED, 15000)
    assert order.last_qty_lots == UNSET


def test_a_snapshot_is_state_but_its_executions_count():
    rejected = LINEAR_ROW | {"ordStatus": "Rejected", "execStatus": "CreateRejected", "code": 11001}
    *reports, end = told(linear(LINEAR_ROW, rejected, LINEAR_FILL, kind="snapshot"))
    assert [report.exec_type for report in reports] == [ExecType.STATUS, ExecType.STATUS, ExecType.TRADE]
    assert {report.source for report in reports} == {ReportSource.SNAPSHOT}
    assert all(report.reconciled for report in reports)
    assert reports[1].code == 11001
    assert end == ProductLine.LINEAR


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (linear(kind="snapshot"), ProductLine.LINEAR),
        (text_of({"orders": [], "positions": [], "accounts": [], "type": "snapshot"}), ProductLine.INVERSE),
        (spot(kind="snapshot"), ProductLine.SPOT),
    ],
)
def test_each_snapshot_message_tells_its_end(text, line):
    assert told(text) == [line]


def test_a_message_of_no_known_type_is_no_news_and_no_snapshot():
    (report,) = told(linear(LINEAR_ROW, kind="partial"))
    assert (report.source, report.exec_type) == (ReportSource.SNAPSHOT, ExecType.STATUS)


def test_type_may_come_last():
    message = json.loads(linear(LINEAR_ROW, kind="snapshot"))
    message["type"] = message.pop("type")
    assert told(text_of(message))[0].source == ReportSource.SNAPSHOT


OTHERS = [
    b'{"error":null,"id":2,"result":{"status":"success"}}',
    b'{"error":null,"id":0,"result":"pong"}',
    b'{"index_market24h":{"highEp":9996,"lastEp":9992,"symbol":".USDT"},"timestamp":1790000000000000001}',
    b'{"position_info":{"accountID":420420001,"light":5,"symbol":"BTCUSD","userID":42042},"sequence":148}',
    b'{"book":{"asks":[],"bids":[]},"symbol":"BTCUSD","type":"incremental"}',
    b"{}",
]


@pytest.mark.parametrize("text", OTHERS)
def test_other_messages_are_ignored_and_counted(text):
    events = AccountEvents()
    stream = AccountStream(INSTRUMENTS, events)
    assert not stream.feed_message(text)
    assert (events.take(), stream.ignored_count, stream.message_count) == ([], 1, 0)


BROKEN = [
    b"", b"pong", b"[]", b"null", b'{"orders_p":[5]}', b'{"orders_p":{}}', b'{"orders_p":[[]]}',
    b'{"positions":[null]}',
    b'{"orders":{"open":5,"closed":{}}}', b'{"orders":{"open":[3]}}', b'{"wallets":[""]}',
    b'{"orders_p":[{"symbol":{}}]}',
    b'{"orders_p":[],"orders_p":[]}', b'{"orders_p":[{"symbol":"BTCUSDT","symbol":"BTCUSDT"}]}',
    linear(LINEAR_ROW) + b"x",
]  # fmt: skip


@pytest.mark.parametrize("text", BROKEN)
def test_broken_messages_raise_and_tell_nothing(text):
    events = AccountEvents()
    with pytest.raises(PeerError, match="account stream"):
        AccountStream(INSTRUMENTS, events).feed_message(text)
    assert events.take() == []


def test_every_truncation_raises_and_tells_nothing():
    text = linear(LINEAR_ROW, LINEAR_FILL, positions_p=[LINEAR_POSITION], accounts_p=[LINEAR_ACCOUNT])
    events = AccountEvents()
    stream = AccountStream(INSTRUMENTS, events)
    for cut in range(len(text)):
        with pytest.raises(PeerError):
            stream.feed_message(text[:cut])
    assert events.take() == []
    assert stream.feed_message(text)
    assert len(events.take()) == 4


def test_escapes_go_to_the_second_parser_and_mean_the_same():
    text = linear(LINEAR_FILL)
    escaped = text.replace(b'"execStatus"', b'"exec\\u0053tatus"').replace(b'"BTCUSDT"', b'"\\u0042TCUSDT"')
    events = AccountEvents()
    stream = AccountStream(INSTRUMENTS, events)
    stream.feed_message(escaped, now_ns=77)
    assert repr(events.take()) == repr(told(text))
    assert stream.second_try_count == 1


def test_mutants_end_in_events_or_a_peer_error():
    chooser = random.Random(5)
    texts = [
        linear(LINEAR_ROW, LINEAR_FILL, positions_p=[LINEAR_POSITION], accounts_p=[LINEAR_ACCOUNT]),
        text_of({"type": "snapshot", "accounts": [], "orders": [INVERSE_FILL], "positions": []}),
        spot(opened=[SPOT_ROW], fills=[SPOT_FILL]),
    ]
    events = AccountEvents()
    stream = AccountStream(INSTRUMENTS, events)
    raised = 0
    for round_number in range(15_000):
        mutant = bytearray(texts[round_number % len(texts)])
        for _ in range(chooser.randint(1, 3)):
            at = chooser.randrange(len(mutant))
            mutant[at : at + chooser.randint(0, 2)] = chooser.choice(
                [
                    b"",
                    b'"',
                    b"\\",
                    b"{",
                    b"}",
                    b"[",
                    b"]",
                    b",",
                    b":",
                    b"9",
                    b"-",
                    b"e",
                    b".",
                    b"\x01",
                    b"\xff",
                    b"null",
                ]
            )
        try:
            stream.feed_message(bytes(mutant))
        except PeerError:
            raised += 1
            assert events.take() == []
        else:
            for event in events.take():
                repr(event)
    assert 1000 < raised < 15_000
