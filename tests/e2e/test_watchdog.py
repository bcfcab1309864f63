"""The dead-man's switch with real processes: engines that are killed, stopped, cut off, or end well."""

import json
import signal
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from exchange_process import RunningExchange, launch
from phemex_client import RestClient
from watched_engines import Kennel, Relay

import tidings
from tidings.app.lifeline.heartbeat_file import HeartbeatFile
from tidings.errors import ConfigError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

ACCOUNTS = count()


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    directory = tmp_path_factory.mktemp("watched")
    exchange = launch(directory, "--no-flow", "--accounts", "40", "--seed", "3")
    yield exchange
    exchange.stop()


@pytest.fixture
def kennel(exchange: RunningExchange, tmp_path: Path) -> Iterator[Kennel]:
    kennel = Kennel(exchange, tmp_path, next(ACCOUNTS))
    yield kennel
    kennel.end()


# ---- Death ---------------------------------------------------------------------------------------------------------

def test_killed_engine_leaves_nothing_open_on_any_line(kennel):
    watchdog, engine = kennel.watchdog(), kennel.engine(10)
    engine.signal(signal.SIGKILL)
    assert kennel.until_flat() < 5  # 50 ms on a quiet machine: see benchmarks/watchdog
    assert watchdog.hear_event("tripped")["cause"] == "died"
    assert watchdog.hear_event("cancel_sent")["requests"] == 20
    while (verified := watchdog.hear_event("verified"))["orders_left"]:
        pass
    assert verified["elapsed_ms"] > 0
    watchdog.hear_event("settled")
    assert kennel.open_orders() == []


def test_watchdog_waits_for_the_next_engine_and_the_next(kennel):
    watchdog = kennel.watchdog()
    for epoch in (1, 2, 3):
        engine = kennel.engine(2)
        assert watchdog.hear_event("attached")["epoch"] == epoch
        engine.signal(signal.SIGKILL)
        kennel.until_flat()
        watchdog.hear_event("tripped")


def test_new_engine_is_not_ready_while_the_old_ones_orders_may_still_arrive(kennel):
    watchdog, first = kennel.watchdog(), kennel.engine(1, expiry_s=2)
    first.signal(signal.SIGKILL)
    kennel.until_flat()
    second = kennel.engine()
    assert "still cancelling" in second.ask("state")["reason"]
    assert "NOT_READY" in second.ask("order")["error"]
    watchdog.hear_event("settled")
    kennel.until_ready(second)
    assert second.ask("order")["open"] == 1
    assert watchdog.hears_nothing(1) or watchdog.heard[-1]["event"] == "attached"
    assert len(kennel.open_orders()) == 1


def test_engine_killed_in_the_middle_of_orders_leaves_nothing_open(kennel):
    watchdog, engine = kennel.watchdog(), kennel.engine(3, rate_limits=False)
    engine.ask("churn")
    time.sleep(0.3)
    engine.signal(signal.SIGKILL)
    watchdog.hear_event("settled")
    assert kennel.open_orders() == []


def test_watchdog_that_comes_late_acts_for_an_engine_that_has_just_died(kennel):
    first, engine = kennel.watchdog(), kennel.engine(2)
    first.end()
    engine.signal(signal.SIGKILL)
    engine.process.wait()
    assert len(kennel.open_orders()) == 4
    second = kennel.watchdog(is_ready=False)
    assert second.hear_event("tripped")["cause"] == "found_dead"
    kennel.until_flat()


def test_watchdog_that_comes_after_another_has_settled_all_leaves_what_was_placed_since(kennel):
    first, engine = kennel.watchdog(), kennel.engine(2)
    engine.signal(signal.SIGKILL)
    first.hear_event("settled")
    first.end()
    by_hand = RestClient(kennel.exchange.ready, kennel.account)
    by_hand.call("PUT", "/g-orders/create", symbol="ETHUSDT", clOrdID="by-hand", side="Buy", posSide="Merged",
                 ordType="Limit", priceRp="1000", orderQtyRq="0.1")
    by_hand.close()
    second = kennel.watchdog(is_ready=False)
    assert second.hear_event("settled_already")["epoch"] == 1
    assert second.hears_nothing(1) or second.heard[-1]["event"] == "ready"
    assert len(kennel.open_orders()) == 1


def test_orders_left_open_by_another_engine_run_are_cancelled_too(kennel):
    """The first ends well and leaves its orders; the second dies without having placed any."""
    watchdog, first = kennel.watchdog(), kennel.engine(2)
    first.say("leave")
    assert watchdog.hear_event("detached")["orders"] == "left"
    second = kennel.engine()
    kennel.until_ready(second)
    assert len(kennel.open_orders()) == 4
    second.signal(signal.SIGKILL)
    kennel.until_flat()


# ---- Standing still ------------------------------------------------------------------------------------------------

def test_stopped_engine_is_flattened_and_stays_fenced_until_rearmed(kennel):
    watchdog, engine = kennel.watchdog("--stall-s", "0.5"), kennel.engine(2)
    engine.signal(signal.SIGSTOP)
    engine.say("order")  # its first deed when it runs again
    assert watchdog.hear_event("tripped")["cause"] == "stalled"
    kennel.until_flat()
    engine.signal(signal.SIGCONT)
    assert "NOT_READY" in engine.hear()["error"]
    assert "shut this engine out" in engine.ask("state")["reason"]
    assert "wait" in engine.ask("rearm")["error"]
    watchdog.hear_event("settled")
    assert kennel.open_orders() == []
    deadline_s = time.monotonic() + 20
    while "error" in (told := engine.ask("rearm")):  # until the engine knows, too, that nothing is open
        assert time.monotonic() < deadline_s, told
        time.sleep(0.1)
    kennel.until_ready(engine)
    assert engine.ask("order")["open"] == 1
    assert len(kennel.open_orders()) == 1
    engine.signal(signal.SIGKILL)
    kennel.until_flat()


def test_engine_that_stalls_for_less_is_left_alone(kennel):
    watchdog, engine = kennel.watchdog("--stall-s", "5"), kennel.engine(1)
    watchdog.hear_event("attached")
    engine.signal(signal.SIGSTOP)
    time.sleep(1)
    engine.signal(signal.SIGCONT)
    assert engine.ask("order")["open"] == 3
    assert watchdog.hears_nothing(1)


def test_stopped_watchdog_does_not_take_its_own_absence_for_the_engines(kennel):
    watchdog, engine = kennel.watchdog("--stall-s", "1"), kennel.engine(1)
    watchdog.hear_event("attached")
    for process in (watchdog, engine):
        process.signal(signal.SIGSTOP)
    time.sleep(2)
    for process in (engine, watchdog):
        process.signal(signal.SIGCONT)
    assert watchdog.hears_nothing(2)
    assert len(kennel.open_orders()) == 2


# ---- Ending well ---------------------------------------------------------------------------------------------------

def test_clean_end_leaves_orders_where_they_are(kennel):
    watchdog, engine = kennel.watchdog(), kennel.engine(1)
    engine.say("leave")
    assert engine.process.wait(30) == 0
    assert watchdog.hear_event("detached")["orders"] == "left"
    assert watchdog.hears_nothing(1)
    assert len(kennel.open_orders()) == 2


def test_clean_end_cancels_where_that_is_the_policy(kennel):
    watchdog, engine = kennel.watchdog(), kennel.engine(3, on_stop="cancel")
    engine.say("leave")
    assert engine.process.wait(30) == 0
    assert kennel.open_orders() == []
    assert watchdog.hear_event("detached")["orders"] == "cancelled"


def test_once_ends_with_its_engine(kennel):
    watchdog, engine = kennel.watchdog("--once"), kennel.engine(1)
    engine.say("leave")
    watchdog.hear_event("ended")
    assert watchdog.process.wait(30) == 0


def test_sigterm_ends_a_watchdog_and_its_engine_denies_orders(kennel):
    watchdog, engine = kennel.watchdog(), kennel.engine(1)
    watchdog.signal(signal.SIGTERM)
    assert watchdog.process.wait(30) == 0
    deadline_s = time.monotonic() + 5
    while not (reason := engine.ask("state")["reason"]):
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    assert "no watchdog is alive" in reason
    assert "NOT_READY" in engine.ask("order")["error"]
    kennel.watchdog()
    kennel.until_ready(engine)
    assert engine.ask("order")["open"] == 3


def test_killed_watchdog_is_noticed(kennel):
    watchdog, engine = kennel.watchdog(), kennel.engine(1)
    watchdog.signal(signal.SIGKILL)
    deadline_s = time.monotonic() + 10
    while "no watchdog is alive" not in engine.ask("state")["reason"]:
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def test_engine_that_only_wants_a_watchdog_trades_without_one(kennel):
    engine = kennel.engine(watchdog="wanted")
    assert engine.ask("order")["open"] == 1


# ---- Started by the session ----------------------------------------------------------------------------------------

def test_spawned_watchdog_outlives_the_kill_of_its_engine(kennel):
    engine = kennel.engine(10, watchdog="spawn")
    engine.signal(signal.SIGKILL)
    kennel.until_flat()
    log = next((kennel.directory / "state" / "tidings").glob("*.log"))
    deadline_s = time.monotonic() + 30
    while '"ended"' not in log.read_text():
        assert time.monotonic() < deadline_s, log.read_text()
        time.sleep(0.1)
    events = [json.loads(line)["event"] for line in log.read_text().splitlines() if '"verified"' not in line]
    assert sorted(events[:2]) == ["attached", "ready"]
    assert events[2:] == ["tripped", "cancel_sent", "settled", "ended"]
    assert log.stat().st_mode & 0o777 == 0o600


def test_spawned_watchdog_ends_with_a_session_that_ends_well(kennel):
    engine = kennel.engine(1, watchdog="spawn")
    pid = HeartbeatFile(heartbeat_of(kennel)).page.watch_signs().pid
    engine.say("leave")
    assert engine.process.wait(30) == 0
    deadline_s = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    assert len(kennel.open_orders()) == 2


def test_no_secret_in_command_line_environment_heartbeat_or_log(kennel):
    account = kennel.exchange.ready["accounts"][kennel.account]
    kennel.engine(1, watchdog="spawn", api_key=account["api_key"], api_secret=account["api_secret"])
    pid = HeartbeatFile(heartbeat_of(kennel)).page.watch_signs().pid
    shown = [Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
    shown += [path.read_bytes() for path in (kennel.directory / "state" / "tidings").rglob("*") if path.is_file()]
    for text in shown:
        assert account["api_secret"].encode() not in text
        assert account["api_secret"][:8].encode() not in text
    assert b"--settings-on-stdin" in shown[0]


def heartbeat_of(kennel: Kennel) -> Path:
    return next((kennel.directory / "state" / "tidings").glob("*.heartbeat"))


# ---- Cut off -------------------------------------------------------------------------------------------------------

def test_engine_that_loses_its_lanes_is_flattened_by_the_watchdogs(kennel):
    ready, account = kennel.exchange.ready, kennel.exchange.ready["accounts"][kennel.account]
    relay, heartbeat = Relay(int(ready["rest"].rsplit(":", 1)[1])), str(kennel.directory / "cut.heartbeat")
    watchdog = kennel.watchdog("--engine", heartbeat, "--stall-s", "1")
    engine = kennel.engine(
        2, api_url=f"https://127.0.0.1:{relay.port}", ws_url=ready["ws"], ca_file=ready["ca_file"],
        api_key=account["api_key"], api_secret=account["api_secret"], watchdog_file=heartbeat,
    )  # fmt: skip
    relay.cut()
    assert watchdog.hear_event("tripped")["cause"] == "cut_off"
    kennel.until_flat()
    assert "lost its order lanes" in engine.ask("state")["reason"] or "lane" in engine.ask("state")["reason"]


# ---- Who may watch whom --------------------------------------------------------------------------------------------

def test_second_watchdog_of_one_engine_is_refused(kennel):
    kennel.watchdog()
    second = kennel.watchdog(is_ready=False)
    assert second.process.wait(30) == 2
    assert "already" in (kennel.directory / "stderr1.txt").read_text()


async def test_second_engine_of_one_account_is_refused(kennel, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", kennel.environment["XDG_STATE_HOME"])
    engine = kennel.engine(watchdog="wanted")
    with pytest.raises(ConfigError, match=f"process {engine.process.pid}"):
        async with tidings.connect(
            "local", exchange=str(kennel.exchange.ready_file), account=kennel.account, watchdog="wanted"
        ):
            pass


def test_watchdog_says_which_exchange_is_missing(run_here):
    ended = run_here("watchdog")
    assert ended.returncode == 2
    assert "--exchange" in ended.stderr


def test_ready_file_is_there_while_it_watches(kennel):
    path = kennel.directory / "watchdog.json"
    watchdog = kennel.watchdog("--ready-file", path)
    deadline_s = time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    ready = json.loads(path.read_text())
    assert ready["pid"] == watchdog.process.pid
    assert Path(ready["engine_file"]) == heartbeat_of(kennel)
    assert path.stat().st_mode & 0o777 == 0o600
    watchdog.end()
    assert not path.exists()
    assert Path(ready["engine_file"]).exists()  # it is the engines' too
