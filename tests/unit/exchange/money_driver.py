"""Asks the endpoints of the money rooms as a client does, and pays funding at a rate of the test's choice."""

import json
from typing import Any

from venue_driver import Driver

from tidings.exchange.reports import OrderReport
from tidings.exchange.rest import face as rest
from tidings.exchange.rest.endpoint import Call
from tidings.exchange.rest.parameters import Parameters

DUE_NS = 1_760_025_600 * 10**9  # 2025-10-09 16:00 UTC, the first funding time after the driver's start


def ask(d: Driver, method: str, path: str, user_id: int | None = None, **fields: object) -> Any:
    """What the endpoint answers; an error of its reading raises."""
    parameters = Parameters({name: [str(value)] for name, value in fields.items()})
    endpoint = rest._ENDPOINTS[method, path]
    return json.loads(endpoint(Call(d.venue, d.a if user_id is None else user_id, parameters, d.now_ns)))


def hold(d: Driver, symbol: str, qty: int, price: int) -> None:
    """`a` goes long, `b` short."""
    d.place(d.b, symbol, "Sell", qty, price)
    d.place(d.a, symbol, "Buy", qty, price)


def fix_rate(d: Driver, symbol: str, rate_er: int) -> None:
    d.venue.funding.rates[symbol].paid_rate_er = lambda due_ns: rate_er


def run_to(d: Driver, time_ns: int) -> list[OrderReport]:
    d.now_ns = time_ns
    return d.run(ms=0)
