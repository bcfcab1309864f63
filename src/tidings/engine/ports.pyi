class OrderGateway:
    """A venue as the engine sees it: five requests down. Implemented in compiled code only (see ports.pxd)."""

class OrderListener:
    """The engine as a venue sees it: one report at a time, up. Implemented in compiled code only (see ports.pxd)."""

class PythonGateway(OrderGateway):
    """A gateway written in Python, for simulators and tests: it forwards each request to a method of `venue`.

    `venue` has take(kind, order, now_ns), send_new(order, now_ns), send_amend(order, price_ticks, qty_lots, now_ns),
    send_cancel(order, now_ns), send_cancel_many(orders, now_ns) and prepare(terms); all but prepare answer a
    DenyReason.
    """

    def __init__(self, venue: object) -> None: ...
