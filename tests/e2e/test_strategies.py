"""Strategies at a running exchange: several in one engine, and `tidings run`."""

import asyncio
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest
from session_lines import USD_M, until
from tidings_command import LIMIT_S, clean_environment, command_line

import tidings
from tidings.errors import UsageError
from tidings.model.enums import DenyReason

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_both_sides.py"
FOLLOWING = """
import tidings
class Following(tidings.Strategy):
    symbols = ("BTCUSDT",)
    books = 0
    def on_book(self, book, now_ns):
        self.books += 1
        print("a book", flush=True)
"""


class Placing(tidings.Strategy):
    """Places one order as it starts, and notes what it hears."""

    def __init__(self, name: str, qty_lots: int = 10) -> None:
        self.name, self.qty_lots, self.heard = name, qty_lots, []

    def on_start(self, session, now_ns):
        self.session = session
        price_ticks, _ = session.on_grid(session.instrument(USD_M.symbol), USD_M.price, None)
        self.result = session.arm(USD_M.symbol, "buy").fire(price_ticks, self.qty_lots)

    def on_order(self, order, report, now_ns):
        self.heard.append(order.handle)

    def on_position(self, position, now_ns):
        self.heard.append(position.net_qty_lots)


async def test_strategies_have_their_own_orders_limits_and_positions(quiet_exchange, open_session, counterparty):
    limits = {"small": {"max_notional": "100"}}
    phemex = await open_session(quiet_exchange, strategies=limits)
    before_lots = phemex.position(USD_M.symbol).net_qty_lots
    one, other, small = Placing("one"), Placing("other", qty_lots=20), Placing("small")
    await phemex.run([one, other], small, seconds=0.5)
    assert (one.result > 0, other.result > 0, small.result) == (True, True, -DenyReason.STRATEGY_NOTIONAL)
    assert [order.handle for order in one.session.open_orders()] == [one.result]
    assert one.session.order(other.result) is None
    assert one.session.cancel(other.result) == -DenyReason.UNKNOWN_ORDER
    assert {order.handle for order in one.session.account.open_orders()} == {one.result, other.result}
    await counterparty.market(USD_M.symbol, "sell", qty="0.03").done()
    await until(lambda: not phemex.open_orders())
    assert (one.heard, other.heard) == ([one.result, 10, one.result], [other.result, 20, other.result])
    assert (one.session.position(USD_M.symbol).net_qty_lots, small.session.positions()) == (10, [])
    await until(lambda: phemex.position(USD_M.symbol).net_qty_lots == before_lots + 30)
    with pytest.raises(UsageError, match="strategy='other'"):
        one.session.limit(USD_M.symbol, "buy", qty="0.01", price=USD_M.price, strategy="other")


async def test_a_strategys_cancel_all_leaves_the_orders_of_others(quiet_exchange, open_session):
    phemex = await open_session(quiet_exchange)
    one, other = Placing("one"), Placing("other")
    await phemex.run(one, other, seconds=0.5)
    await one.session.cancel_all(USD_M.symbol)
    await until(lambda: not one.session.open_orders())
    await one.session.cancel_all(USD_M.symbol)  # nothing is left, and that is no mistake
    foreign = phemex.open_orders()
    assert [(order.handle, order.is_cancel_pending) for order in foreign] == [(other.result, False)]
    await other.session.cancel_all(USD_M.symbol)
    await until(lambda: not phemex.open_orders())


async def test_a_strategys_loops_over_the_market_end_with_the_session(quiet_exchange):
    async def follow(session):
        async for _ in session.books(USD_M.symbol):
            pass
        return "ended"

    one = Placing("one")
    async with tidings.connect("local", exchange=str(quiet_exchange.ready_file), rate_limits=False) as phemex:
        await phemex.run(one, seconds=0.1)
        loop = asyncio.create_task(follow(one.session))
        await until(lambda: (USD_M.symbol, "book") in phemex.engine.market.followed())
        await one.session.cancel_all(USD_M.symbol)
        await until(lambda: not phemex.open_orders())
    assert await asyncio.wait_for(loop, LIMIT_S) == "ended"


@pytest.mark.parametrize("words", [{"timer_ms": 0}, {"seconds": -1}])
async def test_a_run_needs_a_timer_and_a_time_that_can_be(phemex, words):
    with pytest.raises(UsageError, match="timer_ms from 1, seconds from 0"):
        await phemex.run(Placing("one"), **words)


async def test_a_session_runs_no_strategies_of_one_name(phemex):
    with pytest.raises(UsageError, match="'Placing'"):
        await phemex.run(Placing(""), Placing(""), seconds=0.1)


def test_the_example_runs_by_command(run_here):
    done = run_here("run", EXAMPLE, "--seconds", 2.5, "--json")
    assert done.returncode == 0, done.stderr
    report = done.json
    assert (report["symbols"], report["strategies"]) == (["BTCUSDT"], ["QuoteBothSides"])
    assert report["events"]["ack"] >= 2
    assert (report["open_orders"], report["strategy_errors"], report["recording"]) == (0, 0, None)


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_in_order(tmp_path, quiet_exchange, name):
    path = tmp_path / "following.py"
    path.write_text(FOLLOWING)
    words = command_line("run", path, "--symbols", "BTCUSD", "--exchange", quiet_exchange.ready_file, "--account", 3)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(words, env=clean_environment(), **pipes)
    lines = [process.stdout.readline() for _ in range(2)]
    assert lines == ["Following on local: BTCUSD\n", "a book\n"]
    process.send_signal(name)
    output, errors = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, errors) == (0, "")
    assert output.splitlines()[-1].endswith("no orders; 0 left open")


RESTING = """
import tidings
class Resting(tidings.Strategy):
    symbols = ("BTCUSDT",)
    def on_start(self, session, now_ns):
        price_ticks, qty_lots = session.on_grid(session.instrument("BTCUSDT"), "20000", "0.01")
        self.results = [session.arm("BTCUSDT", "buy").fire(price_ticks - place, qty_lots) for place in range(5)]
    def on_ack(self, order, report, now_ns):
        print("acknowledged", flush=True)
"""


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_is_said_again_does_not_leave_orders_behind(tmp_path, quiet_exchange, name):
    """They come while open orders are being cancelled."""
    path = tmp_path / "resting.py"
    path.write_text(RESTING)
    words = command_line("run", path, "--exchange", quiet_exchange.ready_file, "--account", 2)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(words, env=clean_environment(), **pipes)
    assert [process.stdout.readline() for _ in range(6)][-1] == "acknowledged\n"
    while process.poll() is None and not select.select([process.stdout], [], [], 0)[0]:
        process.send_signal(name)
        time.sleep(0.002)
    output, errors = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, errors) == (0, "")
    assert output.splitlines()[-1].endswith("5 ack, 5 cancel; 0 left open")


def test_nothing_that_a_strategy_prints_is_in_the_object(tmp_path, quiet_exchange, run_here):
    """Not as its file is loaded, not when its orders are cancelled behind its end."""
    path, recording = tmp_path / "talking.py", tmp_path / "recording"
    path.write_text(RESTING.replace("on_ack", "on_cancel") + "\nprint('loaded')\n")
    words = ("--exchange", quiet_exchange.ready_file, "--account", 1, "--record", recording)
    done = run_here("run", path, *words, "--seconds", 1, "--json")
    assert (done.returncode, done.json["events"]["cancel"], done.json["open_orders"]) == (0, 5, 0)
    again = run_here("replay", recording, "--strategy", path, "--json")
    assert (again.json["calls"], again.json["differences"]) == (5, 0)
    for stderr in (done.stderr, again.stderr):
        assert stderr.count("loaded") == 1 and stderr.count("acknowledged") == 5


TWO_NAMED = """
import tidings
class Watching(tidings.Strategy):
    symbols = ("BTCUSDT",)
    def __init__(self, name):
        self.name = name
one, other = Watching("one"), Watching("other")
"""


def test_strategies_are_called_by_their_names(tmp_path, quiet_exchange, run_here):
    path = tmp_path / "two.py"
    path.write_text(TWO_NAMED)
    done = run_here("run", path, "--exchange", quiet_exchange.ready_file, "--seconds", 0.2, "--json")
    assert done.json["strategies"] == ["one", "other"]
    assert "one, other on local: BTCUSDT\n" in done.stderr


def test_a_file_that_is_not_there_is_wrong_usage(run_here, tmp_path):
    done = run_here("run", tmp_path / "gone.py")
    assert done.returncode == 2
    assert "no such file" in done.stderr


def test_nothing_is_said_to_run_where_a_symbol_is_not_known(tmp_path, quiet_exchange, run_here):
    path = tmp_path / "following.py"
    path.write_text(FOLLOWING)
    done = run_here("run", path, "--symbols", "NOPE", "--exchange", quiet_exchange.ready_file)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "tidings run: no instrument 'NOPE'; `tidings products` lists all\n"
