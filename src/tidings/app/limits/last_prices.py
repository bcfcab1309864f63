"""The last price of every symbol, for the collar and the value of positions."""

from __future__ import annotations

import logging

from tidings.engine.risk import Risk
from tidings.errors import ConnectionLost, PeerError, VenueError
from tidings.model.enums import ProductLine
from tidings.venue.phemex.currencies import told_price_ticks
from tidings.venue.phemex.products import Products
from tidings.venue.phemex.queries import Queries

log = logging.getLogger("tidings")


async def learn_last_prices(queries: Queries, products: Products, risk: Risk) -> None:
    """Ask all lines. One whose prices are not to be had cannot be traded without its book."""
    for line in ProductLine:
        try:
            prices = await queries.last_prices(line)
        except (VenueError, PeerError, ConnectionLost) as error:
            log.warning("no last prices of %s: %s", line.name.lower(), error)
            continue
        for symbol, text in prices.items():
            instrument = products.find(symbol)
            if instrument is not None:
                risk.set_reference_price(instrument, told_price_ticks(instrument, text))
