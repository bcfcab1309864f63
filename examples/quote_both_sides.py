"""The demo's strategy on a symbol or several, until it is told to stop. Needs no key:

    tidings run examples/quote_both_sides.py --env local --seconds 5

The strategy itself is `tidings.cli.demo_quoter`: read it next. It quotes both sides through armed orders, follows the
market by amends, and cancels one side when the other fills. `--symbols` chooses others of those named here.
"""

import sys

import tidings
from tidings.cli.demo_quoter import Quoter

SIZES = {"BTCUSDT": "0.002", "ETHUSDT": "0.05", "BTCUSD": "20", "sBTCUSDT": "0.001"}


class QuoteBothSides(Quoter):
    symbols = ("BTCUSDT",)

    def __init__(self) -> None:
        super().__init__({})

    def on_start(self, session: tidings.Phemex, now_ns: int) -> None:
        self.sizes = {symbol: SIZES[symbol] for symbol in self.symbols}
        super().on_start(session, now_ns)

    def on_stop(self, now_ns: int) -> None:
        super().on_stop(now_ns)
        for symbol, counted in self.events.items():
            print(symbol, ", ".join(f"{count} {event}" for event, count in counted.items()))


if __name__ == "__main__":  # run as a script it does the same, for some seconds
    from tidings.cli.main import main

    sys.exit(main(["run", __file__, "--seconds", sys.argv[1] if len(sys.argv) > 1 else "5"]))
