"""A market recorded from one exchange's streams is played by another: `tidings exchange --recording FILE`."""

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from market_recorder import record
from phemex_client import RestClient, StreamClient

COMMAND = [sys.executable, "-m", "tidings.exchange"]


def final_book(messages: list[dict[str, Any]], symbol: str) -> tuple[dict[str, str], dict[str, str]]:
    """What a client's own book is after all `messages`."""
    sides: dict[str, dict[str, str]] = {"bids": {}, "asks": {}}
    for message in messages:
        book = message.get("orderbook_p") or message.get("book")
        if book is None or message["symbol"] != symbol:
            continue
        for name, side in sides.items():
            if message["type"] == "snapshot":
                side.clear()
            side.update({str(price): str(qty) for price, qty in book[name]})
            ordered = sorted((p for p in side if side[p] != "0"), key=float, reverse=name == "bids")
            sides[name] = {price: side[price] for price in ordered[: message["depth"]]}
    return sides["bids"], sides["asks"]


def progress(ready: dict[str, Any]) -> dict[str, Any]:
    with urllib.request.urlopen(f"{ready['admin']}/recording", timeout=30) as response:
        return json.load(response)


def test_what_was_recorded_is_shown_again_and_can_be_traded_in(start_exchange, tmp_path: Path) -> None:
    path = tmp_path / "market.jsonl"
    source = start_exchange("--seed", "5")
    messages = record(source.ready, path, ("BTCUSDT", "BTCUSD"), duration_s=2)
    source.stop()
    exchange = start_exchange("--recording", str(path), "--recording-speed", "10", "--matching-delay-ms", "0")
    end_s = time.monotonic() + 20
    while progress(exchange.ready)["state"] == "playing":
        assert time.monotonic() < end_s
        time.sleep(0.05)
    assert progress(exchange.ready) | {"played_ms": 0} == {
        "file": str(path), "state": "ended", "detail": "", "messages": len(messages), "played_ms": 0, "gaps": 0,
        "skipped": 0, "symbols": ["BTCUSD", "BTCUSDT"],
    }  # fmt: skip
    stream = StreamClient(exchange.ready)
    for symbol, channel, kind in (("BTCUSDT", "orderbook_p", "orderbook_p"), ("BTCUSD", "orderbook", "book")):
        stream.request(f"{channel}.subscribe", [symbol])
        played = final_book([stream.next(kind)], symbol)
        assert played == final_book(messages, symbol)
    client = RestClient(exchange.ready)
    fields = {"symbol": "BTCUSDT", "side": "Buy", "posSide": "Merged", "orderQtyRq": "0.001", "ordType": "Market"}
    assert client.call("PUT", "/g-orders/create", clOrdID="takes", **fields).code == 0
    time.sleep(0.1)
    positions = client.call("GET", "/g-accounts/accountPositions", currency="USDT").data["positions"]
    assert [row["size"] for row in positions if row["symbol"] == "BTCUSDT"] == ["0.001"]


def test_a_wrong_recording_is_said_and_ends_in_1(tmp_path: Path) -> None:
    path = tmp_path / "wrong.jsonl"
    path.write_text('{"received_ns": 5}\n')
    command = [*COMMAND, "--recording", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert f"{path}:1: message: no JSON object" in result.stderr
    assert "Traceback" not in result.stderr
