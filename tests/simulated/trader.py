"""Who trades: actions written down in the schedule, done through the session's public face."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.simulated.engine_process import EngineProcess
from tests.simulated.exchange_side import MIDDLE, ExchangeSide
from tests.simulated.limits import QUANTITY
from tidings.errors import TidingsError
from tidings.session.order_ticket import OrderTicket
from tidings.session.phemex import Phemex

DEFAULT_COLLAR_PERCENT = 20
TIFS = ("GTC", "GTC", "GTC", "IOC", "FOK", "PostOnly")


@dataclass(frozen=True, slots=True)
class Action:
    """One thing somebody does. What its numbers mean depends on the verb."""

    verb: str
    at_ns: int
    symbol: str
    side: str
    offset: int  # dollars from the middle
    size: int  # one digit
    pick: int  # which order, which variant


class Trader:
    """Does the actions; `on_placed` hears of every order that was let out."""

    def __init__(
        self, process: EngineProcess, exchange: ExchangeSide, on_placed: Callable[[OrderTicket], object],
        on_change: Callable[[str, OrderTicket], object],
    ) -> None:
        self.on_control: Callable[[str, str], object] = lambda what, symbol: None  # "HALTED" of a symbol, "resume" …
        self.rearm: Callable[[Phemex], object] = lambda phemex: None
        self._process, self._exchange = process, exchange
        self._on_placed, self._on_change = on_placed, on_change
        self.tickets: list[OrderTicket] = []  # of the present life
        self.outcomes: Counter[str] = Counter()

    def act(self, action: Action) -> None:
        """Do one action now: others at once, ours inside the process."""
        if action.verb == "crowd":
            self._exchange.crowd_order(
                action.symbol, action.side, action.offset, action.size, is_taker=bool(action.pick % 2)
            )
        elif action.verb == "price":
            self._exchange.move_price(action.symbol, action.offset)
        elif self._process.phemex is not None:
            self._process.do(self._act, self._process.phemex, action)

    def _act(self, phemex: Phemex, action: Action) -> None:
        if phemex is not self._process.phemex:
            return
        try:
            self.outcomes[f"{action.verb} {getattr(self, f'_{action.verb}')(phemex, action)}"] += 1
        except TidingsError as error:
            self.outcomes[f"{action.verb} {type(error).__name__} {getattr(error, 'reason', '')}"] += 1

    # ---- Placing -----------------------------------------------------------------------------------------------------

    def _limit(self, phemex: Phemex, action: Action) -> str:
        return self._placed(phemex.limit(
            action.symbol, action.side, qty=_quantity(action), price=MIDDLE + action.offset,
            tif=TIFS[action.pick % len(TIFS)],
        ), action)

    def _again(self, phemex: Phemex, action: Action) -> str:
        """The same order twice at once, as a strategy in a loop would."""
        self._limit(phemex, action)
        return self._limit(phemex, action)

    def _burst(self, phemex: Phemex, action: Action) -> str:
        """Many orders in one moment, away from the market and from each other."""
        away = -1 if action.side == "buy" else 1
        for number in range(2 + action.pick % 6):
            self._limit(phemex, replace(action, offset=away * (20 + 7 * number + abs(action.offset)), pick=0))
        return "sent"

    def _wild(self, phemex: Phemex, action: Action) -> str:
        """A price with a slipped digit: half as much again as the collar allows, on the side that pays."""
        limits = self._process.traits.limits
        percent = limits.collar_percent if limits is not None else None
        offset = round(1.5 * (percent or DEFAULT_COLLAR_PERCENT) / 100 * MIDDLE) * (1 if action.side == "buy" else -1)
        return self._limit(phemex, replace(action, offset=offset))

    def _market(self, phemex: Phemex, action: Action) -> str:
        if action.symbol == "sBTCUSDT" and action.pick % 2:
            return self._placed(phemex.market(action.symbol, action.side, quote_qty=50 + action.size), action)
        return self._placed(phemex.market(action.symbol, action.side, qty=_quantity(action)), action)

    def _conditional(self, phemex: Phemex, action: Action) -> str:
        away = 1 + abs(action.offset)
        stop_px = MIDDLE + (away if (action.side == "buy") == bool(action.pick % 2) else -away)
        kind = "stop" if action.pick % 2 else "if_touched"
        price = stop_px if action.pick // 2 % 2 else None
        return self._placed(phemex.conditional(
            action.symbol, action.side, kind=kind, qty=_quantity(action), stop_px=stop_px, price=price,
        ), action)

    def _placed(self, ticket: OrderTicket, action: Action) -> str:
        self.tickets.append(ticket)
        self._on_placed(ticket)
        if action.pick // 8 % 2:
            assert self._process.loop is not None
            self._process.loop.create_task(self._await_end(ticket))
        return "sent"

    async def _await_end(self, ticket: OrderTicket) -> None:
        try:
            await ticket.done()
            self.outcomes["awaited done"] += 1
        except TidingsError as error:
            self.outcomes[f"awaited {type(error).__name__}"] += 1

    # ---- Changing ----------------------------------------------------------------------------------------------------

    def _amend(self, phemex: Phemex, action: Action) -> str:
        ticket = self._chosen(action)
        if ticket is None:
            return "nothing open"
        order = ticket.order
        ticks = order.price_ticks + action.offset if action.pick % 3 and order.price_ticks else 0
        lots = order.order_qty_lots + action.size - 3 if action.pick % 3 != 1 else 0
        return self._changed("amend", ticket, phemex.amend(ticket.handle, max(0, ticks), max(0, lots)))

    def _cancel(self, phemex: Phemex, action: Action) -> str:
        ticket = self._chosen(action)
        return "nothing open" if ticket is None else self._changed("cancel", ticket, phemex.cancel(ticket.handle))

    def _cancel_many(self, phemex: Phemex, action: Action) -> str:
        handles = [ticket.handle for ticket in self._open() if (ticket.handle + action.pick) % 2]
        return str(phemex.cancel_many(handles)) if handles else "nothing open"

    def _cancel_all(self, phemex: Phemex, action: Action) -> str:
        assert self._process.loop is not None
        self._process.loop.create_task(self._ask_cancel_all(phemex, action.symbol))
        return "asked"

    async def _ask_cancel_all(self, phemex: Phemex, symbol: str) -> None:
        try:
            await phemex.cancel_all(symbol)
        except TidingsError as error:
            self.outcomes[f"cancel_all {type(error).__name__}"] += 1

    # ---- A person's -------------------------------------------------------------------------------------------------

    def _halt(self, phemex: Phemex, action: Action) -> str:
        symbol = action.symbol if action.pick % 3 else None
        phemex.halt(symbol, strategy="" if symbol is None and action.pick % 2 else None, reason="a drill")
        self.on_control("HALTED", symbol or "")
        return "done"

    def _reduce(self, phemex: Phemex, action: Action) -> str:
        symbol = action.symbol if action.pick % 3 else None
        phemex.reduce_only(symbol, strategy="" if symbol is None and action.pick % 2 else None, reason="a drill")
        self.on_control("REDUCING", symbol or "")
        return "done"

    def _resume(self, phemex: Phemex, action: Action) -> str:
        for symbol in QUANTITY:
            phemex.resume(symbol, reason="it was a drill")
        phemex.resume(strategy="", reason="it was a drill")
        phemex.resume(reason="it was a drill")
        self.on_control("resume", "")
        return "done"

    def _rearm(self, phemex: Phemex, action: Action) -> str:
        self.rearm(phemex)
        return "done"

    def _changed(self, what: str, ticket: OrderTicket, result: int) -> str:
        if result == 0:
            self._on_change(what, ticket)
        return str(result)

    def _open(self) -> list[OrderTicket]:
        return [ticket for ticket in self.tickets if not ticket.is_done]

    def _chosen(self, action: Action) -> OrderTicket | None:
        tickets = self._open()
        return tickets[action.pick % len(tickets)] if tickets else None


def _quantity(action: Action) -> str:
    return QUANTITY[action.symbol].format(action.size)
