"""An engine to be killed: `python -m benchmarks.watched_engine READY_FILE [SETTINGS as JSON]`.

It opens a session with a watchdog, and does what it is told on standard input, one word a line, answering each with one
line of JSON: `open N` (orders in N symbols of all three lines, a working and an untriggered one in each), `order`
(one more), `churn` (orders and cancels without end, answered at once), `ballast N` (use so many MB), `state`, `rearm`,
`leave`.
"""

import asyncio
import json
import sys
from decimal import Decimal
from typing import Any

import tidings
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument

# Of the local exchange, and the worth of one order in the quote currency or in contracts.
SYMBOLS = (
    *("BTCUSDT", "BTCUSD", "sBTCUSDT", "ETHUSDT", "cETHUSD", "sETHUSDT", "SOLUSDT", "sLTCUSDT", "XRPUSDT", "sXRPUSDT"),
)
WORTH = Decimal(100)
CONTRACTS = 10
LOW, HIGH = Decimal("0.9"), Decimal("1.1")
CHURN_S = 0.002


class Trader:
    """Places what it is told to, around the last prices."""

    def __init__(self, phemex: tidings.Phemex) -> None:
        self.phemex = phemex
        self.prices: dict[str, Decimal] = {}
        self.churning: asyncio.Task[None] | None = None
        self.ballast: list[bytearray] = []

    async def learn_prices(self) -> None:
        for line in ProductLine:
            for symbol, text in (await self.phemex.engine.queries.last_prices(line)).items():
                instrument = self.phemex.engine.products.find(symbol)
                if instrument is not None:
                    scale = 0 if line == ProductLine.LINEAR else instrument.price_scale
                    self.prices[symbol] = Decimal(text).scaleb(-scale)

    def price(self, instrument: Instrument, factor: Decimal) -> Decimal:
        tick = instrument.tick_size
        return self.prices[instrument.symbol] * factor // tick * tick

    def qty(self, instrument: Instrument) -> Decimal:
        if instrument.line == ProductLine.INVERSE:
            return Decimal(CONTRACTS)
        lot = instrument.lot_size
        return (WORTH / self.prices[instrument.symbol] // lot + 1) * lot

    async def open(self, count: int) -> None:
        """A working bid and an untriggered one in each symbol, all accepted."""
        tickets = []
        for symbol in SYMBOLS[:count]:
            instrument = self.phemex.instrument(symbol)
            qty, low, high = self.qty(instrument), self.price(instrument, LOW), self.price(instrument, HIGH)
            tickets.append(self.phemex.limit(symbol, "buy", qty=qty, price=low))
            tickets.append(self.phemex.conditional(symbol, "buy", kind="stop", qty=qty, stop_px=high, price=high))
            await asyncio.gather(*(ticket.accepted() for ticket in tickets[-2:]))
        while any(not ticket.order.streamed_ns for ticket in tickets):
            await asyncio.sleep(0.005)

    async def churn(self) -> None:
        """Be in the middle of something at any moment."""
        armed = [self.phemex.arm(symbol, "buy") for symbol in SYMBOLS]
        while True:
            for symbol, quote in zip(SYMBOLS, armed, strict=True):
                instrument = self.phemex.instrument(symbol)
                low, qty = self.price(instrument, LOW), self.qty(instrument)
                handle = quote.fire(*self.phemex.on_grid(instrument, low, qty))
                await asyncio.sleep(CHURN_S)
                if handle > 0:
                    self.phemex.cancel(handle)


async def answer(trader: Trader, word: str, argument: str) -> Any:
    """Do one thing; what it came to."""
    phemex = trader.phemex
    if word == "open":
        await trader.open(int(argument))
    elif word == "order":
        low = trader.price(phemex.instrument("BTCUSDT"), LOW)
        await phemex.limit("BTCUSDT", "buy", qty="0.01", price=low).accepted()
    elif word == "churn":
        trader.churning = asyncio.create_task(trader.churn())
    elif word == "ballast":
        for _ in range(int(argument)):  # a little at a time: the heart must go on beating
            trader.ballast.append(bytearray(b"x") * (1 << 20))
            await asyncio.sleep(0)
    elif word == "rearm":
        phemex.rearm()
    return {"open": len(phemex.open_orders()), "reason": phemex.state.reason}


async def main(ready_file: str, settings: dict[str, Any]) -> None:
    async with tidings.connect("local", exchange=ready_file, **settings) as phemex:
        trader = Trader(phemex)
        await trader.learn_prices()
        loop = asyncio.get_running_loop()
        print(json.dumps({"ready": True, "reason": phemex.state.reason}), flush=True)
        while (line := await loop.run_in_executor(None, sys.stdin.readline)) and (words := line.split())[0] != "leave":
            try:
                told = await answer(trader, words[0], words[-1])
            except tidings.TidingsError as error:
                told = {"error": str(error)}
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}))
