"""Runs in which much goes wrong are told again exactly: denials, lost answers, unknown orders, a strategy's errors."""

import asyncio

import pytest
from exchange_process import launch
from fault_examples import FaultAdmin
from restless_strategy import FAULTS, SYMBOLS, Restless, recorded

import tidings
from tidings.errors import PeerError
from tidings.session.replay import replay


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    exchange = launch(tmp_path_factory.mktemp("troubled"), "--seed", "8", "--no-rate-limits")
    yield exchange
    exchange.stop()


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


def test_two_that_run_together_are_told_again(troubled, tmp_path):
    live, again = ([Restless(20, "one"), Restless(21, "other")] for _ in range(2))
    asyncio.run(recorded(troubled, tmp_path / "r", 1, live))
    result = play(tmp_path / "r", *again)
    for one, other in zip(again, live, strict=True):
        same(one, other)
    assert result.differences == 0
    assert all({"batch", "fire"} <= {what for what, _ in one.results} for one in live)


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


def test_a_kill_by_the_strategy_is_told_again(troubled, tmp_path):
    """It goes on asking in the same callback: the kill's own cancels stand before that."""

    class Killing(Restless):
        def act(self, book):
            super().act(book)
            if len(self.results) == 12:
                self.session.kill("enough")
                self.results.append(("fire", self.fire(book)))

    live, again = Killing(9), Killing(9)
    asyncio.run(recorded(troubled, tmp_path / "r", 3, [live]))
    result = play(tmp_path / "r", again)
    same(again, live)
    assert result.differences == 0
    assert ("fire", -tidings.DenyReason.KILLED) in live.results
    assert "on_cancel" in {name for name, _ in live.heard}
