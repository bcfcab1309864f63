"""What becomes of open orders when a session ends on purpose and is told to cancel them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from tidings.engine.order_entry import OrderEntry
from tidings.errors import TidingsError
from tidings.model.instrument import Instrument
from tidings.model.order import Order
from tidings.venue.phemex.queries import Queries

log = logging.getLogger("tidings")

LIMIT_S = 2.0  # for all of it: a program that was told to end must end
LOOK_S = 0.05
HEARD_S = 0.5  # for the last reports, once the venue shows nothing


async def cancel_what_is_open(entry: OrderEntry, queries: Queries) -> bool:
    """Cancel everything in the symbols that have open orders of ours; whether all of it is surely gone in time.

    The venue's lists tell that. But of an order that it has not acknowledged they tell nothing: it may be on its way,
    and come in behind the cancels. So where such a one has no end, all is cancelled once more.
    """
    orders = entry.orders
    left: dict[str, Instrument] = {order.symbol: order.terms.instrument for order in orders.open_orders()}
    on_the_way: list[Order] = []
    try:
        async with asyncio.timeout(LIMIT_S):
            while left:
                on_the_way = [order for order in orders.open_orders() if not order.is_acked]
                await _cancel_and_see(queries, left)
                await _hear_the_ends(entry)
                left = {order.symbol: order.terms.instrument for order in on_the_way if not order.is_done}
    except (TidingsError, TimeoutError) as error:
        unsure = [*on_the_way, *(order for order in orders.open_orders() if not order.is_acked)]
        in_doubt = {*left, *(order.symbol for order in unsure if not order.is_done)}
        if not in_doubt:  # the lists have told; only the last reports were waited for
            return True
        cause = str(error) or f"not done within {LIMIT_S:g} s"
        log.error("orders may be open in %s, though all were to be cancelled: %s", ", ".join(sorted(in_doubt)), cause)
        return False
    return True


async def _cancel_and_see(queries: Queries, left: dict[str, Instrument]) -> None:
    """Cancel all in these symbols, and take each out of them when the venue shows nothing in it any more."""
    cancels = (queries.cancel_all(instrument) for instrument in left.values())
    for outcome in await asyncio.gather(*cancels, return_exceptions=True):  # where one is refused, the others go on
        if isinstance(outcome, BaseException):
            raise outcome
    while left:
        for symbol, instrument in list(left.items()):
            if not await queries.open_orders(instrument):
                del left[symbol]
        await asyncio.sleep(LOOK_S if left else 0)


async def _hear_the_ends(entry: OrderEntry) -> None:
    """The stream tells a moment later than the list; an end that is not in the journal is asked after next time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(HEARD_S):
            while entry.orders.open_orders():
                await asyncio.sleep(LOOK_S / 10)
