"""Who hears of orders: the strategy's callbacks, whoever looks on, and what becomes of their exceptions."""

from tidings.engine.ports import OrderListener

class OrderHearers(OrderListener):
    """The half of the order path that talks up to Python; see OrderEntry."""
