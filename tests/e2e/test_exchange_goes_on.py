"""`tidings exchange --state FILE`: the next run goes on where the last one ended, however it ended."""

import json
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from phemex_client import RestClient

COMMAND = [sys.executable, "-m", "tidings.exchange"]
LIMIT = {"ordType": "Limit", "timeInForce": "GoodTillCancel"}


def buy(client: RestClient, cl_ord_id: str, price: str) -> None:
    fields = {"symbol": "BTCUSDT", "side": "Buy", "posSide": "Merged", "orderQtyRq": "0.1", "priceRp": price}
    assert client.call("PUT", "/g-orders/create", clOrdID=cl_ord_id, **fields, **LIMIT).data["clOrdID"] == cl_ord_id


def open_ids(client: RestClient) -> list[str]:
    return [row["clOrdID"] for row in client.call("GET", "/g-orders/activeList", symbol="BTCUSDT").data["rows"]]


def balance(client: RestClient) -> str:
    return client.call("GET", "/g-accounts/accountPositions", currency="USDT").data["account"]["accountBalanceRv"]


def save(admin: str) -> dict:
    with urllib.request.urlopen(urllib.request.Request(f"{admin}/save", method="POST"), timeout=30) as response:
        return json.load(response)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_next_run_goes_on_with_the_same_keys_orders_and_money(start_exchange, tmp_path: Path, how: int) -> None:
    path = tmp_path / "kept.json"
    arguments = ("--state", str(path), "--matching-delay-ms", "0", "--no-rate-limits")
    first = start_exchange(*arguments, "--accounts", "2", "--seed", "9")
    client = RestClient(first.ready)
    buy(client, "rests", "50000")
    buy(client, "trades", "65000")
    paid, secrets = balance(client), first.ready["accounts"]
    assert paid != balance(RestClient(first.ready, account=1))
    assert first.stop(how) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    second = start_exchange(*arguments)
    assert (second.ready["accounts"], second.ready["seed"]) == (secrets, 9)
    client = RestClient(second.ready)
    assert (open_ids(client), balance(client)) == (["rests"], paid)
    assert client.call("DELETE", "/g-orders/cancel", symbol="BTCUSDT", posSide="Merged", clOrdID="rests").code == 0
    buy(client, "later", "50000")
    give_up_at = time.monotonic() + 10  # the flow of the time between the runs comes first
    while open_ids(client) != ["later"]:
        assert time.monotonic() < give_up_at, open_ids(client)
    with pytest.raises(AssertionError):
        buy(client, "rests", "50000")  # used in the first run


def test_what_was_saved_when_asked_survives_a_kill(start_exchange, tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    first = start_exchange("--state", str(path), "--no-flow", "--matching-delay-ms", "0")
    client = RestClient(first.ready)
    buy(client, "saved", "50000")
    said = save(first.ready["admin"])
    assert (said["file"], said["size_bytes"]) == (str(path), path.stat().st_size)
    buy(client, "unsaved", "50000")
    first.process.kill()
    first.process.wait(10)
    assert open_ids(RestClient(start_exchange("--state", str(path), "--no-flow").ready)) == ["saved"]


def test_a_second_exchange_on_the_same_file_is_refused_and_the_first_goes_on(start_exchange, tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    first = start_exchange("--state", str(path), "--no-flow")
    command = [*COMMAND, "--state", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert f"another exchange is running on the state file {path} (process {first.process.pid})" in result.stderr
    assert "Traceback" not in result.stderr
    assert save(first.ready["admin"])["file"] == str(path)


@pytest.mark.parametrize("content", ["{}", '{"format":"tidings exchange state","version":7,"sha256":"'])
def test_a_file_that_is_no_state_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(content)
    command = [*COMMAND, "--state", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert f"{path} is no state file" in result.stderr
    assert "Traceback" not in result.stderr
    assert path.read_text() == content


def test_a_state_that_cannot_be_written_is_said_at_the_start(tmp_path: Path) -> None:
    command = [*COMMAND, "--state", str(tmp_path / "missing" / "kept.json")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert "cannot write the state file" in result.stderr
    assert "Traceback" not in result.stderr
