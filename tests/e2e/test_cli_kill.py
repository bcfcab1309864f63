"""`tidings kill` and `rearm`: beside an engine that runs, without one, and what they say."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest
from phemex_client import RestClient
from session_lines import USD_M, placed, until
from test_kill_switch import break_venue, everywhere, open_at_venue
from tidings_command import LIMIT_S, clean_environment, command_line
from tidings_command import tidings as run

import tidings


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "tidings"


@pytest.fixture
def exchange(start_exchange):
    return start_exchange("--no-flow", "--matching-delay-ms", "0", "--seed", "5")


async def test_kill_stops_a_running_engine_and_empties_the_account(exchange, open_session):
    phemex = await open_session(exchange)
    await everywhere(phemex)

    done = await asyncio.to_thread(run, "kill", "--exchange", exchange.ready_file, "--reason", "runs wild", "--json")

    assert done.returncode == 0, done.stderr
    assert (done.json["verified"], done.json["orders_left"], done.json["latch_problem"]) == (True, 0, "")
    assert {"BTCUSD", "BTCUSDT", "sBTCUSDT"} >= set(done.json["symbols"])
    assert open_at_venue(exchange) == 0
    await until(lambda: phemex.engine.kill.report and phemex.engine.kill.report.is_verified)
    assert (phemex.state.killed, phemex.engine.kill.report.source) == ("runs wild", "cli")
    with pytest.raises(tidings.OrderDenied, match="KILLED"):
        phemex.limit("BTCUSDT", "buy", qty="0.01", price=USD_M.low)

    done = await asyncio.to_thread(run, "rearm", "--exchange", exchange.ready_file, "--reason", "found it")
    assert (done.returncode, "re-armed (was: runs wild)" in done.stdout) == (0, True)
    assert "nobody has seen" not in done.stderr
    assert phemex.engine.kill.is_tripped        # an engine that runs is re-armed by itself only
    phemex.rearm("found it")
    await placed(phemex, USD_M)


def test_kill_needs_no_engine_and_no_stream(exchange):
    client = RestClient(exchange.ready, 0)
    client.call("PUT", "/g-orders/create", symbol="ETHUSDT", clOrdID="by-hand", side="Buy", posSide="Merged",
                ordType="Limit", priceRp="1000", orderQtyRq="0.1")
    break_venue(exchange, kind="refuse-login", count=100)

    done = run("kill", "--exchange", exchange.ready_file, "--reason", "by hand", "--json", "--symbol", "sBTCUSDT")

    assert (done.returncode, done.json["verified"], open_at_venue(exchange)) == (0, True, 0), done.stderr
    assert "ETHUSDT" in done.json["symbols"]
    client.close()


def a_disk_that_is_full():
    return os.open("/dev/full", os.O_WRONLY)


def a_pipe_that_nobody_reads():
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize("output", [a_disk_that_is_full, a_pipe_that_nobody_reads])
def test_a_kill_goes_on_though_nobody_can_be_told_of_it(exchange, output):
    client = RestClient(exchange.ready, 0)
    client.call("PUT", "/g-orders/create", symbol="ETHUSDT", clOrdID="by-hand", side="Buy", posSide="Merged",
                ordType="Limit", priceRp="1000", orderQtyRq="0.1")
    stdout = output()

    killed = subprocess.run(command_line("kill", "--exchange", exchange.ready_file, "--reason", "by hand"),
                            stdout=stdout, stderr=subprocess.PIPE, text=True, env=clean_environment(), timeout=LIMIT_S)

    os.close(stdout)
    assert open_at_venue(exchange) == 0
    assert killed.returncode == 1                                       # what came of it could not be told
    assert "Traceback" not in killed.stderr
    client.close()


async def test_kill_stops_a_running_engine_though_its_own_connection_fails(exchange, open_session):
    phemex = await open_session(exchange)
    await placed(phemex, USD_M)
    break_venue(exchange, kind="refuse-connection", then="reset", count=100)

    done = await asyncio.to_thread(run, "kill", "--exchange", exchange.ready_file, "--reason", "runs wild", "--json")

    assert (done.returncode, "latched; nothing verified" in done.stderr) == (1, True)
    assert (done.json["verified"], done.json["orders_left"], done.json["latch_problem"]) == (False, None, "")
    assert done.json["problem"]
    await until(lambda: phemex.engine.kill.is_tripped)
    with pytest.raises(tidings.OrderDenied, match="KILLED"):
        phemex.limit("BTCUSDT", "buy", qty="0.01", price=USD_M.low)


def test_a_kill_that_cannot_be_latched_is_none_to_rely_on(exchange, state_home):
    client = RestClient(exchange.ready, 0)
    client.call("PUT", "/g-orders/create", symbol="BTCUSDT", clOrdID="by-hand", side="Buy", posSide="Merged",
                ordType="Limit", priceRp="50000", orderQtyRq="0.1")
    state_home.parent.mkdir(exist_ok=True)
    state_home.touch()      # a file where a directory should be: nothing can be written there

    done = run("kill", "--exchange", exchange.ready_file, "--reason", "runs wild")

    assert (done.returncode, "NOT latched (File exists): engines that run trade on" in done.stderr) == (1, True)
    assert "nothing new is taken" not in done.stdout + done.stderr
    assert open_at_venue(exchange) == 0
    client.close()


def test_rearm_needs_no_connection(exchange):
    break_venue(exchange, kind="refuse-connection", then="reset", count=100)
    run("kill", "--exchange", exchange.ready_file, "--reason", "runs wild")
    done = run("rearm", "--exchange", exchange.ready_file, "--reason", "found it")
    assert (done.returncode, "re-armed (was: runs wild)" in done.stdout) == (0, True)
    assert "nobody has seen that nothing is open" in done.stderr


@pytest.mark.parametrize("typo", ["ETHUSTD", "ethusdt"])
def test_a_typo_in_a_symbol_leaves_no_order(exchange, typo):
    client = RestClient(exchange.ready, 0)
    for symbol, price in (("ETHUSDT", "1000"), ("BTCUSDT", "50000")):
        client.call("PUT", "/g-orders/create", symbol=symbol, clOrdID=f"by-hand-{symbol}", side="Buy",
                    posSide="Merged", ordType="Limit", priceRp=price, orderQtyRq="0.1")
    assert open_at_venue(exchange) == 2

    done = run("kill", "--exchange", exchange.ready_file, "--reason", "by hand", "--json", "--symbol", typo)

    assert (done.returncode, done.json["verified"], open_at_venue(exchange)) == (1, False, 0)
    assert (done.json["orders_left"], done.json["unseen"]) == (0, [typo])
    assert "did you mean ETHUSDT" in done.stderr
    client.close()


def test_a_named_contract_says_nothing_of_spot(exchange):
    break_venue(exchange, kind="refuse-login", count=100)
    done = run("kill", "--exchange", exchange.ready_file, "--reason", "by hand", "--json", "--symbol", "BTCUSDT")
    assert (done.returncode, done.json["unseen"]) == (1, ["spot"])


def test_what_is_not_looked_at_is_said(exchange):
    break_venue(exchange, kind="refuse-login", count=100)
    done = run("kill", "--exchange", exchange.ready_file, "--reason", "by hand")
    assert (done.returncode, "not looked at: spot" in done.stderr) == (1, True)


async def test_rearm_shows_every_reason_with_its_time(exchange, open_session):
    phemex = await open_session(exchange)
    at = ("--exchange", exchange.ready_file)
    await phemex.kill("the model went mad")
    for reason in ("by hand", "again"):
        await asyncio.to_thread(run, "kill", *at, "--reason", reason)
    await phemex.kill("and once more")
    await until(lambda: len(phemex.engine.kill.latch.kills()) == 4)

    done = await asyncio.to_thread(run, "rearm", *at, "--reason", "found it")

    assert "re-armed (was: the model went mad; by hand; again; and once more)" in done.stdout
    told = [line for line in done.stdout.splitlines() if line.startswith("  killed ")]
    assert [line.partition(" UTC ")[2] for line in told] == [
        "(api): the model went mad", "(cli): by hand", "(cli): again", "(api): and once more"
    ]


def test_rearm_of_nothing_says_so(exchange):
    done = run("rearm", "--exchange", exchange.ready_file, "--reason", "why not", "--json")
    assert (done.returncode, done.json["rearmed"], done.json["was"]) == (0, False, None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("kill", "--reason", "x"), "which exchange"), (("kill",), "--reason"), (("rearm",), "--reason")],
)
def test_wrong_usage_sends_nothing(arguments, words):
    done = run(*arguments)
    assert (done.returncode, words in done.stderr) == (2, True)


def test_a_blank_reason_is_none(exchange):
    done = run("rearm", "--exchange", exchange.ready_file, "--reason", " ")
    assert (done.returncode, "needs a reason" in done.stderr) == (2, True)
