"""The session as one named strategy sees it: its orders carry its name, and it sees and touches no others."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from tidings.app.strategies.strategy_group import Member, names_of
from tidings.engine.strategy import Strategy
from tidings.errors import UsageError
from tidings.model.enums import PosSide, RequestKind, Side
from tidings.model.order import Order
from tidings.model.position import Position
from tidings.model.words import pos_side_of
from tidings.session.armed_order import ArmedOrder
from tidings.session.order_ticket import OrderTicket
from tidings.session.phemex import Phemex


class StrategySession(Phemex):
    """What `on_start` of a named strategy gets: all of `Phemex`, with orders and positions of the strategy's own.

    `account` is the whole session: the account's positions, everybody's orders.
    """

    def __init__(self, account: Phemex, name: str) -> None:
        super().__init__(account.engine)
        self.account, self.name = account, name
        self.desk, self.waiting = account.desk, account.waiting
        self._iterators = account._iterators  # they end with the session of the account
        self.owner = self.desk.owner(name)

    def __repr__(self) -> str:
        return f"<StrategySession {self.name}>"

    def _place(
        self, symbol: str, side: str | Side, numbers: dict[str, Any], words: dict[str, Any], options: dict[str, Any]
    ) -> OrderTicket:
        return super()._place(symbol, side, numbers, words, self._named(options))

    def arm(self, symbol: str, side: str | Side, **words: Any) -> ArmedOrder:
        return super().arm(symbol, side, **self._named(words))

    def _named(self, options: dict[str, Any]) -> dict[str, Any]:
        if options.setdefault("strategy", self.name) != self.name:
            raise UsageError(f"this is the session of strategy {self.name}: was strategy={options['strategy']!r}")
        return options

    def order(self, handle: int) -> Order | None:
        """The order of a handle; None also when it is another's."""
        order = super().order(handle)
        return order if order is not None and order.terms.owner == self.owner else None

    def open_orders(self) -> list[Order]:
        """This strategy's orders that are not done, unknown ones included."""
        return [order for order in super().open_orders() if order.terms.owner == self.owner]

    async def cancel_all(self, symbol: str) -> None:
        """Cancel everything this strategy has open in one symbol. Reports follow on the stream.

        Raises OrderDenied when a cancel cannot be sent.
        """
        self.desk.check_symbol(symbol)
        open_orders = [order for order in self.open_orders() if order.symbol == symbol]
        wanted = [order.handle for order in open_orders if not order.is_cancel_pending]
        result = self.cancel_many(wanted) if wanted else 0
        if result < 0:
            raise self.denial(-result, f"cancel_all of {symbol}", symbol=symbol, kind=RequestKind.CANCEL)

    def positions(self) -> list[Position]:
        """What this strategy holds by its executions of this session, per symbol and position side."""
        return [position for position in self.engine.held.own(self.owner) if position.net_qty_lots]

    def position(self, symbol: str, pos_side: str | PosSide = PosSide.MERGED) -> Position:
        """What this strategy holds in one symbol; changed in place as its executions come."""
        self.desk.check_symbol(symbol)
        return self.engine.held.own(self.owner).of(symbol, pos_side_of(pos_side))

    async def run(self, *strategies: object, seconds: float | None = None, timer_ms: int = 100) -> NoReturn:
        raise UsageError(f"strategy {self.name} runs already: strategies are run by the session of the account")


def check_times(seconds: float | None, timer_ms: int) -> None:
    """Raise UsageError for what no run can last, and no timer count; what is no number compares falsely."""
    for number, least in ((timer_ms, 1), (0 if seconds is None else seconds, 0)):
        if not isinstance(number, int | float) or not least <= number < math.inf:
            raise UsageError(f"timer_ms from 1, seconds from 0: were {timer_ms!r}, {seconds!r}")


def members_of(
    account: Phemex,
    given: Iterable[Strategy | Iterable[Strategy]],
    make_session: Callable[[Phemex, str], StrategySession] = StrategySession,
) -> list[Member]:
    """Strategies, or lists of them, each with the session it is to see. Raises UsageError."""
    strategies = [one for item in given for one in (item if isinstance(item, Iterable) else [item])]
    members = []
    for index, (strategy, name) in enumerate(zip(strategies, names_of(strategies), strict=True)):
        session = make_session(account, name) if name else account
        owner = session.owner if isinstance(session, StrategySession) else 0
        members.append(Member(strategy, session, name, owner, index))
    return members
