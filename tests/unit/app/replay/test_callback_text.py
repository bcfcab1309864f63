"""The canonical text of what callbacks are told: nothing of it is left out, and nothing of the machine is in it."""

import hashlib
import struct
from decimal import Decimal

import pytest
from engine_samples import Path
from market_instruments import LINEAR
from order_samples import LIMIT, said

from tidings.app.replay import callback_text
from tidings.app.replay.callback_text import CallbackDigest, text_of
from tidings.app.strategies.strategy_group import Member
from tidings.engine.strategy import Strategy
from tidings.market.book import Book
from tidings.market.price_tick import PriceTick, TickKind
from tidings.market.trade import Trade
from tidings.model.enums import ExecType, Side
from tidings.model.position import Position
from tidings.model.terms import OrderTerms

# Told by others of the same object: a view of several fields, or who listens to it.
DERIVED = {
    "order": {"ord_status", "is_done", "side", "terms"},
    "report": {"fee"},
    "position": {"agrees", "on_change"},
    "terms": {"instrument", "key", "is_conditional", "has_price"},
}


def public(value):
    names = (name for name in dir(value) if not name.startswith("_"))
    return {name for name in names if not callable(getattr(value, name))}


@pytest.mark.parametrize(
    ("kind", "value", "names"),
    [
        ("order", Path().submit(LIMIT), callback_text._ORDER),
        ("report", said(ExecType.NEW), callback_text._REPORT),
        ("position", Position("BTCUSDT"), callback_text._POSITION),
        ("terms", OrderTerms(LINEAR, Side.BUY), callback_text.TERMS),
    ],
)  # fmt: skip
def test_every_field_is_in_the_text(kind, value, names):
    assert public(value) - set(names) - DERIVED[kind] == set()


def book_of(bids, offers, **fields):
    book = Book(LINEAR)
    book.apply_snapshot(bids, offers, sequence=7, **fields)
    return book


def hash_of(name, *arguments):
    digest, heard = CallbackDigest(), []
    digest.around(Member(Strategy(), None, index=2), name, lambda *given: heard.append(given))(*arguments)
    assert (heard, digest.count) == ([arguments], 1)
    return digest.end([], [])


def test_a_books_line_has_every_level():
    told = hash_of("on_book", book_of([(100, 1), (99, 2)], [(101, 3)], received_ns=5), 5)
    book = book_of([(100, 1), (99, 2)], [(101, 3)], received_ns=5)
    line = b"2 on_book BTCUSDT" + book.as_bytes() + struct.pack("<q", 5) + b"\n"
    assert told == hashlib.sha256(line).hexdigest()
    for other in (
        book_of([(100, 1), (99, 3)], [(101, 3)], received_ns=5),
        book_of([(100, 1), (99, 2)], [(101, 4)], received_ns=5),
        book_of([(100, 1), (99, 2)], [(101, 3)], received_ns=6),
    ):
        assert hash_of("on_book", other, 5) != told


def test_a_prints_line_is_its_text():
    trade = Trade(LINEAR, Side.SELL, 612_500, 7, 99)
    line = b"2 on_trade trade(BTCUSDT,2,612500,7,99) 5\n"
    assert hash_of("on_trade", trade, 5) == hashlib.sha256(line).hexdigest()


def test_prints_and_figures_are_told_by_value():
    assert text_of(Trade(LINEAR, Side.SELL, 612_500, 7, 99)) == "trade(BTCUSDT,2,612500,7,99)"
    tick = PriceTick(LINEAR, TickKind.MARK, Decimal("61250.10"), 99)
    assert text_of(tick) == "(BTCUSDT,'mark',61250.10,99)"


def test_what_has_no_canonical_text_is_no_argument_of_a_callback():
    with pytest.raises(TypeError, match="object has no canonical text"):
        text_of(object())


def test_a_digest_is_of_the_callbacks_and_of_the_end():
    digest, heard = CallbackDigest(), []
    tell = digest.around(Member(Strategy(), None, index=1), "on_timer", heard.append)
    tell(17)
    tell(18)
    text = b"1 on_timer 17\n1 on_timer 18\n"
    assert (heard, digest.count) == ([17, 18], 2)
    assert digest.end([], []) == hashlib.sha256(text).hexdigest()
    book = book_of([(100, 1)], [(101, 3)])
    ends = b"book BTCUSDT" + book.as_bytes() + bytes(8) + b"\n5\n"
    assert digest.end([book], [5]) == hashlib.sha256(text + ends).hexdigest()
