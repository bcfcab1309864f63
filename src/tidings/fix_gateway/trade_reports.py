"""Executions told once more: TradeCaptureReportRequest (AD) → an acknowledgement (AQ), and a TradeCaptureReport (AE)
for each.

The way back for a client that begins every day, or every connection, at number 1. What the gateway has in memory and
what the venue lists are one answer: each execution once, by its ExecID. An answer that does not go as far back as was
asked for says so, with the moment from which on it is whole.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from decimal import Decimal

from tidings.errors import TidingsError
from tidings.fix.timestamps import timestamp
from tidings.fix_gateway.client import Client
from tidings.fix_gateway.execution_memory import Execution
from tidings.fix_gateway.field_text import Fields, FieldSource, body_of, decimal_text
from tidings.fix_gateway.order_chains import OrderChain
from tidings.fix_gateway.order_desk import FixOrderDesk
from tidings.fix_gateway.trade_history import Found
from tidings.fix_gateway.trade_request import (
    LETTERS,
    OTHER,
    SUCCESSFUL,
    TradeRequest,
    TradeRequestRefused,
    read_request,
)
from tidings.fix_gateway.translate_out import NONE, fee_currency
from tidings.model.enums import Side, TradeType
from tidings.model.scale import price_decimal, qty_decimal
from tidings.venue.phemex.trade_rows import DELEVERAGING, LIQUIDATION, TRADE, PastTrade

log = logging.getLogger("tidings.fix")

ACCEPTED, REJECTED = b"0", b"2"  # TradeRequestStatus (750)
OPEN_MAX = 4  # requests of one client that wait for the venue
TOLD_AT_ONCE = 50  # reports between two turns of the loop: who trades does not wait for who looks back
MERGED_AT_ONCE = 200
NAMED_MAX = 5  # of what was not asked, in a Text
TRADE_WORDS = {
    TradeType.NONE: TRADE, TradeType.TRADE: TRADE, TradeType.LIQUIDATION: LIQUIDATION,
    TradeType.DELEVERAGING: DELEVERAGING,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """One execution as a client is told it."""

    trade: PastTrade
    cl_ord_id: str


class TradeReports:
    """One client's requests."""

    def __init__(self, desk: FixOrderDesk, client: Client) -> None:
        self._desk = desk
        self._client = client
        self._tasks: set[asyncio.Task[None]] = set()

    def request(self, message: FieldSource) -> None:
        """A TradeCaptureReportRequest; the answer comes when the venue has told, where it must be asked."""
        echo = {tag: value for tag in (55, 568, 569) if (value := message.find(tag)) is not None}
        try:
            if len(self._tasks) >= OPEN_MAX:
                raise TradeRequestRefused(OTHER, f"{OPEN_MAX} requests are still open")
            wanted = read_request(self._desk, self._client, message)
        except TradeRequestRefused as refused:
            self._acknowledge(echo, refused.result, REJECTED, 0, refused.text)
            return
        task = asyncio.get_running_loop().create_task(self._answer_in_any_case(wanted, echo))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_in_any_case(self, wanted: TradeRequest, echo: dict[int, bytes]) -> None:
        """A fault of ours must not leave a client waiting."""
        try:
            await self._answer(wanted, echo)
        except Exception:
            log.exception("%s: executions could not be told", self._client.name)
            self._acknowledge(echo, OTHER, REJECTED, 0, "internal error")

    async def _answer(self, wanted: TradeRequest, echo: dict[int, bytes]) -> None:
        """Everything, or the newest part of it; never an older part without the newer."""
        problem, listed = "", Found(since_ns=wanted.begin_ns)
        if not self._is_in_memory(wanted):
            try:
                listed = await self._read(wanted)
            except TidingsError as error:
                log.warning("%s: executions were asked for, and the venue did not tell: %s", self._client.name, error)
                problem = f"the venue did not tell: {error}"
                listed.since_ns = max(wanted.begin_ns, self._desk.news.executions.since_ns)
        found = await self._merged(wanted, listed)
        is_part = bool(problem or listed.stopped)
        text = self._text(listed, problem)
        self._acknowledge(echo, OTHER if is_part else SUCCESSFUL, ACCEPTED, len(found), text)
        for place, one in enumerate(found, 1):
            if place % TOLD_AT_ONCE == 0:
                await asyncio.sleep(0)
            self._client.tell(b"AE", self._report(echo.get(568, b""), one, place, len(found)))

    async def _read(self, wanted: TradeRequest) -> Found:
        instruments, likely = wanted.instruments.values(), self._desk.chains.symbols()
        return await self._desk.history.read(
            instruments, likely, wanted.begin_ns, wanted.end_ns, is_funding=wanted.is_funding
        )  # fmt: skip

    def _is_in_memory(self, wanted: TradeRequest) -> bool:
        """Since the memory begins a session's own executions are all in it. A drop copy is told everybody's."""
        is_new = wanted.begin_ns >= self._desk.news.executions.since_ns
        return is_new and not self._client.profile.is_drop_copy and TRADE in wanted.trade_types

    # ---- Which executions ---------------------------------------------------------------------------------------

    async def _merged(self, wanted: TradeRequest, listed: Found) -> list[Told]:
        """Each once, oldest first; the memory knows best which id the client knew an order by."""
        found: dict[str, Told] = {}
        for place, one in enumerate([*self._desk.news.executions]):
            if place % MERGED_AT_ONCE == MERGED_AT_ONCE - 1:
                await asyncio.sleep(0)
            if listed.since_ns <= one.wall_ns and self._is_told(wanted, told := _of_memory(one), one.chain):
                found[told.trade.exec_id] = told
        for trade in listed.trades:
            chain = self._desk.chains.find_listed(trade.cl_ord_id, trade.order_id)
            told = Told(trade, chain.head_id if chain is not None else trade.cl_ord_id)
            if trade.exec_id not in found and self._is_told(wanted, told, chain):
                found[trade.exec_id] = told
        return sorted(found.values(), key=lambda told: told.trade.wall_ns)

    def _is_told(self, wanted: TradeRequest, told: Told, chain: OrderChain | None) -> bool:
        trade = told.trade
        is_named = trade.instrument.symbol in wanted.instruments and trade.trade_type in wanted.trade_types
        return (
            is_named
            and self._may_see(wanted, trade, chain)
            and wanted.begin_ns <= trade.wall_ns <= wanted.end_ns
            and wanted.exec_id in ("", trade.exec_id)
            and wanted.order_id in ("", trade.order_id)
            and wanted.side in (None, b"%d" % trade.side)
            and (not wanted.cl_ord_id or _is_of(wanted, trade, chain))
        )

    def _may_see(self, wanted: TradeRequest, trade: PastTrade, chain: OrderChain | None) -> bool:
        """A drop copy everything, a session its own orders; what is older than the memory, where nobody knows whose
        order it was; and what the venue did to the account, if it asks for that.
        """
        if self._client.profile.is_drop_copy:
            return True
        if chain is not None:
            return chain.owner == self._client.name
        return trade.wall_ns < self._desk.news.executions.since_ns or TRADE not in wanted.trade_types

    # ---- Messages -----------------------------------------------------------------------------------------------

    def _text(self, listed: Found, problem: str) -> str:
        since = timestamp(listed.since_ns, 9 if listed.stopped else self._client.profile.time_digits).decode()
        text = f"executions since {since}"
        if not (problem or listed.stopped):
            return text
        named = listed.unasked[:NAMED_MAX]
        more = len(listed.unasked) - len(named)
        if named:
            text += f"; not asked for: {', '.join(named)}" + (f" and {more} more" if more else "")
        return f"in part: {text}: {problem or listed.stopped}"

    def _acknowledge(self, echo: dict[int, bytes], result: bytes, status: bytes, total: int, text: str) -> None:
        found = {**echo, 58: text.encode("utf-8", "replace"), 748: b"%d" % total, 749: result, 750: status}
        self._client.tell(b"AQ", body_of(found))

    def _report(self, request_id: bytes, told: Told, place: int, total: int) -> Fields:
        trade, profile = told.trade, self._client.profile
        moment = timestamp(trade.wall_ns, profile.time_digits)
        found = {
            17: trade.exec_id.encode(), 31: decimal_text(trade.px), 32: decimal_text(trade.qty),
            55: trade.instrument.symbol.encode(), 60: moment, 75: moment[:8], 150: b"F", 568: request_id, 570: b"N",
            571: request_id + b"-%d" % place, 748: b"%d" % total,
        }  # fmt: skip
        if place == total:
            found[912] = b"Y"
        if profile.is_extended:
            found[20030] = LETTERS[trade.trade_type]
        side: Fields = [
            (54, b"%d" % trade.side), (37, trade.order_id.encode() or NONE), (11, told.cl_ord_id.encode() or NONE),
            (136, b"1"), (137, decimal_text(trade.fee)), (138, trade.fee_currency.encode()), (139, b"4"),
        ]  # fmt: skip
        return body_of(found, {552: [side]})


def _of_memory(one: Execution) -> Told:
    order, report = one.order, one.report
    instrument, side = order.terms.instrument, Side(order.terms.side)
    trade = PastTrade(
        instrument, TRADE_WORDS[TradeType(report.trade_type)], report.exec_id, order.order_id, one.chain.engine_id,
        side,
        price_decimal(instrument, report.last_px_ticks), qty_decimal(instrument, report.last_qty_lots),
        Decimal(report.fee), fee_currency(instrument, side), one.wall_ns,
    )  # fmt: skip
    return Told(trade, one.cl_ord_id)


def _is_of(wanted: TradeRequest, trade: PastTrade, chain: OrderChain | None) -> bool:
    """Whether it is of the order with that ClOrdID: a client's, or one that the venue alone knows."""
    return chain is wanted.chain if wanted.chain is not None else trade.cl_ord_id == wanted.cl_ord_id
