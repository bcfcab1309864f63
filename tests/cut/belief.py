"""What an engine tells while it trades, and all it believes of its account at a moment, as the check wants it."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import tidings
from tests.cut.check import Belief, BelievedOrder, Told
from tidings.model.enums import ExecType, OrdStatus, ProductLine, RequestKind
from tidings.model.scale import price_decimal, qty_decimal


class Hearing(tidings.Strategy):
    """Keeps every callback, by ClOrdID."""

    def __init__(self) -> None:
        self.told: defaultdict[str, list[Told]] = defaultdict(list)

    def _keep(self, what: str, order: Any, report: Any) -> None:
        request = RequestKind(report.request_kind).name if report.request_kind else ""
        qty = qty_decimal(order.terms.instrument, report.last_qty_lots) if what == "fill" else Decimal(0)
        self.told[order.cl_ord_id].append(Told(what, ExecType(report.exec_type).name, request, report.exec_id, qty))

    def on_ack(self, order, report, now_ns):
        self._keep("ack", order, report)

    def on_fill(self, order, report, now_ns):
        self._keep("fill", order, report)

    def on_reject(self, order, report, now_ns):
        self._keep("reject", order, report)

    def on_cancel(self, order, report, now_ns):
        self._keep("cancel", order, report)

    def on_amend(self, order, report, now_ns):
        self._keep("amend", order, report)

    def on_unknown(self, order, report, now_ns):
        self._keep("unknown", order, report)

    def on_unsent(self, order, report, now_ns):
        self._keep("unsent", order, report)


class Asked:
    """What was asked for about orders, by ClOrdID."""

    def __init__(self) -> None:
        self.amends: dict[str, tuple[Decimal, Decimal]] = {}
        self.cancels: defaultdict[str, int] = defaultdict(int)


def is_quiet(phemex: tidings.Phemex) -> bool:
    """Whether nothing is under way, of unknown fate or waited for, and new orders are taken."""
    state = phemex.state
    return (
        state.is_ready and not state.symbols and not phemex.engine.lanes.pool.in_flight_total()
        and not any(_is_unclear(order) for order in phemex.open_orders())
    )  # fmt: skip


def _is_unclear(order: Any) -> bool:
    unclear = order.status in (OrdStatus.UNKNOWN, OrdStatus.PENDING_NEW)
    return unclear or order.is_amend_pending or order.is_cancel_pending


def belief_of(phemex: tidings.Phemex, hearing: Hearing, asked: Asked) -> Belief:
    """All of it, now."""
    wallets: dict[str, int] = phemex.engine.account.wallets
    return Belief(
        [_believed(order, hearing, asked) for order in phemex.entry.orders.orders()],
        {
            position.symbol: (_qty(phemex, position, "net_qty_lots"), _qty(phemex, position, "venue_qty_lots"))
            for position in phemex.positions()
            if phemex.instrument(position.symbol).line != ProductLine.SPOT
        },
        dict(wallets),
    )


def _believed(order: Any, hearing: Hearing, asked: Asked) -> BelievedOrder:
    instrument = order.terms.instrument
    return BelievedOrder(
        order.cl_ord_id, order.order_id, order.symbol, OrdStatus(order.status).name,
        price_decimal(instrument, order.price_ticks), qty_decimal(instrument, order.order_qty_lots),
        qty_decimal(instrument, order.cum_qty_lots), qty_decimal(instrument, order.leaves_qty_lots),
        hearing.told[order.cl_ord_id], asked.amends.get(order.cl_ord_id), asked.cancels[order.cl_ord_id],
    )  # fmt: skip


def _qty(phemex: tidings.Phemex, position: Any, name: str) -> Decimal:
    return qty_decimal(phemex.instrument(position.symbol), getattr(position, name))
