"""How orders stand (OrderStatusRequest H, OrderMassStatusRequest AF), and cancelling many (q)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from tidings.errors import TidingsError
from tidings.fix.timestamps import timestamp
from tidings.fix_gateway.client import Client
from tidings.fix_gateway.field_text import Fields, FieldSource
from tidings.fix_gateway.order_chains import OrderChain
from tidings.fix_gateway.order_desk import FixOrderDesk, business_reject
from tidings.fix_gateway.reject_codes import UNKNOWN_ORDER
from tidings.model.enums import PosSide, Side
from tidings.model.order import Order

log = logging.getLogger("tidings.fix")

ALL_ORDERS, ONE_SYMBOL = b"7", b"1"
UNDISCLOSED = b"7"  # Side (54), which every report must have, where there is no order to tell it
_SIDES = {b"1": Side.BUY, b"2": Side.SELL}
_POS_SIDES = {b"M": PosSide.MERGED, b"L": PosSide.LONG, b"S": PosSide.SHORT}


@dataclass(frozen=True, slots=True)
class _MassCancel:
    """One OrderMassCancelRequest."""

    cl_ord_id: bytes
    kind: bytes  # 530
    symbol: str  # "" for all
    side: Side | None
    pos_side: PosSide | None

    def hits(self, order: Order) -> bool:
        fits_symbol = not self.symbol or order.symbol == self.symbol
        fits_side = self.side is None or order.side == self.side
        return fits_symbol and fits_side and self.pos_side in (None, order.terms.pos_side)


class OrderQueries:
    """Beside the order desk: what asks about, or cancels, more than one order."""

    def __init__(self, desk: FixOrderDesk) -> None:
        self._desk = desk
        self._mass_count = 0
        self._running: set[asyncio.Task[None]] = set()

    # ---- H ------------------------------------------------------------------------------------------------------

    def status(self, client: Client, message: FieldSource) -> None:
        """An OrderStatusRequest: one report with 150=I."""
        extra = {790: value} if (value := message.find(790)) is not None else {}
        order_id = message.find(37)
        if order_id is not None and order_id != b"NONE":
            chain = self._desk.chains.find_order_id(order_id.decode("latin-1"))
        else:
            chain = self._desk.chains.find((message.find(11) or b"").decode("latin-1"))
        if chain is None or not _may_see(client, chain) or chain.order is None:
            client.tell(b"8", self._unknown_order(client, message, extra))
        else:
            self._desk.news.tell_status(client, chain, chain.order, extra)

    def _unknown_order(self, client: Client, message: FieldSource, extra: dict[int, bytes]) -> Fields:
        found = {tag: value for tag in (11, 54, 55) if (value := message.find(tag)) is not None}
        found = {11: b"NONE", 54: UNDISCLOSED, **found, **self._no_order(client)}
        found.update({58: b"unknown order", 103: b"%d" % UNKNOWN_ORDER, **extra})
        return sorted(found.items())

    def _no_order(self, client: Client) -> dict[int, bytes]:
        """What stands in every report about no order at all."""
        time = timestamp(self._desk.clock.read_wall_ns(), client.profile.time_digits)
        exec_id = self._desk.news.unnamed_exec_id().encode()
        return {6: b"0", 14: b"0", 17: exec_id, 37: b"NONE", 39: b"8", 60: time, 150: b"I", 151: b"0"}

    # ---- AF -----------------------------------------------------------------------------------------------------

    def mass_status(self, client: Client, message: FieldSource) -> None:
        """An OrderMassStatusRequest: one report for each open order, the last one marked."""
        request_id, wanted = message.find(584) or b"", message.find(585)
        if wanted not in (ONE_SYMBOL, ALL_ORDERS) or (wanted == ONE_SYMBOL and not message.find(55)):
            text = "MassStatusReqType (585) must be 7, or 1 with a Symbol (55)"
            client.tell(b"j", business_reject(message, 0, text))
            return
        symbol = (message.find(55) or b"").decode("latin-1") if wanted == ONE_SYMBOL else ""
        found = [
            (chain, chain.order)
            for chain in self._desk.chains.open_chains()
            if _may_see(client, chain) and chain.order is not None and symbol in ("", chain.symbol)
        ]
        for place, (chain, order) in enumerate(found, 1):
            extra = {584: request_id, 911: b"%d" % len(found)}
            if place == len(found):
                extra[912] = b"Y"
            self._desk.news.tell_status(client, chain, order, extra)
        if not found:
            nothing = self._no_order(client)
            nothing.update({54: message.find(54) or UNDISCLOSED, 584: request_id, 911: b"0", 912: b"Y"})
            nothing.update({11: b"NONE", 58: b"no open orders"})
            client.tell(b"8", sorted(nothing.items()))

    # ---- q ------------------------------------------------------------------------------------------------------

    def mass_cancel(self, client: Client, message: FieldSource) -> None:
        """An OrderMassCancelRequest; the report (r) follows when every call has returned."""
        kind = message.find(530) or b""
        symbol = (message.find(55) or b"").decode("latin-1")
        wanted = _MassCancel(
            message.find(11) or b"",
            kind,
            symbol if kind == ONE_SYMBOL else "",
            _SIDES.get(message.find(54) or b""),
            _POS_SIDES.get(message.find(20002) or b""),
        )
        allowed = client.rules.symbols
        if not self._desk.phemex.engine.state.lanes_up:
            client.tell(b"j", business_reject(message, 4, "Application Not Available: no connection to the venue"))
            return
        if kind not in (ALL_ORDERS, ONE_SYMBOL) or (kind == ONE_SYMBOL and not symbol):
            text = "Conditionally Required Field Missing (55)" if kind == ONE_SYMBOL else "not supported"
            self._report(client, wanted, response=b"0", hit=[], refusal=b"0", text=text)
            return
        if (tag := _not_understood(message)) is not None:
            text = f"tag {tag} is not understood: nothing was cancelled"
            self._report(client, wanted, response=b"0", hit=[], refusal=b"99", text=text)
            return
        if wanted.symbol and allowed and wanted.symbol not in allowed:
            self._report(client, wanted, response=b"0", hit=[], refusal=b"1", text="not among this session's symbols")
            return
        hit = [
            chain
            for chain in self._desk.chains.open_chains()
            if chain.order is not None and wanted.hits(chain.order) and not chain.order.is_done
            if not allowed or chain.symbol in allowed
        ]
        task = asyncio.get_running_loop().create_task(self._cancel_all(client, wanted, hit))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _cancel_all(self, client: Client, wanted: _MassCancel, hit: list[OrderChain]) -> None:
        """Whole symbols by the venue's own call, everybody's orders included; with a filter one by one."""
        done, failures, code = [], [], 0
        if wanted.side is not None or wanted.pos_side is not None:
            done = [chain for chain in hit if self.cancel_quietly(chain, "mass cancel")]
            failures = ["some cancels were refused"] if len(done) < len(hit) else []
        else:
            for symbol in [wanted.symbol] if wanted.symbol else self._symbols(client, hit):
                try:
                    await self._desk.phemex.cancel_all(symbol)
                    done += [chain for chain in hit if chain.symbol == symbol]
                except TidingsError as error:
                    log.warning("mass cancel of %s: %s", symbol, error)
                    code = code or getattr(error, "code", 0)
                    failures.append(f"{symbol}: {error}")
        response = b"0" if failures else wanted.kind
        refusal = b"99" if failures else None
        text = "; ".join(failures)
        self._report(client, wanted, response=response, hit=done, refusal=refusal, text=text, code=code)

    def _symbols(self, client: Client, hit: list[OrderChain]) -> list[str]:
        """Where anything is open that the session may touch; orders of other programs count."""
        allowed = client.rules.symbols
        foreign = {order.symbol for order in self._desk.phemex.foreign_orders()}
        found = {symbol for symbol in foreign if not allowed or symbol in allowed}
        return sorted(found | {chain.symbol for chain in hit})

    def cancel_quietly(self, chain: OrderChain, text: str) -> bool:
        """Cancel an order that nobody asked to be cancelled by its id; `text` comes with its end."""
        order = chain.order
        if order is None:
            return False
        before, chain.ended_by = chain.ended_by, text
        if self._desk.phemex.entry.cancel_order(order, self._desk.clock.read_now_ns()) == 0:
            return True
        chain.ended_by = before  # whatever ends it, this is not why
        return False

    def _report(
        self, client: Client, wanted: _MassCancel, *, response: bytes, hit: list[OrderChain], refusal: bytes | None,
        text: str, code: int = 0,
    ) -> None:  # fmt: skip
        """The OrderMassCancelReport; the group of the orders hit comes in its place, behind 533."""
        self._mass_count += 1
        wall_ns = self._desk.clock.read_wall_ns()
        found = {
            11: wanted.cl_ord_id, 37: f"M-{wall_ns // 1000}-{self._mass_count}".encode(), 530: wanted.kind,
            531: response, 533: b"%d" % len(hit), 60: timestamp(wall_ns, client.profile.time_digits),
        }  # fmt: skip
        if wanted.symbol:
            found[55] = wanted.symbol.encode()
        if wanted.side is not None:
            found[54] = b"%d" % wanted.side
        if refusal is not None:
            found[532] = refusal
        if text:
            found[58] = text.encode()
        fields = sorted(found.items())
        if hit:
            fields.append((534, b"%d" % len(hit)))
            for chain in hit:
                fields.append((41, chain.head_id.encode()))
                if chain.order is not None and chain.order.order_id:
                    fields.append((535, chain.order.order_id.encode()))
        if code and client.profile.is_extended:
            fields.append((25016, b"%d" % code))
        client.tell(b"r", fields)


def _not_understood(message: FieldSource) -> int | None:
    """A filter that cannot be applied: without it more would be cancelled than was asked for."""
    choices: tuple[tuple[int, Mapping[bytes, object]], ...] = ((54, _SIDES), (20002, _POS_SIDES))
    return next((tag for tag, known in choices if message.find(tag) not in (None, *known)), None)


def _may_see(client: Client, chain: OrderChain) -> bool:
    """A client its own orders, a drop copy everybody's."""
    return client.profile.is_drop_copy or chain.owner == client.name
