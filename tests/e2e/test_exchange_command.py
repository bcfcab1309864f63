"""The contract of `tidings exchange`: what it prints, writes, accepts, and how it ends."""

import json
import os
import pty
import select
import signal
import socket
import ssl
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from phemex_client import RestClient, StreamClient

COMMAND = [sys.executable, "-m", "tidings.exchange"]
NAMES = {"rest", "ws", "ca_file", "accounts", "admin", "pid"}


def test_stdout_carries_the_ready_object_in_one_line_and_nothing_else(start_exchange):
    exchange = start_exchange()
    ready, mode = exchange.ready, stat.S_IMODE(exchange.ready_file.stat().st_mode)
    port = int(ready["rest"].rpartition(":")[2])
    assert exchange.stop() == 0
    assert exchange.process.stdout.read() == json.dumps(ready) + "\n"
    assert mode == 0o600, "it holds the accounts' secrets"
    assert set(ready) >= NAMES
    assert ready["rest"] == f"https://127.0.0.1:{port}"
    assert ready["ws"] == f"wss://127.0.0.1:{port}/ws"
    assert ready["admin"].startswith("http://127.0.0.1:")
    assert ready["pid"] == exchange.process.pid


def test_nothing_is_left_behind(start_exchange):
    exchange = start_exchange()
    certificates = Path(exchange.ready["ca_file"]).parent
    assert certificates.exists()
    assert exchange.stop(signal.SIGINT) == 0
    assert not certificates.exists()
    assert [path.name for path in exchange.ready_file.parent.iterdir()] == ["stderr.txt"]


def test_open_connections_do_not_hold_up_the_end(start_exchange):
    exchange = start_exchange()
    client, stream = RestClient(exchange.ready), StreamClient(exchange.ready)
    assert client.public("/public/time").status == 200
    stream.request("orderbook.subscribe", ["BTCUSD"])
    exchange.process.terminate()
    assert exchange.process.wait(5) == 0
    assert (exchange.ready_file.parent / "stderr.txt").read_text() == ""


def test_a_client_verifies_it_by_the_host_it_listens_on_and_by_the_names_given(start_exchange):
    arguments = ("--no-flow", "--tls-name", "exchange", "--tls-name", "venue.test")
    for host, names in (("127.0.0.2", ["127.0.0.2", "exchange", "venue.test"]), ("0.0.0.0", ["exchange", "127.0.0.1"])):
        ready = start_exchange("--host", host, *arguments).ready
        address, port = urlsplit(ready["rest"]).hostname, urlsplit(ready["rest"]).port
        trust = ssl.create_default_context(cafile=ready["ca_file"])
        for name in names:
            with socket.create_connection((address, port)) as plain, trust.wrap_socket(plain, server_hostname=name):
                pass


def test_without_tls_everything_is_plain(start_exchange):
    ready = start_exchange("--no-tls").ready
    assert ready["ca_file"] is None
    assert ready["rest"].startswith("http://")
    assert ready["ws"].startswith("ws://")
    assert RestClient(ready).public("/public/time").data["serverTime"] > 0
    assert StreamClient(ready).request("server.ping")["result"] == "pong"


def test_a_person_at_a_terminal_is_told_where_everything_is_but_no_secret(tmp_path):
    terminal, its_end = pty.openpty()
    ready_file = tmp_path / "ready.json"
    command = [*COMMAND, "--accounts", "3", "--ready-file", str(ready_file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=its_end, text=True)
    os.close(its_end)
    line, shown = process.stdout.readline(), ""
    while "Ctrl-C" not in shown:
        assert select.select([terminal], [], [], 20)[0], shown
        shown += os.read(terminal, 4096).decode()
    process.terminate()
    assert process.wait(10) == 0
    assert process.stdout.read() == ""
    os.close(terminal)
    ready = json.loads(line)
    assert all(ready[name] in shown for name in ("rest", "ws", "ca_file", "admin"))
    assert f"3; their keys are in the JSON line on stdout and in {ready_file}" in shown
    assert not any(account[name] in shown for account in ready["accounts"] for name in ("api_key", "api_secret"))


def test_every_start_has_keys_of_its_own(start_exchange):
    accounts = [account for _ in range(2) for account in start_exchange("--seed", "5").ready["accounts"]]
    assert len({account["api_key"] for account in accounts}) == 8
    assert len({account["api_secret"] for account in accounts}) == 8
    assert len({account["user_id"] for account in accounts}) == 4


@pytest.mark.parametrize("number", range(4))
def test_every_account_is_funded_for_every_line_in_one_way_mode(clients, number):
    client = clients[number]
    wallets = {row["currency"]: row["balanceEv"] for row in client.call("GET", "/spot/wallets").data}
    products = client.public("/public/products").data["products"]
    bases = {p["baseCurrency"] for p in products if p["type"] == "Spot" and p["status"] == "Listed"}
    assert all(wallets[currency] > 0 for currency in bases | {"BTC", "USDT"})
    coin_m = client.call("GET", "/accounts/accountPositions", currency="BTC").data
    assert coin_m["account"]["accountBalanceEv"] > 0
    for currency in ("USDT", "USDC"):
        usd_m = client.call("GET", "/g-accounts/accountPositions", currency=currency).data
        assert float(usd_m["account"]["accountBalanceRv"]) > 0
        assert {(row["posMode"], row["posSide"]) for row in usd_m["positions"]} == {("OneWay", "Merged")}


def test_a_market_starts_at_the_price_given(start_exchange):
    ready = start_exchange("--no-flow", "--price", "BTCUSD=9000", "--price", "BTCUSDT=9001.5").ready
    client = RestClient(ready)
    assert client.public("/md/v1/ticker/24hr", "symbol=BTCUSD").json["result"]["lastEp"] == 90_000_000
    assert client.public("/md/v3/ticker/24hr", "symbol=BTCUSDT").json["result"]["markRp"] == "9001.5"


def test_there_are_as_many_funded_accounts_as_asked_for(start_exchange):
    exchange = start_exchange("--no-flow", "--accounts", "6")
    assert len({account["api_key"] for account in exchange.ready["accounts"]}) == 6
    last = RestClient(exchange.ready, account=5)
    usdt = last.call("GET", "/g-accounts/accountPositions", currency="USDT").data
    assert float(usdt["account"]["accountBalanceRv"]) > 0


def test_it_ends_when_its_parent_does(start_exchange):
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    exchange = start_exchange("--parent-pid", str(parent.pid))
    assert exchange.process.poll() is None
    parent.communicate(b"\n")
    assert exchange.process.wait(10) == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--port", "99999"], "99999"),
        (["--price", "NOPE=1"], "NOPE"),
        (["--price", "BTCUSD=-1"], "-1"),
        (["--price", "BTCUSD"], "BTCUSD"),
        (["--matching-delay-ms", "x"], "x"),
        (["--accounts", "65"], "65"),
        (["--tls-name", "https://a.de"], "https://a.de"),
        (["--what"], "--what"),
    ],
)
def test_a_wrong_argument_is_named_and_ends_in_2(arguments, named):
    result = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert named in result.stderr


def test_a_port_in_use_is_said_and_ends_in_1():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert f"127.0.0.1:{port}" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_ready_file_that_cannot_be_written_is_said_and_ends_in_1(tmp_path):
    path = tmp_path / "missing" / "ready.json"
    command = [*COMMAND, "--ready-file", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert f"cannot write the ready file {path}: No such file or directory\n" in result.stderr
    assert "Traceback" not in result.stderr


def test_it_listens_on_the_other_loopback_address_as_well(start_exchange):
    ready = start_exchange("--host", "::1").ready
    assert ready["rest"].startswith("https://[::1]:")
    assert RestClient(ready).public("/public/time").status == 200


def test_localhost_is_both_loopback_addresses_on_one_port(start_exchange):
    ready = start_exchange("--host", "localhost", "--no-flow").ready
    port = urlsplit(ready["rest"]).port
    assert ready["rest"] == f"https://localhost:{port}"
    for address in ("127.0.0.1", "[::1]"):
        assert RestClient({**ready, "rest": f"https://{address}:{port}"}).public("/public/time").status == 200


def test_a_port_of_one_loopback_address_in_use_is_said():
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = str(taken.getsockname()[1])
        command = [*COMMAND, "--host", "localhost", "--port", port]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert f"localhost:{port}" in result.stderr
