"""How an order looks at one moment, as a report: the exchange makes two or three of each request."""

from tidings.exchange.orders.orders import Order
from tidings.exchange.reports import OrderReport

def view(order: Order, exec_status: str, now_ns: int, code: int) -> OrderReport:
    """Report something that just happened to `order`, with the order as it stands; no execution, no position."""
