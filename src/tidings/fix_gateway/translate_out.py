"""From an order and what happened to it to the fields of ExecutionReport (8) and OrderCancelReject (9).

Fields come in ascending order of their tags, as they go onto the wire. Tags of later versions and of our own go only to
who asked for the extended dialect: a stock FIX 4.4 client rejects what its dictionary does not name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from tidings.fix.timestamps import timestamp
from tidings.fix_gateway.execution_matrix import TERMINAL, Step
from tidings.fix_gateway.field_text import Fields, average_text, decimal_text
from tidings.fix_gateway.order_chains import OrderChain, Request
from tidings.model.enums import (
    ExecInst,
    OrdStatus,
    OrdType,
    PegType,
    PosSide,
    ProductLine,
    Side,
    TimeInForce,
    TradeType,
    Trigger,
)
from tidings.model.execution_report import ExecutionReport
from tidings.model.instrument import Instrument
from tidings.model.order import Order
from tidings.model.scale import price_text, qty_text, quote_qty_text

NONE = b"NONE"
# PhemexTradeType (20030); a source that does not tell speaks of what clients do.
TRADE_TYPES = {
    TradeType.NONE: b"T", TradeType.TRADE: b"T", TradeType.LIQUIDATION: b"L", TradeType.DELEVERAGING: b"A",
}  # fmt: skip
FIRST_OWN_TAG, LAST_TAG = 5000, 65_536  # a stock client knows none from here on
# As numbers: with a member on one side, Python's enumerations take a µs for each &.
_POST_ONLY, _REDUCE_ONLY = int(ExecInst.POST_ONLY), int(ExecInst.REDUCE_ONLY)
_CLOSE_ON_TRIGGER = int(ExecInst.CLOSE_ON_TRIGGER)
_ORD_TYPES = {
    OrdType.MARKET: "1",
    OrdType.LIMIT: "2",
    OrdType.STOP: "3",
    OrdType.STOP_LIMIT: "4",
    OrdType.MARKET_IF_TOUCHED: "J",
    OrdType.LIMIT_IF_TOUCHED: "4",  # FIX 4.4 has no code of its own; extended adds the direction
}
_VENUE_TYPES = {
    OrdType.MARKET: b"Market",
    OrdType.LIMIT: b"Limit",
    OrdType.STOP: b"Stop",
    OrdType.STOP_LIMIT: b"StopLimit",
    OrdType.MARKET_IF_TOUCHED: b"MarketIfTouched",
    OrdType.LIMIT_IF_TOUCHED: b"LimitIfTouched",
}
_TIMES_IN_FORCE = {TimeInForce.GTC: b"1", TimeInForce.IOC: b"3", TimeInForce.FOK: b"4"}
_TRIGGERS = {
    Trigger.LAST_PRICE: b"2", Trigger.MARK_PRICE: b"M", Trigger.INDEX_PRICE: b"I", Trigger.BID_PRICE: b"3",
    Trigger.ASK_PRICE: b"1",
}  # fmt: skip
_PEG_TYPES = {
    PegType.TRAILING_STOP: b"TrailingStopPeg", PegType.TRAILING_TAKE_PROFIT: b"TrailingTakeProfitPeg",
}  # fmt: skip
_POS_SIDES = {PosSide.MERGED: b"M", PosSide.LONG: b"L", PosSide.SHORT: b"S"}


@dataclass(frozen=True, slots=True)
class Profile:
    """How one receiver wants its messages."""

    is_extended: bool = False
    time_digits: int = 3
    is_drop_copy: bool = False


@dataclass(slots=True)
class Telling:
    """One ExecutionReport about to be told: everything that is not the order's own."""

    step: Step
    exec_id: str
    cum_lots: int
    wall_ns: int  # the event's time at the venue, else ours
    request: Request | None = None  # whose answer, or whose pending state, this is
    report: ExecutionReport | None = None  # what the venue said
    text: str = ""
    rej_reason: int | None = None
    extra: dict[int, bytes] = field(default_factory=dict)  # of a status request: 584, 790, 911, 912


def execution_report(chain: OrderChain, order: Order, telling: Telling, profile: Profile) -> Fields:
    """The body of an ExecutionReport."""
    found = {**_identity(chain, order, telling), **_terms(chain, order, profile), **_numbers(chain, order, telling)}
    if telling.step.exec_type == "F" and telling.report is not None:
        found.update(execution_fields(order, telling.report))
    exec_type = telling.step.exec_type
    if exec_type == "D" and telling.text == "Triggered":
        found[636] = b"Y"
        exec_type = "L" if profile.is_extended else "D"
    if exec_type == "D":
        found[378] = b"99"
    if telling.step.ord_status in TERMINAL:
        found.pop(636, None)  # what is over is neither working nor waiting
    found[150] = exec_type.encode()
    found[60] = timestamp(telling.wall_ns, profile.time_digits)
    if telling.text:
        found[58] = telling.text.encode()
    if telling.rej_reason is not None:
        found[103] = b"%d" % telling.rej_reason
    if profile.is_drop_copy:
        found[797] = b"Y"
    found.update(telling.extra)
    if profile.is_extended:
        found.update(_extended(order, telling))
    return sorted(found.items())


def _identity(chain: OrderChain, order: Order, telling: Telling) -> dict[int, bytes]:
    request, order_id = telling.request, order.order_id
    found = {
        11: (request.cl_ord_id if request else chain.head_id).encode(),
        17: telling.exec_id.encode(),
        37: order_id.encode() if order_id else NONE,
        39: telling.step.ord_status.encode(),
        54: b"%d" % order.terms.side,
        55: order.symbol.encode(),
    }
    if request is not None:
        found[41] = request.orig_cl_ord_id.encode()
    return found


def _terms(chain: OrderChain, order: Order, profile: Profile) -> dict[int, bytes]:
    """What kind of order it is: as its client said it, else in FIX 4.4's words."""
    terms, instrument = order.terms, order.terms.instrument
    found = {40: _ORD_TYPES[OrdType(terms.ord_type)].encode(), 59: _TIMES_IN_FORCE[TimeInForce(terms.time_in_force)]}
    instructions = []
    if terms.exec_inst & _POST_ONLY:
        instructions.append(b"6")
    if terms.exec_inst & _REDUCE_ONLY:
        instructions.append(b"E")
    if terms.peg_type:
        instructions.append(b"a")
        found[40] = b"P"
        found[211] = price_text(instrument, order.peg_offset_ticks).encode()
    if instructions:
        found[18] = b" ".join(instructions)
    if terms.has_price and order.price_ticks:
        found[44] = price_text(instrument, order.price_ticks).encode()
    if order.stop_px_ticks:
        found[99] = price_text(instrument, order.stop_px_ticks).encode()
        found[636] = b"N" if order.status == OrdStatus.UNTRIGGERED else b"Y"  # also while a request is pending
    if order.display_qty_lots:
        found[111] = qty_text(instrument, order.display_qty_lots).encode()
    end_tag = LAST_TAG if profile.is_extended else FIRST_OWN_TAG
    found.update((tag, text.encode("latin-1")) for tag, text in chain.echo.items() if tag < end_tag)
    if profile.is_drop_copy and found[40] == b"W":
        found[40] = b"4"  # a code of later versions goes only to who used it
    return found


def _numbers(chain: OrderChain, order: Order, telling: Telling) -> dict[int, bytes]:
    instrument, is_in_quote = order.terms.instrument, order.terms.qty_in_quote
    cum_lots, is_over = telling.cum_lots, telling.step.ord_status in TERMINAL
    total_lots = cum_lots if is_in_quote else order.order_qty_lots
    leaves_lots = 0 if is_over else max(0, total_lots - cum_lots)
    found = {
        6: average_text(_average(chain, order, cum_lots)),
        14: qty_text(instrument, cum_lots).encode(),
        38: qty_text(instrument, total_lots).encode(),
        151: qty_text(instrument, leaves_lots).encode(),
    }
    if is_in_quote:
        found[152] = quote_qty_text(instrument, order.order_qty_lots).encode()
    return found


def _average(chain: OrderChain, order: Order, cum_lots: int) -> Decimal | None:
    """Of the executions told. Behind a restart, which has not told the first ones, of all that the engine knows."""
    if not cum_lots:
        return None
    return chain.traded.average(order.terms.instrument) if chain.traded.lots == cum_lots else order.avg_px


def execution_fields(order: Order, report: ExecutionReport) -> dict[int, bytes]:
    """This execution alone: 31, 32, its fee, and who made the market."""
    return execution_of(order.terms.instrument, order.terms.side, report)


def execution_of(instrument: Instrument, side: int, report: ExecutionReport) -> dict[int, bytes]:
    """The same of whatever order."""
    found = {
        31: price_text(instrument, report.last_px_ticks).encode(),
        32: qty_text(instrument, report.last_qty_lots).encode(),
        136: b"1",
        137: decimal_text(report.fee),
        138: fee_currency(instrument, side).encode(),
        139: b"4",
        851: b"1" if report.is_maker else b"2",
    }
    if report.exec_seq > 0:
        found[527] = b"%d" % report.exec_seq
    return found


def fee_currency(instrument: Instrument, side: int) -> str:
    """Spot takes the fee from what is received; contracts in the currency they settle in."""
    if instrument.line != ProductLine.SPOT:
        return instrument.settle_currency
    return instrument.base_currency if side == Side.BUY else instrument.quote_currency


def _extended(order: Order, telling: Telling) -> dict[int, bytes]:
    terms = order.terms
    found = {
        20000: _VENUE_TYPES[OrdType(terms.ord_type)],
        20002: _POS_SIDES[PosSide(terms.pos_side)],
    }
    if terms.exec_inst & _CLOSE_ON_TRIGGER:
        found[20001] = b"Y"
    if terms.trigger:
        found[20003] = _TRIGGERS[Trigger(terms.trigger)]
    if terms.peg_type:
        found[20016] = _PEG_TYPES[PegType(terms.peg_type)]
    found.update(_attached(order))
    if telling.step.exec_type == "F" and telling.report is not None:
        found[1057] = b"N" if telling.report.is_maker else b"Y"
        found[20030] = TRADE_TYPES[TradeType(telling.report.trade_type)]
    if terms.ord_type == OrdType.LIMIT_IF_TOUCHED:
        found[1109] = b"D" if terms.side == Side.BUY else b"U"
    if telling.report is not None and telling.report.code:
        found[25016] = b"%d" % telling.report.code
    return found


def _attached(order: Order) -> dict[int, bytes]:
    """Take-profit and stop-loss that travel with the order: trigger price, limit price, what triggers."""
    terms, instrument = order.terms, order.terms.instrument
    found: dict[int, bytes] = {}
    for tag, ticks, limit_ticks, trigger in (
        (20010, order.take_profit_ticks, order.take_profit_px_ticks, terms.take_profit_trigger),
        (20013, order.stop_loss_ticks, order.stop_loss_px_ticks, terms.stop_loss_trigger),
    ):
        if trigger:
            found[tag] = price_text(instrument, ticks).encode()
            found[tag + 2] = _TRIGGERS[Trigger(trigger)]
            if limit_ticks:
                found[tag + 1] = price_text(instrument, limit_ticks).encode()
    return found


def cancel_reject(
    request: Request, order_id: str, ord_status: str, cxl_rej_reason: int, text: str, wall_ns: int, profile: Profile,
    code: int = 0,
) -> Fields:  # fmt: skip
    """The body of an OrderCancelReject: 39 is what the order is now, 8 if nobody knows it. Ids go back byte for byte,
    whatever bytes a client took for one.
    """
    found = {
        11: request.cl_ord_id.encode("latin-1"),
        37: order_id.encode() if order_id else NONE,
        39: ord_status.encode(),
        41: request.orig_cl_ord_id.encode("latin-1"),
        58: text.encode(),
        60: timestamp(wall_ns, profile.time_digits),
        102: b"%d" % cxl_rej_reason,
        434: b"2" if request.is_replace else b"1",
    }
    if code and profile.is_extended:
        found[25016] = b"%d" % code
    return sorted(found.items())


def refused_order(
    message: dict[int, bytes], exec_id: str, rej_reason: int, text: str, wall_ns: int, profile: Profile
) -> Fields:
    """The ExecutionReport of a NewOrderSingle that never became an order: its terms in `message`, 39=8, no fill."""
    found: dict[int, bytes] = dict(message)
    found.setdefault(38, b"0")
    found.setdefault(59, b"1")
    found.update({
        6: b"0", 14: b"0", 17: exec_id.encode(), 37: NONE, 39: b"8", 58: text.encode(), 103: b"%d" % rej_reason,
        60: timestamp(wall_ns, profile.time_digits), 150: b"8", 151: b"0",
    })  # fmt: skip
    if profile.is_drop_copy:
        found[797] = b"Y"
    return sorted(found.items())
