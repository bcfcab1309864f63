"""All pre-trade checks of one order, and counting it; beside the least a C programmer could write."""

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.compiled import loops
from benchmarks.instrument import INSTRUMENT, WIDE_LIMITS, make_terms
from benchmarks.messages import PRICE_TICKS, QTY_LOTS
from benchmarks.report import Row, Skipped, Table, Target
from benchmarks.timing import BATCH_CALLS
from tidings.engine.order_entry import OrderEntry
from tidings.engine.order_table import ExecIDSet, OrderTable
from tidings.engine.risk import Risk
from tidings.metrics.stages import Stages
from tidings.model.enums import DenyReason, Side
from tidings.model.order_ids import ClOrdIDMaker
from tidings.model.terms import OrderTerms

TITLE = "pre-trade risk"
CHECKS, COUNTED = "tidings: all checks", "tidings: checked, counted, given back"
PLAIN = "plain C: comparisons and sums"
LIMITS = replace(WIDE_LIMITS, duplicate_window_ns=5 * 10**9)  # every check is made; none refuses
OPEN_ORDERS = 50  # on the other side, a little away: what self-match has to think of
STEP_NS = 10_000  # a hundred thousand orders a second


def make_entry() -> OrderEntry:
    """An order path with a book of our own offers, and windows that have something to forget."""
    risk = Risk([INSTRUMENT], LIMITS)
    risk.set_reference_price(INSTRUMENT, PRICE_TICKS)
    entry = OrderEntry(OrderTable(ClOrdIDMaker(wall_ns=0)), risk, Stages(), ExecIDSet())
    entry.plug(loops().MuteGateway())
    offers = OrderTerms(INSTRUMENT, Side.SELL)
    for number in range(OPEN_ORDERS):
        order = entry.draft_order(offers)
        order.price_ticks, order.order_qty_lots = PRICE_TICKS + 500_000 + number, QTY_LOTS
        assert entry.submit_order(order, number) > 0
    return entry


def assert_it_denies(entry: OrderEntry) -> None:
    """The same order is fine, too large, and far from the market."""
    order = entry.draft_order(make_terms())
    order.price_ticks, order.order_qty_lots = PRICE_TICKS, QTY_LOTS
    assert entry.risk.check(order, 0, 1) == DenyReason.NONE
    order.order_qty_lots = 10**9
    assert entry.risk.check(order, 0, 1) == DenyReason.MAX_NOTIONAL
    order.price_ticks, order.order_qty_lots = 2 * PRICE_TICKS, QTY_LOTS
    assert entry.risk.check(order, 0, 1) == DenyReason.PRICE_COLLAR


def run(quick: bool) -> Iterator[Table | Skipped]:
    batches = 200 if quick else 4000
    try:
        entry = make_entry()
    except RuntimeError as error:
        yield Skipped(TITLE, str(error))
        return
    assert_it_denies(entry)
    numbers = (entry, make_terms(), PRICE_TICKS, QTY_LOTS, STEP_NS, batches, BATCH_CALLS)
    rows = [
        Row.of(PLAIN, loops().plain_checks(PRICE_TICKS, QTY_LOTS, STEP_NS, batches, BATCH_CALLS)),
        Row.of(CHECKS, loops().risk_checks(*numbers, False)),
        Row.of(COUNTED, loops().risk_checks(*numbers, True)),
    ]
    yield Table(TITLE, "one order, 50 of our own on the other side", PLAIN, rows, [Target(CHECKS, limit_ns=150)])
