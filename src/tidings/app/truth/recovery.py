"""After a restart: the orders of earlier sessions that have no known end are adopted, and go on as of unknown fate.

The usual inquiry then takes each to evidence. An order that never reached the venue is proved absent no sooner than
its request could not be executed any more, so what counts is the latest moment it can have been sent. While the machine
runs on, its monotonic clock and its wall clock tell, and the later of the two is taken; after a start of the machine
only a wall clock would, which may have been set, so the request counts as if sent now.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tidings.app.order_path import OrderPath
from tidings.app.truth.journal_home import JournalHome
from tidings.app.world import World
from tidings.engine.adoption import adopt_order
from tidings.engine.resolver import Resolver
from tidings.errors import UsageError
from tidings.journal.entries import AMENDS, ChangeEntry, IntentEntry, OutcomeEntry, RecordKind
from tidings.journal.stories import OrderStory
from tidings.model.execution_report import ExecutionReport
from tidings.model.instrument import Instrument
from tidings.model.order import Order, apply_report, make_order
from tidings.model.terms import OrderTerms
from tidings.venue.phemex.products import Products

log = logging.getLogger("tidings.recovery")

Event = ExecutionReport | tuple[str, int, int, int, int, int, int] | tuple[str]

NS_PER_S = 1_000_000_000
HANDLE_MAX = 2**62
EXPIRY_S_MAX = 60  # of any session (tidings.config)
NUMBERS = (
    *("price_ticks", "order_qty_lots", "stop_px_ticks", "display_qty_lots", "take_profit_ticks", "stop_loss_ticks"),
    *("take_profit_px_ticks", "stop_loss_px_ticks", "peg_offset_ticks"),
)
TERMS = (
    *("ord_type", "time_in_force", "exec_inst", "pos_side", "trigger", "peg_type", "stp", "take_profit_trigger"),
    *("stop_loss_trigger", "text", "owner"),
)
TICKS = tuple(name for name in NUMBERS if name.endswith("_ticks"))


def recover(
    home: JournalHome, path: OrderPath, products: Products, expiry_s: int, world: World, resolver: Resolver
) -> list[Order]:  # fmt: skip
    """Adopt every order without a known end, oldest first, and remember the executions that were counted.

    `expiry_s`: of this session's requests, by which the inquiry will measure. Raises UsageError when the table cannot
    hold them.
    """
    past = home.past
    for high, low in past.executions[-path.executions.memory :]:
        path.executions.add_new(high, low)
    now_ns, wall_ns = world.clock.read_now_ns(), world.clock.read_wall_ns()
    found = []
    for story in past.open_stories():
        try:
            terms, numbers, history = _as_of_today(story, products)
        except UsageError as error:
            log.error("order %s of an earlier session cannot be looked after: %s; cancel it by hand if it is open",
                      story.cl_ord_id, error)  # fmt: skip
            continue
        age_ns = _age_ns(story, home.boot_id, now_ns, wall_ns)
        decided_ns = max(0, now_ns - age_ns) if age_ns else 0
        order = adopt_order(
            path.entry, terms, story.cl_ord_id, numbers, history, decided_ns=decided_ns, now_ns=now_ns
        )
        if order is None:
            raise UsageError(f"{len(past.open_stories())} orders of earlier sessions are open: raise order_memory")
        lived_s = story.session.expiry_s if story.session is not None else EXPIRY_S_MAX
        # The latest moment it can have been sent, and how much longer its requests lived than ours.
        resolver.count_from(order, decided_ns or now_ns, max(0, lived_s - expiry_s) * NS_PER_S)
        found.append(order)
        home.unadopted_count -= 1
    if home.keeper is not None:
        # What cannot be looked after keeps its records: people will ask for them.
        adopted_handle = path.entry.orders.last_handle if len(found) == len(past.open_stories()) else HANDLE_MAX
        home.keeper.follow_orders(path.entry.orders.oldest_open_handle, adopted_handle)
    if found:
        log.warning("%d orders of earlier sessions have no known end: asking the venue about each", len(found))
    return found


def lived_again(story: OrderStory, products: Products) -> Iterator[tuple[int, Order, ExecutionReport]]:
    """An order of an earlier session step by step: what each report changed, the order then, the report.

    It is an object of its own, in nobody's table. Raises UsageError if it does not fit today's catalogue.
    """
    terms, numbers, history = _as_of_today(story, products)
    order = make_order(terms, cl_ord_id=story.cl_ord_id)
    for name, value in numbers.items():
        setattr(order, name, value)
    for event in history:
        if isinstance(event, ExecutionReport):
            yield apply_report(order, event), order, event


def _age_ns(story: OrderStory, boot_id: str, now_ns: int, wall_ns: int) -> int:
    """How long ago the order was sent, at least; 0: perhaps just now."""
    if not boot_id or story.session is None or story.session.boot_id != boot_id:
        return 0
    return max(0, min(now_ns - story.intent.decided_ns, wall_ns - story.record.wall_ns))


# ---- From the journal's numbers to an order --------------------------------------------------------------------------


def _as_of_today(story: OrderStory, products: Products) -> tuple[OrderTerms, dict[str, int], list[Event]]:
    """Terms, numbers and history on today's catalogue. Raises UsageError: it is not in it, or does not fit its grid."""
    terms, factor = _terms_of(story.intent, products)
    return terms, _numbers_of(story.intent, factor), list(_history(story, factor))


@dataclass(frozen=True, slots=True)
class _Factor:
    """What the journal's ticks and lots are times, on today's grid."""

    ticks: tuple[int, int]
    lots: tuple[int, int]

    def of_ticks(self, ticks: int) -> int:
        return _exactly(ticks, self.ticks, "price")

    def of_lots(self, lots: int) -> int:
        return _exactly(lots, self.lots, "quantity")


def _exactly(steps: int, factor: tuple[int, int], what: str) -> int:
    if steps == -(2**63):
        return steps  # a field that was not told
    whole, rest = divmod(steps * factor[0], factor[1])
    if rest:
        raise UsageError(f"its {what} is not on the grid the venue has now")
    return whole


def _terms_of(intent: IntentEntry, products: Products) -> tuple[OrderTerms, _Factor]:
    instrument = products.find(intent.symbol)
    if instrument is None or instrument.line != intent.line:
        raise UsageError(f"{intent.symbol} is not in the venue's catalogue any more")
    words = {name: getattr(intent, name) for name in TERMS}
    terms = OrderTerms(instrument, intent.side, qty_in_quote=bool(intent.qty_in_quote), **words)
    return terms, _factor(intent, instrument)


def _factor(intent: IntentEntry, instrument: Instrument) -> _Factor:
    return _Factor(
        ticks=(
            intent.tick_mantissa * 10**instrument.price_scale, instrument.tick_mantissa * 10**intent.price_scale
        ),
        lots=(
            # A quantity in quote currency is in units of its value scale, which is no grid of the instrument.
            (1, 1) if intent.qty_in_quote
            else (intent.lot_mantissa * 10**instrument.qty_scale, instrument.lot_mantissa * 10**intent.qty_scale)
        ),
    )  # fmt: skip


def _numbers_of(intent: IntentEntry, factor: _Factor) -> dict[str, int]:
    return {
        name: factor.of_ticks(getattr(intent, name)) if name in TICKS else factor.of_lots(getattr(intent, name))
        for name in NUMBERS
    }


def _history(story: OrderStory, factor: _Factor) -> Iterator[Event]:
    """What happened to an order, as far as the journal knows."""
    for record, entry in story.events:
        if isinstance(entry, OutcomeEntry):
            ticks = {name: factor.of_ticks(getattr(entry, name)) for name in OUTCOME_TICKS}
            lots = {name: factor.of_lots(getattr(entry, name)) for name in OUTCOME_LOTS}
            fields: dict[str, Any] = {**ticks, **lots}
            yield entry._replace(**fields).report(story.cl_ord_id, story.intent.symbol)
        elif isinstance(entry, ChangeEntry) and record.kind in AMENDS:
            ticks = {name: factor.of_ticks(getattr(entry, name)) for name in CHANGE_TICKS}
            asked = entry._replace(qty_lots=factor.of_lots(entry.qty_lots), **ticks)
            yield (
                "amend", asked.price_ticks, asked.qty_lots, asked.stop_px_ticks, asked.take_profit_ticks,
                asked.stop_loss_ticks, asked.peg_offset_ticks,
            )  # fmt: skip
        elif record.kind == RecordKind.CANCEL:
            yield ("cancel",)


CHANGE_TICKS = ("price_ticks", "stop_px_ticks", "take_profit_ticks", "stop_loss_ticks", "peg_offset_ticks")
OUTCOME_TICKS = ("price_ticks", "stop_px_ticks", "last_px_ticks")
OUTCOME_LOTS = ("order_qty_lots", "cum_qty_lots", "leaves_qty_lots", "last_qty_lots")
