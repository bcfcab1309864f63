"""Memory of the local exchange over millions of orders: `python -m benchmarks.exchange_churn --orders N`.

The core alone, in this process and on virtual time: four users create, cancel and fill in two contracts and a spot
pair, each keeping a constant number of orders live, with the background flow on and every update turned into the
message its stream would carry. Resident memory is told as it goes; the last line is JSON, and the exit code is 0 only
if memory was flat: over the second half it grew by no more than `FLAT_BYTES`.
"""

import argparse
import json
import resource
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from tidings.exchange.catalogue import Line
from tidings.exchange.messages import contract_json, linear_json, spot_json
from tidings.exchange.orders.order_requests import CancelOrder, NewOrder
from tidings.exchange.reports import AccountUpdate
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig

START_NS = 1_760_000_000_000_000_000
STEP_NS = 200_000  # 5,000 orders a second
LIVE_ORDERS = 50  # of each user in each symbol
FILL_EVERY = 3  # so that histories of executions are full after 360,000 orders
SAMPLES = 40
FLAT_BYTES = 32 * 1024 * 1024
# Prices far from the market on either side, through the market on either side, and a quantity.
TERMS = {
    "BTCUSD": (550_000_000, 660_000_000, 600_000_000, 620_000_000, 10),
    "BTCUSDT": (55_000 * 10**9, 66_000 * 10**9, 60_000 * 10**9, 62_000 * 10**9, 10_000),
    "sBTCUSDT": (5_500_000_000_000, 6_500_000_000_000, 6_000_000_000_000, 6_200_000_000_000, 100_000),
}


def resident_bytes() -> int:
    """What of this process is in memory now."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:  # not Linux: the most there ever was
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize()


class Churn:
    """The users and what they have open."""

    def __init__(self, seed: int) -> None:
        self.now_ns = START_NS
        self.venue = Venue(VenueConfig(seed=seed), START_NS)
        self.live: dict[tuple[int, str], deque[str]] = {
            (user_id, symbol): deque() for user_id in self.venue.user_ids for symbol in TERMS
        }
        self.orders = self.refused = self.messages = 0
        self.stream_bytes = 0

    def steps(self) -> Iterator[None]:
        """One order of one user in one symbol after another, for ever."""
        while True:
            for user_id, symbol in self.live:
                self.order(user_id, symbol, self.orders // len(self.live))
                self.publish()
                yield

    def order(self, user_id: int, symbol: str, number: int) -> None:
        low, high, bid_through, offer_through, qty = TERMS[symbol]
        is_buy, fills = bool(number // FILL_EVERY % 2), number % FILL_EVERY == 0
        price = (offer_through if is_buy else bid_through) if fills else (low if is_buy else high)
        request = NewOrder(
            symbol=symbol, side="Buy" if is_buy else "Sell", cl_ord_id=f"{user_id}-{self.orders}", price=price, qty=qty,
            time_in_force="ImmediateOrCancel" if fills else "GoodTillCancel",
        )  # fmt: skip
        self.orders += 1
        reply = self.venue.create(user_id, request, self.now_ns)
        if reply.code or reply.order is None:
            self.refused += 1
            return
        live = self.live[user_id, symbol]
        if not fills:
            live.append(reply.order.order_id)
        if len(live) > LIVE_ORDERS:
            self.venue.cancel(user_id, CancelOrder(symbol=symbol, order_id=live.popleft()), self.now_ns)

    def publish(self) -> None:
        self.now_ns += STEP_NS
        for update in self.venue.advance(self.now_ns):
            self.messages += 1
            self.stream_bytes += len(message(update))


def message(update: AccountUpdate) -> str:
    if update.line is Line.SPOT:
        return spot_json.stream_message(update)
    module = linear_json if update.line is Line.USD_M else contract_json
    return module.stream_message(update, update.user_id * 10_000)


def run(orders: int, seed: int) -> dict[str, object]:
    """Memory as it went, and what was done."""
    churn = Churn(seed)
    steps = churn.steps()
    samples: list[tuple[int, int]] = []
    begin_s = time.monotonic()
    for number in range(SAMPLES):
        while churn.orders < orders * (number + 1) // SAMPLES:
            next(steps)
        samples.append((churn.orders, resident_bytes()))
        per_s = churn.orders / (time.monotonic() - begin_s)
        sys.stderr.write(f"{churn.orders:>12,} orders  {samples[-1][1] / 2**20:8.1f} MiB  {per_s:,.0f} a second\n")
    middle, end = samples[SAMPLES // 2 - 1][1], samples[-1][1]
    return {
        "orders": churn.orders, "refused": churn.refused, "trades": churn.venue.state.counters.trades,
        "stream_messages": churn.messages, "stream_bytes": churn.stream_bytes,
        "live_orders": sum(map(len, churn.live.values())), "remembered_orders": len(churn.venue.state.store),
        "middle_bytes": middle, "end_bytes": end, "grown_bytes": end - middle, "is_flat": end - middle <= FLAT_BYTES,
        "seconds": round(time.monotonic() - begin_s, 1),
    }  # fmt: skip


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exchange_churn", description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    result = run(options.orders, options.seed)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["is_flat"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
