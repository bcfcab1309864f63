"""Which part of the application deals with which message type, for one client: the same for both doors."""

from __future__ import annotations

from collections.abc import Callable

from tidings.fix_gateway.client import Client
from tidings.fix_gateway.field_text import FieldSource
from tidings.fix_gateway.limit_query import limit_response
from tidings.fix_gateway.market_data import MarketData
from tidings.fix_gateway.order_desk import FixOrderDesk, business_reject
from tidings.fix_gateway.order_lists import Submit, submit_list
from tidings.fix_gateway.order_queries import OrderQueries
from tidings.fix_gateway.position_reports import PositionReports
from tidings.fix_gateway.reference_data import ReferenceData
from tidings.fix_gateway.request_limit import RequestLimit
from tidings.fix_gateway.trade_reports import TradeReports

Handler = Callable[[FieldSource], object]
UNSUBSCRIBE = b"2"  # SubscriptionRequestType (263)


class MessageRoutes:
    """`submit`, `cancel` and `replace` are the client's own ways for D, F and G, with what it checks before the desk
    is asked.
    """

    def __init__(
        self, desk: FixOrderDesk, client: Client, submit: Submit, cancel: Handler, replace: Handler,
        is_behind: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self._desk = desk
        self._client = client
        self.queries = OrderQueries(desk)
        self.market_data = MarketData(desk, client, is_behind)
        self.positions = PositionReports(desk, client)
        self.trades = TradeReports(desk, client)
        self.reference = ReferenceData(desk)
        self.handlers: dict[bytes, Handler] = {
            b"D": submit,
            b"E": lambda message: submit_list(client, desk, message, submit),
            b"F": cancel,
            b"G": replace,
            b"H": lambda message: self.queries.status(client, message),
            b"AF": lambda message: self.queries.mass_status(client, message),
            b"q": lambda message: self.queries.mass_cancel(client, message),
            b"V": self._limited(RequestLimit(at_once=200, per_s=20), self.market_data.request),
            b"AN": self._limited(asking := RequestLimit(at_once=20, per_s=2), self.positions.request),
            b"AD": self._limited(asking, self.trades.request),
            b"x": lambda message: self.reference.security_list(client, message),
            b"c": lambda message: self.reference.security_definition(client, message),
            b"e": lambda message: self.reference.security_status(client, message),
            b"XLQ": lambda message: limit_response(client, desk, message),
        }

    def _limited(self, limit: RequestLimit, handler: Handler) -> Handler:
        """One client's questions must not use up what the orders of all need. To stop something is always taken."""

        def handle(message: FieldSource) -> None:
            if message.find(263) == UNSUBSCRIBE or limit.take(self._desk.clock.read_now_ns()):
                handler(message)
            else:
                self._client.tell(b"j", business_reject(message, 0, f"too many requests: {limit.words}"))

        return handle

    def drop_all(self) -> None:
        """The client is gone: what it followed is not followed for it any more."""
        self.market_data.drop_all()
        self.positions.drop_all()
