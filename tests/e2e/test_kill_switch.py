"""The kill switch over real sockets: nothing new, everything cancelled, seen to be gone, and latched."""

import asyncio
import json
import os
import signal
import threading
import urllib.request
from pathlib import Path

import pytest
from phemex_client import RestClient
from session_lines import COIN_M, PATIENT, SPOT, USD_M, placed, until

import tidings
from tidings.app.kill.kill_latch import KillLatch, Latched
from tidings.app.kill.kill_switch import EngineDoor, KillReport
from tidings.app.lifeline.heartbeat_file import HeartbeatFile
from tidings.app.truth.reconciliation import Reconciliation
from tidings.engine.heartbeat_signs import EngineMode
from tidings.errors import ConfigError, UsageError
from tidings.exchange.error_codes import OM_ORDER_NOT_FOUND

LISTS = {"BTCUSD": "/orders/activeList", "BTCUSDT": "/g-orders/activeList", "ETHUSDT": "/g-orders/activeList",
         "sBTCUSDT": "/spot/orders"}


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A latch is of one test only."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "tidings"


@pytest.fixture
def exchange(start_exchange):
    return start_exchange("--no-flow", "--matching-delay-ms", "0", "--seed", "5")


def open_at_venue(exchange, account: int = 0) -> int:
    """What the exchange has open, asked by an independent client."""
    client, total = RestClient(exchange.ready, account), 0
    for symbol, path in LISTS.items():
        answer = client.call("GET", path, symbol=symbol)
        if answer.code != OM_ORDER_NOT_FOUND:
            total += len(answer.data["rows"] if isinstance(answer.data, dict) else answer.data)
    client.close()
    return total


def break_venue(exchange, **fault: object) -> None:
    request = urllib.request.Request(f"{exchange.ready['admin']}/faults", json.dumps(fault).encode(), method="POST")
    urllib.request.urlopen(request).close()


async def everywhere(phemex: tidings.Phemex) -> None:
    """Working and waiting orders on all three lines."""
    for line in (COIN_M, USD_M, SPOT):
        await placed(phemex, line)
        trigger = {"kind": "stop", "stop_px": line.high, "price": line.at("1.11")}
        await phemex.conditional(line.symbol, "buy", qty=line.qty, **trigger).accepted()


async def test_kill_cancels_everything_and_takes_nothing_new(exchange, open_session):
    phemex = await open_session(exchange)
    await everywhere(phemex)
    foreign = RestClient(exchange.ready, 0)         # a symbol this engine has never touched, perhaps not yet told of
    foreign.call("PUT", "/g-orders/create", symbol="ETHUSDT", clOrdID="by-hand", side="Buy", posSide="Merged",
                 ordType="Limit", priceRp="1000", orderQtyRq="0.1")
    assert open_at_venue(exchange) == 7

    outcome = phemex.kill("the model went mad")
    with pytest.raises(tidings.OrderDenied, match=r"KILLED.*the model went mad.*tidings rearm") as denied:
        phemex.limit("BTCUSDT", "buy", qty="0.01", price=USD_M.low)
    assert denied.value.reason == "KILLED"
    report = await outcome

    assert (report.is_verified, report.orders_left, report.source) == (True, 0, "api")
    assert {"BTCUSD", "BTCUSDT", "sBTCUSDT"} <= set(report.symbols)
    assert open_at_venue(exchange) == 0
    assert not phemex.open_orders()
    assert (phemex.state.is_ready, phemex.state.killed) == (False, "the model went mad")


async def test_kill_goes_the_slower_way_when_its_first_cancels_fail(exchange, open_session, monkeypatch):
    class Broken:
        def flush(self):
            raise RuntimeError("a bug in what is quick")

    phemex = await open_session(exchange)
    await everywhere(phemex)
    monkeypatch.setattr(phemex.engine.kill, "_mass_cancel", Broken())
    report = await phemex.kill("the model went mad")
    assert (report.is_verified, report.orders_left, open_at_venue(exchange)) == (True, 0, 0)


async def test_kill_out_of_another_thread_is_done_by_the_engines_own(exchange, open_session):
    phemex = await open_session(exchange)
    await everywhere(phemex)
    with pytest.raises(UsageError, match=r"another thread.*told to do the rest"):
        await asyncio.to_thread(phemex.kill, "a risk monitor's thread")
    assert phemex.engine.kill.is_tripped
    await until(lambda: phemex.engine.kill.report and phemex.engine.kill.report.is_verified)
    assert (phemex.state.killed, open_at_venue(exchange)) == ("a risk monitor's thread", 0)


async def test_what_a_slow_disk_writes_of_one_kill_stays_in_front_of_the_next(exchange, open_session, monkeypatch):
    phemex = await open_session(exchange)
    latch, written, disk = phemex.engine.kill.latch, [], threading.Event()

    def write_slowly(latched, epoch=None):
        if latched.is_verified and not written[1:]:
            disk.wait(10)
        written.append((latched.reason, latched.is_verified))

    monkeypatch.setattr(latch, "write", write_slowly)
    await phemex.kill("first")
    second = phemex.kill("second")
    await asyncio.sleep(0.1)
    assert written == [("first", False)]
    disk.set()
    await second
    await until(lambda: len(written) == 4)
    assert written == [("first", False), ("first", True), ("second", False), ("first", True)]


async def test_nothing_starts_where_the_latch_cannot_be_looked_at(exchange, open_session, tmp_path, monkeypatch):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    monkeypatch.setenv("XDG_STATE_HOME", str(loop))
    with pytest.raises(ConfigError, match=r"kill switch is latched cannot be told: .*/loop/.*make its directory"):
        await open_session(exchange, journal="none")


async def test_armed_again_by_a_person_with_a_reason(exchange, open_session):
    phemex = await open_session(exchange)
    outcome = phemex.kill("a drill")
    with pytest.raises(UsageError, match="has not shown yet"):
        phemex.rearm("too soon")
    report = await outcome
    assert report.is_verified
    assert (await phemex.kill("again")).is_verified
    with pytest.raises(UsageError, match="needs a reason"):
        phemex.rearm()
    phemex.rearm("the drill is over")
    await placed(phemex, USD_M)
    with pytest.raises(UsageError, match="nothing to re-arm"):
        phemex.rearm("once more")


async def test_latch_outlives_the_engine(exchange, open_session):
    async with tidings.connect("local", exchange=str(exchange.ready_file), **PATIENT) as phemex:
        await phemex.kill("a drill")
    again = await open_session(exchange)
    assert again.state.killed == "a drill"
    with pytest.raises(tidings.OrderDenied, match="KILLED"):
        again.limit("BTCUSDT", "buy", qty="0.01", price=USD_M.low)
    again.rearm("the drill is over")
    await placed(again, USD_M)


async def test_engine_that_starts_killed_finishes_what_the_last_one_began(exchange, open_session, state_home):
    async with tidings.connect("local", exchange=str(exchange.ready_file), **PATIENT) as phemex:
        await everywhere(phemex)
        latch = phemex.engine.kill.latch
    state_home.mkdir(parents=True, exist_ok=True)
    latch.path.write_bytes(b"")                     # killed, and nothing written down: a crash, a full disk, a `touch`
    again = await open_session(exchange, expiry_s=1)
    assert again.engine.kill.is_tripped
    await again.kill("wait for it")                 # what the last one sent may arrive until it expires
    assert open_at_venue(exchange) == 0


async def test_engine_that_starts_killed_comes_up_though_its_cancels_leave_no_room_to_compare(
    exchange, open_session, state_home, monkeypatch
):
    async with tidings.connect("local", exchange=str(exchange.ready_file), **PATIENT) as phemex:
        await everywhere(phemex)
        latch = phemex.engine.kill.latch
    state_home.mkdir(parents=True, exist_ok=True)
    latch.path.write_bytes(b"")

    async def no_room(self, **words):
        raise tidings.RateLimited("our request budget of this minute is used up", 62)

    monkeypatch.setattr(Reconciliation, "_compare_positions", no_room)
    again = await open_session(exchange, expiry_s=1)
    await again.kill("wait for it")
    assert open_at_venue(exchange) == 0
    again.rearm("looked into it")
    with pytest.raises(tidings.OrderDenied, match="comparing positions"):   # who may trade must know what it holds
        again.limit("BTCUSDT", "buy", qty="0.01", price=USD_M.low)


async def test_engine_whose_end_is_cut_short_leaves_no_kill_running(exchange, open_session):
    phemex = await open_session(exchange)
    await everywhere(phemex)
    outcome = phemex.kill("and the program is told to end, twice")
    stopping = asyncio.create_task(phemex.engine.kill.stop(60))
    await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(outcome, 1)


@pytest.mark.parametrize("is_cut_short", [False, True])
async def test_a_kill_that_was_not_seen_to_its_end_is_left_to_the_watchdog(
    exchange, open_session, tmp_path, monkeypatch, is_cut_short
):
    async def no_answer(self, line, symbol):
        raise tidings.RequestUnknown("lost")

    path = tmp_path / "engine.heartbeat"
    phemex = await open_session(exchange, watchdog="wanted", watchdog_file=str(path))
    await everywhere(phemex)
    monkeypatch.setattr(EngineDoor, "count_open", no_answer)
    phemex.kill("and the program is told to end")
    stopping = asyncio.create_task(phemex.engine.stop())
    if is_cut_short:
        await asyncio.sleep(0)
        stopping.cancel()
    await asyncio.gather(stopping, return_exceptions=True)
    file = HeartbeatFile(path)
    assert file.page.engine_signs().mode == EngineMode.RUNNING     # no goodbye: its beat will be missed
    assert file.lock()                                             # but the next engine may beat there
    file.close()


async def test_kill_works_with_the_budget_used_up(exchange, open_session):
    phemex = await open_session(exchange, rate_limits=True, max_open_orders=1000, order_memory=1024)
    armed = phemex.arm("BTCUSDT", "buy")
    await everywhere(phemex)
    price_ticks, lots = phemex.on_grid(phemex.instrument("BTCUSDT"), USD_M.low, USD_M.qty)
    results = []
    while not results or results[-1] != -tidings.DenyReason.RATE_LIMIT:
        results.append(armed.fire(price_ticks - len(results), lots))
        if results[-1] == -tidings.DenyReason.LANES_FULL:
            await asyncio.sleep(0.001)
    assert sum(result > 0 for result in results) > 300
    report = await phemex.kill("out of budget")
    assert (report.is_verified, open_at_venue(exchange)) == (True, 0)


async def test_kill_works_with_the_stream_dead_and_the_disk_full(exchange, open_session, tmp_path):
    phemex = await open_session(exchange)
    await everywhere(phemex)
    await phemex.engine.account.stop()
    (tmp_path / "no-directory").write_text("")
    phemex.engine.kill.latch = KillLatch(tmp_path / "no-directory" / "a.kill")
    report = await phemex.kill("everything at once")
    assert (report.is_verified, open_at_venue(exchange)) == (True, 0)
    await until(lambda: phemex.engine.kill.report.latch_problem)


async def test_the_latchs_thread_leaves_the_report_to_the_engines(exchange, open_session, tmp_path):
    """Both would change it, and one change would be lost: that the kill is verified, say."""
    kill = (await open_session(exchange)).engine.kill
    (tmp_path / "no-directory").write_text("")
    kill.latch = KillLatch(tmp_path / "no-directory" / "a.kill")
    kill.report = KillReport(reason="a drill", source="api", wall_ns=1)
    thread = threading.Thread(target=kill._try_latch, args=(Latched(), kill.latch.epoch))
    thread.start()
    thread.join()       # the loop stands still meanwhile
    assert kill.report.latch_problem == ""
    await until(lambda: kill.report.latch_problem)


async def test_kill_works_with_every_lane_down(exchange, open_session):
    phemex = await open_session(exchange)
    await everywhere(phemex)
    for lane in phemex.engine.lanes.pool:
        lane.close(ConnectionResetError("cut"))
    report = await phemex.kill("no lane")
    assert (report.is_verified, open_at_venue(exchange)) == (True, 0)


async def test_mass_cancel_half(exchange, open_session):
    """The first call succeeds, the second is lost: half of the orders are gone, and the kill is not done."""
    phemex = await open_session(exchange)
    await placed(phemex, COIN_M)
    stop = phemex.conditional("BTCUSD", "buy", kind="stop", qty="10", stop_px=COIN_M.high, price=COIN_M.at("1.11"))
    await stop.accepted()
    break_venue(exchange, kind="drop", request="cancel-all", symbol="BTCUSD", skip=1, count=3, processed=False)
    outcome = phemex.kill("half")
    await until(lambda: open_at_venue(exchange) == 1)
    assert not phemex.engine.kill.report.is_verified
    report = await outcome
    assert (report.is_verified, open_at_venue(exchange)) == (True, 0)


async def test_cancels_that_are_answered_and_not_done_are_asked_for_again(exchange, open_session):
    phemex = await open_session(exchange)
    await everywhere(phemex)
    break_venue(exchange, kind="drop", request="cancel-all", count=8, processed=False)
    report = await phemex.kill("nothing works")
    assert (report.is_verified, open_at_venue(exchange)) == (True, 0)


@pytest.mark.parametrize("how", ["latch", "KILL", "signal"])
async def test_kill_from_outside(exchange, open_session, state_home, how):
    phemex = await open_session(exchange)
    await everywhere(phemex)
    state_home.mkdir(parents=True, exist_ok=True)
    if how == "signal":
        os.kill(os.getpid(), signal.SIGUSR1)
    else:
        (phemex.engine.kill.latch.path if how == "latch" else state_home / "KILL").touch()
    await until(lambda: phemex.engine.kill.is_tripped)
    await until(lambda: phemex.engine.kill.report.is_verified)
    assert open_at_venue(exchange) == 0
    assert phemex.engine.kill.report.source == ("signal" if how == "signal" else "file")
    if how == "KILL":
        with pytest.raises(UsageError, match="kills every engine"):
            phemex.rearm("as long as the file is there")
        (state_home / "KILL").unlink()
    phemex.rearm("looked into it")
    await placed(phemex, USD_M)


async def test_cancels_are_in_the_kernel_when_kill_returns(exchange, open_session):
    """How long that takes is measured by `python -m benchmarks --only kill`; here the machine may be busy."""
    phemex = await open_session(exchange)
    await everywhere(phemex)
    phemex.kill("how fast")
    report = phemex.engine.kill.report
    assert (report.sent_count, report.history) == (6, ("tripped",))
    assert 0 < report.sent_ms < 1000
