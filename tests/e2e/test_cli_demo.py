"""`tidings demo`: it passes, it says what happened, and its comparison notices every kind of difference."""

import copy
import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from session_lines import PATIENT
from tidings_command import LIMIT_S, clean_environment, command_line, tidings

import tidings as package
from tidings.app.links.local_exchange import running_exchange
from tidings.cli import demo_check
from tidings.cli.demo_check import compare_with_exchange

COUNTS = ("orders", "acks", "fills", "rejects", "unknown", "amends", "cancels", "open_left", "mismatches")


def test_demo_passes_and_reports_in_json() -> None:
    done = tidings("demo", "--seconds", "5", "--seed", "3", "--json")
    report = done.json

    assert done.returncode == 0, done.stderr
    assert all(type(report[name]) is int for name in COUNTS)
    assert (report["open_left"], report["mismatches"]) == (0, 0)
    assert 5 <= report["seconds"] < 20
    assert set(report["by_symbol"]) == {"BTCUSD", "BTCUSDT", "sBTCUSDT"}
    for row in report["by_symbol"].values():
        assert min(row[name] for name in ("acks", "fills", "amends", "cancels")) > 0
    assert report["orders"] == sum(row["orders"] for row in report["by_symbol"].values())
    assert set(report["latency_us"]) == {"encode", "write", "reply", "stream"}
    for marks in report["latency_us"].values():
        assert 0 < marks["p50"] <= marks["p99"] <= marks["p99.9"] <= marks["max"]
    medians = [report["latency_us"][stage]["p50"] for stage in ("encode", "write", "reply")]
    assert medians == sorted(medians)
    assert report["rate_budget"]["contract"]["used"] > 0
    assert "quoting" in done.stderr


def test_a_recorded_demo_is_replayed_call_by_call(tmp_path: Path) -> None:
    done = tidings("demo", "--seconds", "3", "--record", str(tmp_path / "day"), "--json")
    assert done.returncode == 0, done.stderr
    assert f"tidings replay {tmp_path / 'day'}" in done.stderr
    first, again = (tidings("replay", str(tmp_path / "day"), "--json").json for _ in range(2))
    assert first["state_hash"] == again["state_hash"]
    assert (first["differences"], first["dropped"], first["lost"], first["damage"]) == (0, 0, 0, "")
    report = done.json
    assert first["calls"] >= report["orders"] + report["amends"] + report["cancels"]


def test_demo_shows_a_live_table_on_a_terminal() -> None:
    pytest.importorskip("rich")
    shown = on_a_terminal("demo", "--seconds", "2")

    assert "quoting, 1 of 2 s" in shown
    assert " BTCUSDT " in shown
    assert "rate budget: contract" in shown


def on_a_terminal(*arguments: str) -> str:
    """What a command writes to a terminal of 130 columns."""
    master, slave = os.openpty()
    process = subprocess.Popen(
        command_line(*arguments), env=clean_environment() | {"COLUMNS": "130", "NO_COLOR": "1"},
        stdin=slave, stdout=slave, stderr=slave,
    )  # fmt: skip
    os.close(slave)
    written = b""
    deadline_s = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline_s:
        try:
            written += os.read(master, 65_536)
        except OSError:  # the command has ended and closed its side (Linux)
            break
    process.wait(LIMIT_S)
    os.close(master)
    return written.decode()


# ---- The comparison ------------------------------------------------------------------------------------------------


Change = Callable[[dict[str, Any], dict[str, Any]], None]


def other_status(dump: dict[str, Any], mine: dict[str, Any]) -> None:
    mine["ord_status"] = "Filled"


def other_quantity(dump: dict[str, Any], mine: dict[str, Any]) -> None:
    mine["cum_qty"] += 1


def order_gone(dump: dict[str, Any], mine: dict[str, Any]) -> None:
    dump["orders"].remove(mine)


def order_of_nobody(dump: dict[str, Any], mine: dict[str, Any]) -> None:
    dump["orders"].append(mine | {"cl_ord_id": "another", "ord_status": "New"})


def other_position(dump: dict[str, Any], mine: dict[str, Any]) -> None:
    row = next(row for row in dump["positions"] if row["symbol"] == "BTCUSDT" and row["user_id"] == mine["user_id"])
    row["net_qty"] += 1


def other_wallet(dump: dict[str, Any], mine: dict[str, Any]) -> None:
    row = next(row for row in dump["wallets"] if row["currency"] == "BTC" and row["user_id"] == mine["user_id"])
    row["balance"] -= 1


async def test_comparison_notices_every_kind_of_difference(low_exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = running_exchange(low_exchange.ready_file)
    assert ready is not None
    changes: list[Change] = [
        other_status, other_quantity, order_gone, order_of_nobody, other_position, other_wallet,
    ]  # fmt: skip
    async with package.connect("local", exchange=str(low_exchange.ready_file), account=2, **PATIENT) as phemex:
        await phemex.market("BTCUSDT", "buy", qty="0.01").done()
        await phemex.market("sBTCUSDT", "buy", qty="0.01").done()
        order = await phemex.limit("BTCUSDT", "sell", qty="0.01", price="65000").accepted()
        await order.cancel()
        truth = demo_check._dump(ready.admin_url)
        truth["orders"] = [row for row in truth["orders"] if phemex_has(phemex, row)]  # other tests used the account
        found = {}
        for change in [lambda dump, mine: None, *changes]:
            dump = copy.deepcopy(truth)
            change(dump, next(row for row in dump["orders"] if row["cl_ord_id"] == order.cl_ord_id))
            monkeypatch.setattr(demo_check, "_dump", lambda url, dump=dump: dump)
            found[change.__name__] = await compare_with_exchange(phemex, ready, account=2)

    assert found.pop("<lambda>") == []
    assert {name: len(mismatches) for name, mismatches in found.items()} == {change.__name__: 1 for change in changes}
    assert "we say" in str(found["other_status"][0])
    assert json.dumps([str(mismatch) for mismatch in found["other_position"]])


def phemex_has(phemex, row: dict[str, Any]) -> bool:
    return row["cl_ord_id"] in {order.cl_ord_id for order in phemex.entry.orders.orders()}
