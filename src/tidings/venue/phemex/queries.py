"""The cold side over REST: what is asked now and then, and settings. Every answer is opened, checked and made exact.

Paths and parameters: phemex docs 2026, "Contract REST API", "Hedged contract REST API", "Spot REST API". A query
never enters the order lanes: it travels on a connection of its own and is counted in its own rate group.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import UUID

from tidings.errors import PeerError, TidingsError, UsageError, VenueError
from tidings.model.enums import PosSide, ProductLine
from tidings.model.instrument import Instrument
from tidings.model.words import pos_side_of
from tidings.venue.phemex.order_fields import POS_SIDES
from tidings.venue.phemex.order_rows import cl_ord_id_of
from tidings.venue.phemex.replies import open_envelope

# (method, path, query, body, signed, what) → (status, body): counts, encodes, signs, sends, waits.
Ask = Callable[[str, str, str, bytes, bool], Awaitable[tuple[int, bytes]]]

DIGITS_MAX = 40  # either side of the point of a number in a query
PAGE_ROWS = 200  # the most of any list (phemex docs 2026, "limit")
CODE_NOTHING_FOUND = 10002  # an empty open-order list is answered with "order not found" (captured live)

_LINE_PATHS = {
    ProductLine.INVERSE: "/orders",
    ProductLine.LINEAR: "/g-orders",
    ProductLine.SPOT: "/spot/orders",
}

# The 24-hour tickers of all symbols, and the keys the last price may have in each (phemex docs 2026, "Query 24 hours
# ticker": of COIN-M the sample says `close` where the table and captures say `lastEp`).
_TICKERS = {
    ProductLine.INVERSE: ("/md/v1/ticker/24hr/all", ("lastEp", "close")),
    ProductLine.LINEAR: ("/md/v3/ticker/24hr/all", ("lastRp",)),
    ProductLine.SPOT: ("/md/spot/ticker/24hr/all", ("lastEp",)),
}

_BY_ID_PATHS = {
    ProductLine.INVERSE: "/exchange/order",
    ProductLine.LINEAR: "/api-data/g-futures/orders/by-order-id",
    ProductLine.SPOT: "/api-data/spots/orders/by-order-id",
}

_CLOSED_PATHS = {
    ProductLine.INVERSE: "/exchange/order/list",
    ProductLine.LINEAR: "/api-data/g-futures/orders",
    ProductLine.SPOT: "/api-data/spots/orders",
}


class Queries:
    """`ask` does the I/O; everything here is what to ask and what the answer means."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def request(self, method: str, path: str, query: str = "", body: bytes = b"", *, signed: bool = True) -> Any:
        """Any endpoint: the opened `data` or `result`.

        Raises VenueError, AuthenticationError, RateLimited, PeerError, ConnectionLost.
        """
        status, answer = await self._ask(method, path, query, body, signed)
        return open_envelope(status, answer, f"{method} {path}")

    # ---- Public --------------------------------------------------------------------------------------------------

    async def server_time_ms(self) -> int:
        data = await self.request("GET", "/public/time", signed=False)
        with shape_of("GET /public/time"):
            return int(data["serverTime"])

    async def products(self) -> bytes:
        """The product catalogue as the venue sends it."""
        status, body = await self._ask("GET", "/public/products", "", b"", False)
        open_envelope(status, body, "GET /public/products")
        return body

    async def last_prices(self, line: ProductLine) -> dict[str, str]:
        """Last price of every symbol of a line, as the venue writes it: scaled integers on COIN-M and spot, decimals
        on USD-M.
        """
        path, keys = _TICKERS[line]
        rows = await self.request("GET", path, signed=False)
        with shape_of(f"GET {path}"):
            return {row["symbol"]: str(row[key]) for row in rows for key in keys if row.get(key)}

    # ---- Account -------------------------------------------------------------------------------------------------

    async def account_positions(self, line: ProductLine, currency: str) -> dict[str, Any]:
        """Account and positions of one settle currency: {"account": …, "positions": […]}."""
        prefix = "/accounts" if line == ProductLine.INVERSE else "/g-accounts"
        path = f"{prefix}/accountPositions"
        data: dict[str, Any] = await self.request("GET", path, f"currency={currency}")
        if not isinstance(data, dict):
            raise PeerError(f"GET {path}: the reply holds no account")
        return data

    async def hedged_symbols(self, line: ProductLine, currency: str) -> dict[str, bool]:
        """Symbol → whether its positions are hedged (two sides) instead of one-way."""
        data = await self.account_positions(line, currency)
        with shape_of("accountPositions"):
            return {row["symbol"]: row.get("posMode") == "Hedged" for row in data.get("positions") or ()}

    async def wallets(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await self.request("GET", "/spot/wallets")
        return rows

    async def open_orders(self, instrument: Instrument) -> list[dict[str, Any]]:
        """The venue's open orders of one symbol, conditional ones included; its own field names."""
        return (await self.open_order_page(instrument))[0]

    async def open_order_page(self, instrument: Instrument) -> tuple[list[dict[str, Any]], bool]:
        """`open_orders`, and whether that is all of them: USD-M may tell of a next page, in words not documented."""
        return await self.open_page_in(ProductLine(instrument.line), instrument.symbol)

    async def open_page_in(self, line: ProductLine, symbol: str) -> tuple[list[dict[str, Any]], bool]:
        """As `open_order_page`, for who has no catalogue."""
        path = "/spot/orders" if line == ProductLine.SPOT else f"{_LINE_PATHS[line]}/activeList"
        try:
            data = await self.request("GET", path, f"symbol={symbol}")
        except VenueError as error:
            if is_nothing_found(error):
                return [], True
            raise
        return rows_of(data, path), not (isinstance(data, dict) and data.get("nextPageArg"))

    async def order_by_id(self, instrument: Instrument, cl_ord_id: str) -> dict[str, Any] | None:
        """What the database of all orders shows of one, by our id; None when it does not know it. It lags."""
        path = _BY_ID_PATHS[ProductLine(instrument.line)]
        try:
            data = await self.request("GET", path, f"symbol={instrument.symbol}&clOrdID={cl_ord_id}")
        except VenueError as error:
            if is_nothing_found(error):
                return None
            raise
        found = rows_of(data, path)
        # Spot rows leave the ClOrdID out (phemex docs 2026, "Query orders by order ids"); only one was asked for.
        row = next((row for row in found if cl_ord_id_of(row) in (cl_ord_id, "")), None)
        if found and row is None:
            raise PeerError(f"GET {path}: asked for {cl_ord_id}, answered about {cl_ord_id_of(found[0])!r}")
        return row

    async def closed_order_page(self, instrument: Instrument, start_ms: int, page: int) -> list[dict[str, Any]]:
        """Done orders of one symbol since `start_ms` (Unix time), newest first, `PAGE_ROWS` to a page. It lags."""
        path = _CLOSED_PATHS[ProductLine(instrument.line)]
        query = f"symbol={instrument.symbol}&start={start_ms}&offset={page * PAGE_ROWS}&limit={PAGE_ROWS}"
        try:
            return rows_of(await self.request("GET", path, query), path)
        except VenueError as error:
            if is_nothing_found(error):
                return []
            raise

    async def find_order(self, instrument: Instrument, cl_ord_id: str) -> dict[str, Any] | None:
        """What the venue shows of an order, by our id: its row, or None when neither list knows it.

        Two places are asked, for each lags in its own way: the open orders, and the database of all orders.
        """
        for row in await self.open_orders(instrument):
            if cl_ord_id_of(row) == cl_ord_id:
                return row
        return await self.order_by_id(instrument, cl_ord_id)

    async def cancel(self, instrument: Instrument, order_id: str, *, is_hedged: bool = False) -> None:
        """Cancel one order, also one that is not of this session: by the venue's id (a UUID) or by ClOrdID."""
        if not order_id:
            raise UsageError("which order? Give the venue's id (a UUID) or a ClOrdID")
        line = ProductLine(instrument.line)
        path = _LINE_PATHS[line] if line == ProductLine.SPOT else f"{_LINE_PATHS[line]}/cancel"
        key = "orderID" if _is_uuid(order_id) else "clOrdID"
        query = f"{key}={quote(order_id, safe='')}&symbol={instrument.symbol}"  # it may be any program's
        if line != ProductLine.LINEAR:
            await self.request("DELETE", path, query)
        elif not is_hedged:
            await self.request("DELETE", path, f"{query}&posSide=Merged")
        else:
            try:  # the venue's order rows do not tell which side an order works on
                await self.request("DELETE", path, f"{query}&posSide=Long")
            except VenueError:
                await self.request("DELETE", path, f"{query}&posSide=Short")

    async def cancel_all(self, instrument: Instrument) -> None:
        """Both halves: working orders, then those waiting for a trigger. One call alone leaves the other half open."""
        problem: TidingsError | None = None
        for untriggered in (False, True):
            try:
                await self.cancel_half(ProductLine(instrument.line), instrument.symbol, untriggered=untriggered)
            except TidingsError as error:  # the other half is asked for whatever became of this one
                problem = problem or error
        if problem is not None:
            raise problem

    async def cancel_half(self, line: ProductLine, symbol: str, *, untriggered: bool) -> None:
        """One of the two: the working orders, or those waiting for a trigger."""
        half = "true" if untriggered else "false"
        await self.request("DELETE", f"{_LINE_PATHS[line]}/all", f"symbol={symbol}&untriggered={half}")

    # ---- Settings ------------------------------------------------------------------------------------------------

    async def set_leverage(
        self,
        instrument: Instrument,
        leverage: str | int | Decimal,
        short_leverage: str | int | Decimal | None,
        *,
        is_hedged: bool,
    ) -> None:
        """The sign is the margin mode: 0 or negative cross, positive isolated (phemex docs 2026, "Set leverage")."""
        value = _plain(leverage, "leverage")
        if instrument.line == ProductLine.SPOT:
            raise UsageError(f"{instrument.symbol}: spot has no leverage")
        if short_leverage is not None and not is_hedged:
            raise UsageError(f"{instrument.symbol} is in one-way position mode: it takes one leverage")
        if instrument.line == ProductLine.INVERSE:
            await self.request("PUT", "/positions/leverage", f"symbol={instrument.symbol}&leverage={value}")
        elif is_hedged:
            short = _plain(short_leverage if short_leverage is not None else leverage, "short_leverage")
            query = f"symbol={instrument.symbol}&longLeverageRr={value}&shortLeverageRr={short}"
            await self.request("PUT", "/g-positions/leverage", query)
        else:
            await self.request("PUT", "/g-positions/leverage", f"symbol={instrument.symbol}&leverageRr={value}")

    async def set_position_mode(self, instrument: Instrument, mode: str) -> None:
        if mode not in ("OneWay", "Hedged"):
            raise UsageError(f'position mode: expected "OneWay" or "Hedged": was {mode!r}')
        if instrument.line != ProductLine.LINEAR:
            raise UsageError(f"{instrument.symbol}: only USD-M contracts have a position mode")
        await self.request(
            "PUT", "/g-positions/switch-pos-mode-sync", f"symbol={instrument.symbol}&targetPosMode={mode}"
        )

    async def assign_margin(
        self,
        instrument: Instrument,
        amount: str | int | Decimal,
        pos_side: str | PosSide | None,
        *,
        is_hedged: bool,
    ) -> None:
        """Set the balance assigned to an isolated position. Amount in the settle currency, exact."""
        value = _plain(amount, "amount")
        if instrument.line == ProductLine.SPOT:
            raise UsageError(f"{instrument.symbol}: spot has no positions")
        wanted = PosSide.MERGED if pos_side is None else pos_side_of(pos_side)
        if is_hedged == (wanted == PosSide.MERGED):
            mode, fits = ("hedged", "LONG or SHORT") if is_hedged else ("one-way", "left out")
            raise UsageError(f"{instrument.symbol} is in {mode} position mode: pos_side must be {fits}")
        if instrument.line == ProductLine.LINEAR:
            query = f"symbol={instrument.symbol}&posSide={POS_SIDES[wanted]}&posBalanceRv={value}"
            await self.request("POST", "/g-positions/assign", query)
            return
        scaled = Decimal(value).scaleb(instrument.value_scale)
        if scaled != scaled.to_integral_value():
            raise UsageError(f"{instrument.symbol}: margin has at most {instrument.value_scale} decimals: was {value}")
        await self.request("POST", "/positions/assign", f"symbol={instrument.symbol}&posBalanceEv={int(scaled)}")


def is_nothing_found(error: VenueError) -> bool:
    """Whether a refusal says that there is no such order; the same number comes with other words for other things."""
    return error.code == CODE_NOTHING_FOUND and error.name == "OM_ORDER_NOT_FOUND" and error.http_status == 200


def rows_of(data: Any, path: str) -> list[dict[str, Any]]:
    """The orders in a query's answer: an array, or one under `rows`. Another shape, null too, is no answer."""
    rows = data.get("rows") if isinstance(data, dict) else data
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise PeerError(f"GET {path}: the reply holds no list of orders")
    return rows


@contextmanager
def shape_of(what: str) -> Iterator[None]:
    """What a reply is read by: anything it lacks becomes a PeerError that names the request."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise PeerError(f"{what}: the reply has another shape than documented: {error!r}") from error


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _plain(value: str | int | Decimal, name: str) -> str:
    """A decimal as plain text for a query. Raises UsageError for floats and what is no number."""
    if isinstance(value, bool | float):
        raise UsageError(f"{name}: use str, int or Decimal, not {type(value).__name__}: was {value!r}")
    try:
        number = Decimal(value)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise UsageError(f"{name}: expected a decimal number: was {value!r}") from error
    if not number.is_finite():
        raise UsageError(f"{name}: must be finite: was {value!r}")
    if number.adjusted() > DIGITS_MAX or int(number.as_tuple().exponent) < -DIGITS_MAX:  # written out it may have 10^18
        raise UsageError(f"{name}: more than {DIGITS_MAX} digits before or behind the point: was {value!r}")
    return format(number, "f")
