"""The product catalogue of this session: from disk while it is young, else from the venue; read again on demand."""

from __future__ import annotations

import logging

from tidings.clock import Clock
from tidings.errors import PeerError
from tidings.model.instrument import Instrument
from tidings.venue.phemex.endpoints import LOCAL, Endpoints
from tidings.venue.phemex.product_cache import ProductCache
from tidings.venue.phemex.products import Products, parse_products
from tidings.venue.phemex.queries import Queries

log = logging.getLogger("tidings.catalogue")


class Catalogue:
    """`max_age_s`: a younger catalogue is taken from disk; 0: always asked for.

    A local exchange's is never kept: its port is another one tomorrow.
    """

    def __init__(
        self,
        queries: Queries,
        endpoints: Endpoints,
        clock: Clock,
        max_age_s: int,
        cache: ProductCache | None = None,
    ) -> None:
        self._queries, self._clock, self._max_age_s = queries, clock, max_age_s
        self._host = endpoints.rest.authority
        self.body = b""  # the answer in force, as it came
        self._cache = None if endpoints.environment == LOCAL else cache or ProductCache()

    async def read(self) -> Products:
        """The products, from disk if they are young enough. Raises ConnectionLost, PeerError, VenueError."""
        return self._from_disk() or await self.read_anew()

    async def read_anew(self) -> Products:
        """The products as the venue tells them now; also what is on disk from here on."""
        body = await self._queries.products()
        products = parse_products(body)
        self.body = body
        if self._cache is not None:
            self._cache.store(self._host, body, self._clock.read_wall_ns())
        return products

    def _from_disk(self) -> Products | None:
        cached = self._cache.load(self._host) if self._cache is not None and self._max_age_s else None
        if cached is None or cached.age_s(self._clock.read_wall_ns()) >= self._max_age_s:
            return None
        try:
            products = parse_products(cached.body)
        except PeerError as error:
            log.warning("the product catalogue on disk is not used: %s", error)
            return None
        self.body = cached.body
        log.info("product catalogue of %s ago, from disk", cached.age_text(self._clock.read_wall_ns()))
        return products


def carried_over(running: Products, told: Products) -> Products:
    """What a running session may trade after the catalogue was read again.

    Templates, limits and decoders are laid out on the instruments of the start, by their index, so only those go on,
    and only if their grid is what it was. What is new, changed or delisted is refused with the reason.
    """
    instruments, skipped = {}, dict(told.skipped)
    for symbol, found in told.instruments.items():
        known = running.find(symbol)
        if known is not None and _grid(known) == _grid(found) and known.status == found.status:
            instruments[symbol] = known
        elif not found.is_listed:
            skipped[symbol] = f"the venue says {found.status}"
        else:
            skipped[symbol] = "it is new or its grid has changed since this session began: connect again to trade it"
    return Products(instruments, skipped, told.md5_checksum, told.tick_symbols)


def _grid(instrument: Instrument) -> tuple[object, ...]:
    return tuple(getattr(instrument, name) for name in _GRID_FIELDS)


_GRID_FIELDS = (
    *("line", "base_currency", "quote_currency", "settle_currency", "price_scale", "tick_mantissa", "qty_scale"),
    *("lot_mantissa", "contract_mantissa", "contract_scale", "value_scale", "base_value_scale"),
)
