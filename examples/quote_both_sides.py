"""The demo's strategy on one symbol for a few seconds, on a local exchange of its own. Needs no key.

The strategy itself is `tidings.cli.demo_quoter`: read it next. It quotes both sides through armed orders, follows the
market by amends, and cancels one side when the other fills.
"""

import sys

import uvloop

import tidings
from tidings.cli.demo_quoter import Quoter

SYMBOL = "BTCUSDT"
SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0


async def main() -> None:
    quoter = Quoter({SYMBOL: "0.002"})
    async with tidings.connect("local", on_stop="cancel") as phemex:
        await phemex.subscribe(SYMBOL)
        await phemex.run(quoter, seconds=SECONDS)
        print(", ".join(f"{count} {event}" for event, count in quoter.events[SYMBOL].items()))
        print(f"held: {phemex.position(SYMBOL).net_qty_lots} lots")
        for stage, marks in phemex.engine.stages.latency_us().items():
            print(f"{stage}: {marks['p50']:.0f} µs from the decision, median")


uvloop.run(main())
