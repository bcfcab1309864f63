"""Walking one push: what it carries, and whether it has the shape its key promises."""

from decimal import Decimal

import orjson
import pytest
from market_messages import INVERSE_CHANGE, INVERSE_SNAPSHOT, LINEAR_CHANGE, LINEAR_TRADES, PUSHES

from tidings.venue.phemex.market_message import MarketMessage


@pytest.fixture
def message() -> MarketMessage:
    return MarketMessage()


def levels_by_orjson(push: bytes, side: str) -> list[tuple[Decimal, Decimal]]:
    document = orjson.loads(push)
    return [(Decimal(price), Decimal(qty)) for price, qty in document[data_key(document)][side]]


def data_key(document: dict) -> str:
    return next(key for key in document if key in ("book", "orderbook_p", "trades", "trades_p"))


@pytest.mark.parametrize("push", PUSHES)
def test_every_kind_of_push_is_regular(message, push):
    document = orjson.loads(push)
    assert message.read(push) and message.is_regular and not message.is_answer
    assert (message.key, message.symbol, message.second_try_count) == (data_key(document), document["symbol"], 0)


@pytest.mark.parametrize("push", [push for push in PUSHES if b'"asks"' in push])
def test_levels_are_noted_as_they_are_written(message, push):
    message.read(push)
    assert message.ask_levels() == levels_by_orjson(push, "asks")
    assert message.bid_levels() == levels_by_orjson(push, "bids")


def test_nothing_is_left_of_the_message_before(message):
    message.read(INVERSE_SNAPSHOT)
    message.read(b"{}")
    assert (message.key, message.symbol, message.ask_levels(), message.is_answer) == (None, None, [], False)


LEVELS = {
    b'["61250.0","2.001"]': ("61250", "2.001"),
    b'["61250.00","2.00100000"]': ("61250", "2.001"),
    b'[ "61250" , "2.001" ]': ("61250", "2.001"),
    b"[61250,2.001]": ("61250", "2.001"),
    b'["6.125e4","2001e-3"]': ("61250", "2.001"),
    b'["61250","2.00100000000000000000000"]': ("61250", "2.001"),
    b'["0","0.0"]': ("0", "0"),
    b'["0.5","0E-8"]': ("0.5", "0"),
    b'["-0.5","-3"]': ("-0.5", "-3"),
    b'["123456789012345678","9223372036854775807"]': ("123456789012345678", "9223372036854775807"),
    b'["0.000000000000000001","1"]': ("0.000000000000000001", "1"),
}


@pytest.mark.parametrize("level", LEVELS)
def test_a_number_counts_however_it_is_spelled(message, level):
    assert message.read(LINEAR_CHANGE.replace(b'["61250","2.001"]', level))
    assert message.bid_levels() == [tuple(map(Decimal, LEVELS[level]))]


NO_NUMBERS = [
    b'"61250."', b'""', b'"6.1e"', b'"0x1"', b'" 61250"', b'"061250"', b'"61250.5.5"', b'".5"', b'"1e400"', b'"+1"',
    b'"9223372036854775808"', b'"1234567890123456789012.1"', b'"0.1234567890123456789"', b"null", b"true", b"{}", b"[]",
    b'"NaN"', b'"1,5"', b'"1\\u0030"',
]  # fmt: skip


@pytest.mark.parametrize("number", NO_NUMBERS)
def test_what_is_no_number_is_none(message, number):
    assert message.read(LINEAR_CHANGE.replace(b'"61250"', number))
    assert message.bid_levels() == [(None, Decimal("2.001"))]


OTHER_SHAPES = {
    "one cell": (b"[612499000,44]", b"[612499000]"),
    "three cells": (b"[612499000,44]", b"[612499000,44,1]"),
    "no cell": (b"[612499000,44]", b"[]"),
    "an object as level": (b"[612499000,44]", b'{"price":[612499000]}'),
    "a number as level": (b"[612499000,44]", b"612499000"),
    "a side that is null": (b'"asks":[]', b'"asks":null'),
    "a side that is an object": (b'"asks":[]', b'"asks":{"a":[1]}'),
    "no asks": (b'"asks":[],', b""),
    "a book that is null": (b'{"asks":[],"bids":[[612500000,0],[612499000,44]]}', b"null"),
    "a book that is an array": (b'{"asks":[],"bids":[[612500000,0],[612499000,44]]}', b"[[612499000,44]]"),
    "two kinds of data": (b'"depth"', b'"trades":[],"depth"'),
}


@pytest.mark.parametrize("shape", OTHER_SHAPES)
def test_another_shape_is_told_with_its_symbol(message, shape):
    push = INVERSE_CHANGE.replace(*OTHER_SHAPES[shape])
    assert orjson.loads(push) and message.read(push)
    assert (message.key, message.symbol, message.is_regular, message.bid_levels()) == ("book", "BTCUSD", False, [])


@pytest.mark.parametrize("row", [b"[1]", b"[]", b'[1,"Buy","1","1",1]', b"7", b'{"time":1}'])
def test_a_trade_of_another_shape_is_told(message, row):
    push = LINEAR_TRADES.replace(b'[1800000000200000003,"Buy","61250.2","0.017"]', row)
    assert message.read(push) and (message.key, message.is_regular) == ("trades_p", False)


@pytest.mark.parametrize("ask_count", [32_767, 32_768, 32_769, 40_000])
def test_more_levels_than_there_is_room_for_are_walked_over(message, ask_count):
    asks = b",".join([b"[612501000,1]"] * ask_count)
    assert message.read(INVERSE_CHANGE.replace(b'"asks":[]', b'"asks":[' + asks + b"]"))
    assert (message.symbol, message.is_regular) == ("BTCUSD", False)


def test_more_trades_than_there_is_room_for_are_walked_over(message):
    rows = b",".join([b'[1,"Buy","1","1"]'] * 4097)
    assert message.read(b'{"sequence":1,"trades_p":[' + rows + b'],"symbol":"BTCUSDT","type":"incremental"}')
    assert (message.symbol, message.is_regular) == ("BTCUSDT", False)


def test_an_escaped_key_is_read_by_orjson(message):
    assert message.read(INVERSE_CHANGE.replace(b'"symbol"', b'"s\\u0079mbol"'))
    assert (message.symbol, message.second_try_count) == ("BTCUSD", 1)
    assert message.bid_levels() == levels_by_orjson(INVERSE_CHANGE, "bids")


@pytest.mark.parametrize("push", PUSHES)
def test_every_truncation_is_refused(message, push):
    assert [cut for cut in range(len(push)) if message.read(push[:cut])] == []


@pytest.mark.parametrize("text", [b"[]", b"7", b"", b"{}{}", b"{} x", b'{"depth":1,"depth":1}'])
def test_what_is_no_object_is_refused(message, text):
    assert not message.read(text)
