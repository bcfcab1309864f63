"""A kind of order that was translated once: the same again needs only its numbers; whatever is unusual is not known."""

from types import SimpleNamespace

import pytest
from order_samples import LIMIT, STOP_LIMIT

from tidings.engine.order_entry import OrderEntry
from tidings.engine.order_table import ExecIDSet, OrderTable
from tidings.engine.risk import Risk
from tidings.fix.reader import FixReader
from tidings.fix_gateway.known_kinds import KnownKinds
from tidings.fix_gateway.tag_message import TagMessage
from tidings.fix_gateway.translate_in import Rules, new_order
from tidings.metrics.stages import Stages
from tidings.model.order_ids import ClOrdIDMaker
from tidings.model.terms import OrderTerms
from tidings.venue.phemex.products import Products

FIRST = {35: "D", 11: "a1", 55: "BTCUSDT", 54: "1", 38: "0.010", 40: "2", 44: "61250.0", 18: "6", 1: "main"}
AGAIN = {11: "a2", 38: "0.025", 44: "61250.5", 34: "7", 52: "20260801-12:00:00", 60: "20260801-12:00:00"}
RULES = Rules()


def reader_of(fields: dict[int, str], more: str = "") -> FixReader:
    reader = FixReader()
    text = "".join(f"{tag}={value}\x01" for tag, value in fields.items()) + more
    assert not reader.read_fields(text.encode())
    return reader


@pytest.fixture
def account():
    hedged = set()
    entry = OrderEntry(OrderTable(ClOrdIDMaker(wall_ns=0)), Risk([LIMIT.instrument]), Stages(), ExecIDSet())
    products = Products({"BTCUSDT": LIMIT.instrument})
    engine = SimpleNamespace(products=products, hedged=hedged, is_hedged=hedged.__contains__)
    return SimpleNamespace(entry=entry, engine=engine)


@pytest.fixture
def kinds(account):
    kinds = KnownKinds(account)
    message = reader_of(FIRST)
    kinds.learn(message, RULES, new_order(message, False, RULES), LIMIT)
    return kinds


def test_the_same_kind_with_other_numbers(kinds):
    wanted, order = kinds.draft(reader_of({**FIRST, **AGAIN}), RULES)
    assert (order.terms, order.price_ticks, order.order_qty_lots) == (LIMIT, 612_505, 25)
    assert (wanted.symbol, wanted.echo) == ("BTCUSDT", {1: "main", 18: "6", 40: "2", 59: "1"})


@pytest.mark.parametrize(
    ("price", "ticks"), [("61250.50", 612_505), ("061250.5", 612_505), ("61250.", 612_500), (".5", 5), ("1", 10)]
)
def test_numbers_are_read_however_they_are_written(kinds, price, ticks):
    assert kinds.draft(reader_of({**FIRST, 44: price}), RULES)[1].price_ticks == ticks


@pytest.mark.parametrize(
    "other",
    [
        {55: "ETHUSDT"}, {54: "2"}, {40: "1"}, {18: "6 E"}, {1: "other"}, {59: "1"}, {20002: "L"},  # another kind
        {44: "61250.55"}, {38: "0.0001"}, {44: "0"}, {38: "0"}, {44: "-1"}, {44: "+1"}, {44: "1e3"}, {44: "x"},
        {38: "1 "}, {44: "99999999999999999999"}, {44: "."}, {44: "1.2.3"}, {44: "١"},  # not plainly on the grid
    ],
)  # fmt: skip
def test_another_kind_and_unusual_numbers_are_not_known(kinds, other):
    assert kinds.draft(reader_of({**FIRST, **other}), RULES) is None


@pytest.mark.parametrize("tag", [18, 1, 40, 38, 44])
def test_a_field_that_is_missing_makes_another_kind(kinds, tag):
    assert kinds.draft(reader_of({number: value for number, value in FIRST.items() if number != tag}), RULES) is None


@pytest.mark.parametrize("more", ["44=61250.0\x01", "38=1\x01", "18=6\x01"])
def test_a_field_said_twice_is_not_known(kinds, more):
    assert kinds.draft(reader_of(FIRST, more), RULES) is None


def test_other_rules_another_position_mode_or_a_delisting_make_it_unknown(kinds, account):
    assert kinds.draft(reader_of(FIRST), Rules()) is None
    account.engine.hedged.add("BTCUSDT")
    assert kinds.draft(reader_of(FIRST), RULES) is None
    account.engine.hedged.clear()
    assert kinds.draft(reader_of(FIRST), RULES) is not None
    account.engine.products = Products({}, skipped={"BTCUSDT": "gone"})
    assert kinds.draft(reader_of(FIRST), RULES) is None


def test_orders_with_numbers_of_their_own_and_messages_of_another_shape_are_not_learnt(account):
    kinds = KnownKinds(account)
    stop = reader_of({**FIRST, 40: "4", 99: "61000"})
    kinds.learn(stop, RULES, new_order(stop, False, RULES), STOP_LIMIT)
    assert kinds.draft(stop, RULES) is None
    fields = TagMessage((tag, value.encode()) for tag, value in FIRST.items())
    kinds.learn(fields, RULES, new_order(fields, False, RULES), LIMIT)
    assert kinds.draft(fields, RULES) is None
    long = reader_of({**FIRST, 58: "x" * 1000})
    kinds.learn(long, RULES, new_order(long, False, RULES), OrderTerms(LIMIT.instrument, 1))
    assert kinds.draft(long, RULES) is None
