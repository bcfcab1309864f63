"""What happens to the account's other orders, told to drop copies: those of the venue's own app, of other programs,
and the ones the venue makes itself (attached take-profits, liquidations).

The engine keeps no order of them, so a report holds what the venue said: its ids, quantities, prices, and no terms.
AvgPx (6) is of the executions heard, 0 where some were missed.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

from tidings.fix.timestamps import timestamp
from tidings.fix_gateway.field_text import Fields, average_text, body_of
from tidings.fix_gateway.traded import NOTHING, Traded
from tidings.fix_gateway.translate_out import TRADE_TYPES, Profile, execution_of
from tidings.model.enums import ExecType, OrdStatus, ReportSource, TradeType
from tidings.model.execution_report import ExecutionReport
from tidings.model.instrument import Instrument
from tidings.model.scale import price_text, qty_text

_EXEC_TYPES: Final = {
    ExecType.NEW: b"0", ExecType.UNTRIGGERED: b"0", ExecType.TRIGGERED: b"D", ExecType.TRADE: b"F",
    ExecType.CANCELED: b"4", ExecType.REJECTED: b"8", ExecType.EXPIRED: b"C", ExecType.REPLACED: b"5",
}  # fmt: skip
_STATUSES: Final = {
    OrdStatus.NEW: b"0", OrdStatus.UNTRIGGERED: b"0", OrdStatus.PARTIALLY_FILLED: b"1", OrdStatus.FILLED: b"2",
    OrdStatus.CANCELED: b"4", OrdStatus.REJECTED: b"8", OrdStatus.EXPIRED: b"C",
}  # fmt: skip
_OVER: Final = (b"2", b"4", b"8", b"C")
ORDERS_KEPT, REPORTS_KEPT = 10_000, 20_000


NEVER_NS: Final = 1 << 63


class ForeignReports:
    """Remembers what it has told, and what each order's executions add up to."""

    def __init__(self, began_ns: int = NEVER_NS) -> None:
        """`began_ns`: Unix time from which on executions are told that were missed as they happened."""
        self._began_ns = began_ns
        self._told: OrderedDict[tuple[str, int, str, int], None] = OrderedDict()
        self._traded: OrderedDict[str, Traded] = OrderedDict()

    def take(self, report: ExecutionReport) -> bool:
        """Whether it is to be told: live, of a kind that FIX has a word for, and not told before.

        An execution that the stream has missed is told when a list has it, if it is not older than we are.
        """
        is_live = report.source == ReportSource.STREAM and not report.reconciled
        is_trade = report.exec_type == ExecType.TRADE
        if not (is_live or (is_trade and report.transact_time_ns >= self._began_ns)) or not report.order_id:
            return False
        if report.exec_type not in _EXEC_TYPES or report.side not in (1, 2):
            return False
        if report.ord_status not in _STATUSES and not is_trade:
            return False
        key = (report.order_id, report.exec_type, report.exec_id, 0 if is_trade else report.transact_time_ns)
        if key in self._told:
            return False
        _remember(self._told, key, None, REPORTS_KEPT)
        if report.exec_type == ExecType.TRADE:
            before = self._traded.get(report.order_id, NOTHING)
            _remember(self._traded, report.order_id, before.with_one(report), ORDERS_KEPT)
        return True

    def fields(self, instrument: Instrument, report: ExecutionReport, profile: Profile) -> Fields:
        """The body of an ExecutionReport."""
        cum_lots = max(report.cum_qty_lots, self._traded.get(report.order_id, NOTHING).lots)
        total_lots = max(report.order_qty_lots, cum_lots)
        if report.ord_status in _STATUSES:
            status = _STATUSES[OrdStatus(report.ord_status)]
        else:  # a list of executions does not say; only one that tells the whole quantity can show that it is all
            status = b"2" if 0 < report.order_qty_lots <= cum_lots else b"1"
        leaves_lots = 0 if status in _OVER else total_lots - cum_lots
        exec_id = report.exec_id or f"{report.order_id}-{report.transact_time_ns // 1000}-{int(report.exec_type)}"
        found = {
            6: self._average(instrument, report.order_id, cum_lots), 11: (report.cl_ord_id or "NONE").encode(),
            14: qty_text(instrument, cum_lots).encode(), 17: exec_id.encode(), 37: report.order_id.encode(),
            38: qty_text(instrument, total_lots).encode(), 39: status, 54: b"%d" % report.side,
            55: instrument.symbol.encode(), 60: timestamp(report.transact_time_ns, profile.time_digits),
            150: _EXEC_TYPES[ExecType(report.exec_type)], 151: qty_text(instrument, leaves_lots).encode(), 797: b"Y",
        }  # fmt: skip
        if report.price_ticks > 0:
            found[44] = price_text(instrument, report.price_ticks).encode()
        if report.stop_px_ticks > 0:
            found[99] = price_text(instrument, report.stop_px_ticks).encode()
        if found[150] == b"D":
            found[378] = b"99"
        if found[150] == b"F":
            found.update(execution_of(instrument, report.side, report))
            if profile.is_extended:
                found[20030] = TRADE_TYPES[TradeType(report.trade_type)]
        return body_of(found)

    def _average(self, instrument: Instrument, order_id: str, cum_lots: int) -> bytes:
        traded = self._traded.get(order_id, NOTHING)
        if not traded.lots or traded.lots != cum_lots:
            return b"0"
        return average_text(traded.average(instrument))


def _remember(kept: OrderedDict[Any, Any], key: object, value: object, most: int) -> None:
    kept[key] = value
    if len(kept) > most:
        kept.popitem(last=False)
