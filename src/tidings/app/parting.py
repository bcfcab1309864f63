"""What becomes of open orders when a session ends on purpose and is told to cancel them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from tidings.engine.order_entry import OrderEntry
from tidings.errors import TidingsError
from tidings.model.instrument import Instrument
from tidings.venue.phemex.queries import Queries

log = logging.getLogger("tidings")

LIMIT_S = 2.0  # for all of it: a program that was told to end must end
LOOK_S = 0.05
HEARD_S = 0.5  # for the last reports, once the venue shows nothing


async def cancel_what_is_open(entry: OrderEntry, queries: Queries) -> bool:
    """Cancel everything in the symbols that have open orders of ours; whether the venue shows none of it in time."""
    left: dict[str, Instrument] = {order.symbol: order.terms.instrument for order in entry.orders.open_orders()}
    try:
        async with asyncio.timeout(LIMIT_S):
            await asyncio.gather(*(queries.cancel_all(instrument) for instrument in left.values()))
            while left:
                for symbol, instrument in list(left.items()):
                    if not await queries.open_orders(instrument):
                        del left[symbol]
                await asyncio.sleep(LOOK_S if left else 0)
    except (TidingsError, TimeoutError) as error:
        cause = str(error) or f"not done within {LIMIT_S:g} s"
        log.error("orders may be open in %s, though all were to be cancelled: %s", ", ".join(left), cause)
        return False
    await _hear_the_ends(entry)
    return True


async def _hear_the_ends(entry: OrderEntry) -> None:
    """The stream tells a moment later than the list; an end that is not in the journal is asked after next time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(HEARD_S):
            while entry.orders.open_orders():
                await asyncio.sleep(LOOK_S / 10)
