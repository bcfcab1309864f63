"""A strategy on the hot path: keep one post-only bid at the best bid, for a few seconds. Needs no key.

Everything happens in callbacks, called inline by the engine, in integers: prices in ticks, quantities in lots. `arm`
lays out and hashes all that is constant about the order; `fire` writes price, quantity, client id and expiry, finishes
the signature, and returns when the kernel has the bytes. A request that is refused here is a negative return value.
"""

import sys

import uvloop

import tidings
from tidings.market.book import Book
from tidings.model.execution_report import ExecutionReport
from tidings.model.order import Order

SYMBOL = "BTCUSDT"
SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
MOVE_INTERVAL_NS = 500_000_000  # two requests a second stay far below the venue's 500 a minute


class FollowBestBid(tidings.Strategy):
    def on_start(self, session: tidings.Phemex, now_ns: int) -> None:
        self.phemex = session
        self.bid = session.arm(SYMBOL, "buy", post_only=True)
        self.qty_lots = session.on_grid(session.instrument(SYMBOL), None, "0.002")[1]
        self.handle = self.next_move_ns = 0

    def on_book(self, book: Book, now_ns: int) -> None:
        if now_ns < self.next_move_ns or not book.is_two_sided:
            return
        self.next_move_ns = now_ns + MOVE_INTERVAL_NS
        order = self.phemex.order(self.handle)
        if order is None or order.is_done:
            self.handle = max(0, self.bid.fire(book.best_bid_ticks, self.qty_lots))
        elif order.price_ticks != book.best_bid_ticks:
            self.phemex.amend(self.handle, price_ticks=book.best_bid_ticks)

    def on_ack(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        print(f"{order.cl_ord_id} acknowledged {(now_ns - order.decided_ns) / 1000:.0f} µs after the decision")

    def on_fill(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        print(f"{order.cl_ord_id} filled {report.last_qty_lots} lots at {report.last_px_ticks} ticks")

    def on_unknown(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        print(f"{order.cl_ord_id} may be live, a report will tell: {report.text}")


async def main() -> None:
    strategy = FollowBestBid()
    async with tidings.connect("local", on_stop="cancel") as phemex:
        await phemex.subscribe(SYMBOL)
        await phemex.run(strategy, seconds=SECONDS)


uvloop.run(main())
