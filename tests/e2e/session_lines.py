"""The three product lines as the session tests trade them: one symbol each, with prices around where it starts."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest

import tidings
from tidings.session.order_ticket import OrderTicket

SETTLE_S = 30.0  # a machine that stands still for seconds; alone a report is there in a few milliseconds
# Of a session that shall not take an answer for lost because the machine was busy.
PATIENT = {"deadline_s": SETTLE_S, "request_timeout_s": SETTLE_S, "connect_timeout_s": SETTLE_S}


@dataclass(frozen=True)
class Line:
    """`price` is where the market starts; a bid at `low` rests, an offer at `high` too."""

    symbol: str
    qty: str
    price: str
    tick: str

    @property
    def low(self) -> str:
        return self.at("0.9")

    @property
    def high(self) -> str:
        return self.at("1.1")

    def at(self, factor: str, ticks: int = 0) -> str:
        """The starting price times `factor`, on the grid, and some ticks more."""
        tick = Decimal(self.tick)
        return str(Decimal(self.price) * Decimal(factor) // tick * tick + ticks * tick)


COIN_M = Line("BTCUSD", "10", "61000", "0.1")
USD_M = Line("BTCUSDT", "0.01", "61000", "0.1")
SPOT = Line("sBTCUSDT", "0.001", "61000", "0.01")
LINES = [pytest.param(line, id=name) for name, line in (("COIN-M", COIN_M), ("USD-M", USD_M), ("spot", SPOT))]
every_line = pytest.mark.parametrize("line", LINES)
contract_line = pytest.mark.parametrize("line", LINES[:2])


async def until(is_so: Callable[[], object], what: str = "it") -> None:
    """Wait for what the streams will tell."""
    deadline_s = asyncio.get_running_loop().time() + SETTLE_S
    while not is_so():
        assert asyncio.get_running_loop().time() < deadline_s, f"{what} did not happen in time"
        await asyncio.sleep(0.005)


def let_deadline_pass(phemex: tidings.Phemex) -> None:
    """All that is in flight is overdue, at once: no test waits for that, and none is in a hurry because of it."""
    engine = phemex.engine
    engine.lanes.pool.check_deadlines(engine.clock.read_now_ns() + engine.settings.deadline_ns)


async def until_ready(phemex: tidings.Phemex, symbol: str) -> None:
    """Wait until new orders may go: an engine that stood still for two seconds compares with the venue first."""
    await until(lambda: not phemex.state.reason_for(symbol), "readiness")


async def trade_back(phemex: tidings.Phemex, counterparty: tidings.Phemex) -> None:
    """Close what the two hold against each other, at the starting price: last price and positions are as before."""
    for session in (phemex, counterparty):
        for symbol in {order.symbol for order in session.open_orders()}:
            await session.cancel_all(symbol)
        await until(lambda: not session.open_orders(), "cancel-all")  # noqa: B023
    for line in (COIN_M, USD_M, SPOT):
        if not any(order.symbol == line.symbol and order.trade_count for order in phemex.entry.orders.orders()):
            continue
        net_lots = phemex.engine.positions.of(line.symbol).net_qty_lots
        seller, buyer = (phemex, counterparty) if net_lots > 0 else (counterparty, phemex)
        lots = abs(net_lots) if line is not SPOT and net_lots else 1000
        instrument = buyer.instrument(line.symbol)
        price_ticks, _ = buyer.on_grid(instrument, line.price, None)
        await until_ready(buyer, line.symbol)
        bid = buyer.arm(line.symbol, "buy").fire(price_ticks, lots)
        await until(lambda: buyer.order(bid).is_acked, "the ack")  # noqa: B023
        await until_ready(seller, line.symbol)
        await seller.market(line.symbol, "sell", qty=lots * instrument.lot_size).done()
        await until(lambda: buyer.order(bid).is_done, "the fill")  # noqa: B023


async def placed(phemex: tidings.Phemex, line: Line, side: str = "buy", **changes: object) -> OrderTicket:
    """A resting limit order, acknowledged."""
    words = {"qty": line.qty, "price": line.low if side == "buy" else line.high, **changes}
    return await phemex.limit(line.symbol, side, **words).accepted()  # type: ignore[arg-type]
