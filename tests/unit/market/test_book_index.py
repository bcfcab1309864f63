"""Books by symbol."""

import pytest
from market_instruments import INSTRUMENTS, INVERSE, LINEAR, SPOT

from tidings.errors import UsageError
from tidings.market.book_index import BookIndex
from tidings.model.instrument import Instrument


def instrument(symbol: str, index: int) -> Instrument:
    return Instrument(
        symbol=symbol, line=1, index=index, base_currency="A", quote_currency="USDT", settle_currency="USDT",
        price_scale=1, tick_mantissa=1, qty_scale=0, lot_mantissa=1,
    )  # fmt: skip


def test_a_book_is_made_once_when_first_asked_for():
    index = BookIndex(INSTRUMENTS.values())
    assert list(index) == []
    book = index.get("sBTCUSDT")
    assert book is not None and book.instrument is SPOT
    assert index.get("sBTCUSDT") is book
    assert index.get("BTCUSD").instrument is INVERSE
    assert [book.symbol for book in index] == ["BTCUSD", "sBTCUSDT"]
    assert index.instruments == (INVERSE, LINEAR, SPOT)


@pytest.mark.parametrize("symbol", ["", "BTC", "BTCUSDTX", "btcusdt", "BTCUSD\0", "é"])
def test_other_symbols_have_no_book(symbol):
    assert BookIndex(INSTRUMENTS.values()).get(symbol) is None


def test_a_large_catalogue_finds_each_of_its_symbols():
    symbols = [f"{chr(65 + number % 26)}{number}USDT" for number in range(1500)]
    index = BookIndex(instrument(symbol, number) for number, symbol in enumerate(symbols))
    assert [index.get(symbol).symbol for symbol in symbols] == symbols
    assert index.get("A1500USDT") is None


def test_an_empty_catalogue_finds_nothing():
    assert BookIndex([]).get("BTCUSDT") is None


def test_two_instruments_of_one_name_are_refused():
    with pytest.raises(UsageError, match="two instruments are called ABC"):
        BookIndex([instrument("ABC", 0), instrument("ABC", 1)])
