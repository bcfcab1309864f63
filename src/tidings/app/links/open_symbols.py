"""Where an account has open orders, asked of its streams: one snapshot per line holds them all.

The lists over REST are by symbol; for who does not know which symbols to ask, the streams do (phemex docs 2026, "aop").
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from tidings.app.links.account_watch import LOGIN_EXPIRY_S, NS_PER_S, SUBSCRIPTIONS
from tidings.app.links.feed import StreamFeed
from tidings.app.links.venue_access import VenueAccess
from tidings.app.links.venue_clock import VenueClock
from tidings.app.world import World
from tidings.model.enums import OrdStatus, ProductLine
from tidings.model.execution_report import ExecutionReport
from tidings.venue.phemex.account_stream import AccountEvents, AccountStream
from tidings.venue.phemex.products import Products
from tidings.venue.phemex.signing import Credentials
from tidings.venue.phemex.stream_session import StreamSession

_OPEN = (OrdStatus.PENDING_NEW, OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED, OrdStatus.UNTRIGGERED)
LOOK_S = 0.02


async def symbols_with_open_orders(
    access: VenueAccess, credentials: Credentials, products: Products, world: World, clock: VenueClock, limit_s: float
) -> tuple[set[str], set[ProductLine]]:
    """(symbols, lines whose snapshot did not come within `limit_s`). Raises ConnectionLost, AuthenticationError."""
    events = AccountEvents()

    def login(now_ns: int) -> list[object]:
        expiry_s = clock.wall_ns(now_ns) // NS_PER_S + LOGIN_EXPIRY_S
        return ["API", credentials.api_key, credentials.sign_login(expiry_s), expiry_s]

    feed = StreamFeed(
        "account",
        dialer=world.make_dialer(access.stream, world.clock, access.tls),
        url=access.stream_url,
        session=StreamSession(login=login, subscriptions=SUBSCRIPTIONS),
        decode=AccountStream(dict(products.instruments), events).feed_message,
        clock=world.clock,
        random_source=world.chance,
    )
    symbols: set[str] = set()
    missing = set(ProductLine)
    await feed.start(limit_s)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while missing:
                    for event in events.take():
                        if isinstance(event, ExecutionReport) and event.ord_status in _OPEN:
                            symbols.add(event.symbol)
                        elif isinstance(event, int):
                            missing.discard(ProductLine(event))
                    await asyncio.sleep(LOOK_S if missing else 0)
    finally:
        await feed.stop()
    return symbols, missing
