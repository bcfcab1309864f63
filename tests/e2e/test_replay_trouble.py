"""Runs in which much goes wrong are told again exactly: denials, unknown orders, lost answers, a strategy's errors."""

import asyncio
import random

import pytest
from exchange_process import launch
from fault_examples import FaultAdmin
from told_strategy import ToldListener

import tidings
from tidings.errors import PeerError
from tidings.session.replay import replay

SYMBOLS = ("BTCUSDT", "BTCUSD", "sBTCUSDT")
QTY = {"BTCUSDT": "0.01", "BTCUSD": "20", "sBTCUSDT": "0.001"}
ORDERS_MAX = 60
ACTS = ("fire", "fire", "cross", "amend", "cancel", "many", "batch", "ticket", "huge", "stop")


class Restless(ToldListener):
    """Does something by chance in its callbacks: a function of its seed and of what it is told."""

    def __init__(self, seed, name=""):
        super().__init__()
        self.name, self.chance, self.results, self.handles = name, random.Random(seed), [], []

    def on_start(self, session, now_ns):
        super().on_start(session, now_ns)
        self.session = session
        self.armed = [session.arm(symbol, side) for symbol in SYMBOLS for side in ("buy", "sell")]
        self.lots = {symbol: session.on_grid(session.instrument(symbol), None, QTY[symbol])[1] for symbol in SYMBOLS}

    def on_book(self, book, now_ns):
        super().on_book(book, now_ns)
        if book.is_two_sided and self.chance.random() < 0.5:
            self.act(book)

    def on_timer(self, now_ns):
        super().on_timer(now_ns)
        if self.chance.random() < 0.1:
            raise RuntimeError("a strategy's bug")

    def on_fill(self, order, report, now_ns):
        super().on_fill(order, report, now_ns)
        self.results.append(("position", self.session.position(order.symbol).net_qty_lots))

    def act(self, book):
        what = self.chance.choice(ACTS)
        self.results.append((what, getattr(self, what)(book)))

    def fire(self, book, ticks_away=400):
        if len(self.handles) >= ORDERS_MAX:
            return None
        armed = self.chance.choice([one for one in self.armed if one.terms.instrument is book.instrument])
        is_buy = armed.terms.side == tidings.Side.BUY
        ticks = book.best_bid_ticks - ticks_away if is_buy else book.best_offer_ticks + ticks_away
        handle = armed.fire(ticks + self.chance.randrange(50), self.lots[book.symbol])
        self.handles += [handle] if handle > 0 else []
        return handle

    def cross(self, book):
        return self.fire(book, ticks_away=-400)

    def picked(self):
        return self.chance.choice(self.handles) if self.handles else 0

    def amend(self, book):
        order = self.session.order(self.picked())
        return None if order is None else self.session.amend(order.handle, price_ticks=order.price_ticks - 7)

    def cancel(self, book):
        return self.session.cancel(self.picked())

    def many(self, book):
        return self.session.cancel_many([self.picked() for _ in range(3)])

    def batch(self, book):
        with self.session.batch():
            return [self.fire(book) for _ in range(2)]

    def huge(self, book):
        return self.armed[0].fire(book.best_bid_ticks, 10_000_000)

    def ticket(self, book):
        try:
            qty, price = self.chance.choice([("0.01", "50000.0"), ("0.01", "1"), ("5000", "50000")])
            return self.session.limit("BTCUSDT", "buy", qty=qty, price=price, take_profit="90000").handle
        except tidings.TidingsError as error:
            return type(error).__name__

    def stop(self, book):
        try:
            px = self.chance.choice(["40000", "59000"])
            return self.session.conditional("BTCUSDT", "sell", kind="stop", qty="0.01", stop_px=px).handle
        except tidings.TidingsError as error:
            return type(error).__name__


FAULTS = [
    ("drop", {"request": "create", "then": "close", "skip": 4, "count": 1}),
    ("drop", {"request": "create", "processed": False, "skip": 9, "count": 1}),
    ("fail", {"request": "create", "skip": 6, "count": 2}),
    ("cut-response", {"request": "create", "skip": 14, "count": 1}),
    ("rate-limit", {"request": "order", "skip": 20, "count": 1, "retry_after": "1"}),
    ("delay", {"request": "create", "skip": 18, "count": 2, "delay_ms": 700}),
    ("duplicate-message", {"count": 5}),
    ("reorder-messages", {"nth": 5}),
]


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    exchange = launch(tmp_path_factory.mktemp("troubled"), "--seed", "8", "--no-rate-limits")
    yield exchange
    exchange.stop()


async def recorded(exchange, directory, account, *runs, seconds=6.0):
    options = {"exchange": str(exchange.ready_file), "record": str(directory), "account": account}
    async with tidings.connect("local", on_stop="cancel", deadline_s=0.4, **options) as phemex:
        await phemex.subscribe(*SYMBOLS)
        for strategies in runs:
            await phemex.run(strategies, seconds=seconds / len(runs), timer_ms=50)


def play(directory, *strategies):
    return asyncio.run(replay(directory, strategies))


def same(again, live):
    """Telling the first difference, for the whole is long."""
    for place, (one, other) in enumerate(zip(again.heard, live.heard, strict=False)):
        assert one == other, f"callback {place}"
    assert len(again.heard) == len(live.heard)
    assert again.results == live.results


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_run_with_denials_and_errors_is_told_again(troubled, tmp_path, seed):
    live, again = Restless(seed), Restless(seed)
    asyncio.run(recorded(troubled, tmp_path / "r", seed, [live]))
    result = play(tmp_path / "r", again)
    same(again, live)
    assert (result.differences, result.strategy_errors > 0) == (0, True)
    kinds = {what for what, _ in live.results}
    assert {"fire", "cancel", "batch"} <= kinds


def test_a_run_with_lost_answers_is_told_again(troubled, tmp_path):
    faults = FaultAdmin(troubled.ready)
    for kind, changes in FAULTS:
        faults.set(kind, **changes)
    live, again = Restless(11), Restless(11)
    try:
        asyncio.run(recorded(troubled, tmp_path / "r", 0, [live], seconds=9.0))
    finally:
        faults.call("DELETE", "/faults")
    result = play(tmp_path / "r", again)
    same(again, live)
    assert result.differences == 0
    assert "on_unknown" in {name for name, _ in live.heard}


def test_strategies_that_ran_together_through_cut_connections_are_told_again(troubled, tmp_path):
    """Each does all it may, in its own session, while streams and a lane are cut and others act beside them."""

    def both():
        return Restless(21, "one"), Restless(22, "other")

    async def cut() -> None:
        options = {"exchange": str(troubled.ready_file), "record": str(tmp_path / "r"), "account": 3}
        async with tidings.connect("local", on_stop="cancel", deadline_s=0.6, **options) as phemex:
            await phemex.subscribe(*SYMBOLS)
            running = asyncio.create_task(phemex.run(live, seconds=6.0, timer_ms=50))
            await asyncio.sleep(1.5)
            phemex.engine.account._feed._on_closed(ConnectionError("cut by the test"))
            await asyncio.sleep(1.0)
            for connection in phemex.engine.market.feeds:
                connection.feed.reconnect(PeerError("cut by the test"))
            phemex.engine.lanes.pool.lanes[0].connection.close(ConnectionError("cut by the test"))
            await asyncio.sleep(1.0)
            phemex.unsubscribe("BTCUSD")
            await phemex.cancel_all("BTCUSDT")
            await phemex.subscribe("BTCUSD")
            await phemex.refresh_products()
            await running

    live, again = both(), both()
    asyncio.run(cut())
    result = play(tmp_path / "r", *again)
    for one, other in zip(again, live, strict=True):
        same(one, other)
    assert (result.differences, result.state_hash) == (0, play(tmp_path / "r").state_hash)


def test_two_runs_of_one_recording_are_told_again_one_after_the_other(troubled, tmp_path):
    class Other(Restless):
        pass

    live, again = (Restless(5), Other(6)), (Restless(5), Other(6))
    asyncio.run(recorded(troubled, tmp_path / "r", 1, [live[0]], [live[1]]))
    result = play(tmp_path / "r", *again)
    same(again[0], live[0])
    same(again[1], live[1])
    assert result.differences == 0


def test_a_halt_by_the_strategy_is_told_again(troubled, tmp_path):
    class Halting(Restless):
        def act(self, book):
            super().act(book)
            if len(self.results) == 12:
                self.session.halt("BTCUSD")

    live, again = Halting(7), Halting(7)
    asyncio.run(recorded(troubled, tmp_path / "r", 2, [live]))
    result = play(tmp_path / "r", again)
    same(again, live)
    assert result.differences == 0
    assert -tidings.DenyReason.SYMBOL_HALTED in [value for _, value in live.results]
