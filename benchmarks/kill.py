"""The kill switch: from the trip until the last cancel-all is in the kernel; ten symbols on three lines have orders."""

import asyncio
import os
from collections.abc import Iterator
from decimal import Decimal
from tempfile import TemporaryDirectory

import tidings
from benchmarks.report import Row, Skipped, Table, Target
from tidings.errors import TidingsError
from tidings.model.enums import ProductLine

TITLE = "kill switch"
BYTES, WORST = "trip → all cancels in the kernel", "the same, p99"
SYMBOLS = {ProductLine.LINEAR: 6, ProductLine.INVERSE: 2, ProductLine.SPOT: 2}
LIMIT_NS = 10_000_000


async def trips(count: int) -> list[float]:
    """Nanoseconds of each trip; every one is awaited until the exchange has shown that nothing is open."""
    samples_ns = []
    options = ("--no-flow", "--no-rate-limits", "--matching-delay-ms", "0")
    async with tidings.connect("local", exchange_options=options, rate_limits=False) as phemex:
        instruments = [
            instrument
            for line, most in SYMBOLS.items()
            for instrument in [item for item in phemex.engine.products if item.line == line and item.is_listed][:most]
        ]
        for number in range(count):
            await asyncio.gather(*(place(phemex, instrument, number) for instrument in instruments))
            task = phemex.kill("a measurement")
            samples_ns.append(phemex.engine.kill.report.sent_ms * 1e6)
            report = await task
            assert report.is_verified and len(report.symbols) >= len(instruments), report
            assert report.sent_count == 2 + 2 * (SYMBOLS[ProductLine.INVERSE] + SYMBOLS[ProductLine.SPOT])
            phemex.rearm("the next one")
    return samples_ns


async def place(phemex: tidings.Phemex, instrument, number: int) -> None:
    """A resting bid a fifth below the last price, worth some 50."""
    ticks = phemex.engine.risk.reference_price(instrument) * 4 // 5 - number % 7
    notional = max(Decimal("0.0001"), instrument.notional(ticks, 1))
    qty = max(1, int(50 / notional)) * instrument.lot_size
    await phemex.limit(instrument.symbol, "buy", qty=qty, price=ticks * instrument.tick_size).accepted()


def run(quick: bool) -> Iterator[Table | Skipped]:
    kept = os.environ.get("XDG_STATE_HOME")
    with TemporaryDirectory() as directory:
        os.environ["XDG_STATE_HOME"] = directory  # a latch of a measurement must not meet anybody's engine
        try:
            samples_ns = asyncio.run(trips(3 if quick else 200))
        except (TidingsError, OSError) as error:
            yield Skipped(TITLE, str(error))
            return
        finally:
            if kept is None:
                del os.environ["XDG_STATE_HOME"]
            else:
                os.environ["XDG_STATE_HOME"] = kept
    row = Row.of(BYTES, samples_ns)
    note = f"{len(samples_ns)} trips, each verified by the exchange's lists"
    yield Table(TITLE, note, BYTES, [row, Row.of(WORST, [row.at(0.99)])], [Target(WORST, limit_ns=LIMIT_NS)])
