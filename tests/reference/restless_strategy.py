"""A strategy that does anything it may by chance, what may go wrong meanwhile, and a recorded session of it."""

import random

from told_strategy import ToldListener

import tidings

SYMBOLS = ("BTCUSDT", "BTCUSD", "sBTCUSDT")
QTY = {"BTCUSDT": "0.01", "BTCUSD": "20", "sBTCUSDT": "0.001"}
ORDERS_MAX = 60
ACTIONS = ("fire", "fire", "cross", "amend", "cancel", "many", "batch", "ticket", "huge", "stop")


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
        what = self.chance.choice(ACTIONS)
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


async def recorded(exchange, directory, account, *runs, seconds=6.0):
    options = {"exchange": str(exchange.ready_file), "record": str(directory), "account": account}
    async with tidings.connect("local", on_stop="cancel", deadline_s=0.4, **options) as phemex:
        await phemex.subscribe(*SYMBOLS)
        for strategies in runs:
            await phemex.run(strategies, seconds=seconds / len(runs), timer_ms=50)
