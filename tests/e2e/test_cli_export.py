"""`tidings export` and `tidings plot`, as processes, on recordings of sessions and of markets."""

import json
import re
import signal
import subprocess
import time
import urllib.request
from decimal import Decimal
from pathlib import Path

import pytest
from phemex_client import StreamClient
from recorded_flow import RecordedFlow
from session_lines import PATIENT, USD_M
from tidings_command import clean_environment, command_line, tidings

import tidings as package


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RecordedFlow]:
    """Ten seconds of a market with a lost connection in them, and the market as it was at the end."""
    directory = tmp_path_factory.mktemp("market") / "recording"
    recorded = RecordedFlow(directory, ("BTCUSDT", "BTCUSD"), seed=5)
    recorded.advance(4)
    recorded.lose_connection()
    recorded.advance(1)
    recorded.subscribe(("BTCUSDT", "BTCUSD"))
    recorded.advance(5)
    recorded.close()
    return directory, recorded


def test_the_files_and_what_they_hold_are_told(market, tmp_path: Path) -> None:
    directory, _ = market
    told = tidings("export", directory, "--to", "parquet", "--out", tmp_path, "--json").json
    names = ("trades", "book", "top", "klines", "ticks")
    assert [file["file"] for file in told["files"]] == [f"{name}.parquet" for name in names]
    for file in told["files"]:
        assert file["bytes"] == (tmp_path / file["file"]).stat().st_size
        assert sum(file["bytes_per_row"].values()) * file["rows"] < file["bytes"]
    assert (told["symbols"], told["dropped"], told["resumed_at"], told["damage"]) == (["BTCUSD", "BTCUSDT"], 0, 0, "")
    words = tidings("export", directory, "--to", "csv", "--out", tmp_path).stdout
    lines = len((tmp_path / "book.csv").read_text().splitlines())
    assert re.search(rf"book\.csv +{lines - 1} ", words)


def test_what_is_exported_can_be_played_to_the_same_book(market, start_exchange, tmp_path: Path) -> None:
    directory, recorded = market
    told = tidings("export", directory, "--to", "jsonl", "--out", tmp_path, "--json").json
    exchange = start_exchange("--recording", str(tmp_path / "market.jsonl"), "--recording-speed", "10")
    end_s, state = time.monotonic() + 30, {"state": "playing"}
    while state["state"] == "playing":
        assert time.monotonic() < end_s
        time.sleep(0.1)
        with urllib.request.urlopen(f"{exchange.ready['admin']}/recording", timeout=30) as response:
            state = json.load(response)
    assert (state["state"], state["messages"]) == ("ended", told["files"][0]["rows"])
    stream = StreamClient(exchange.ready)
    stream.request("orderbook_p.subscribe", ["BTCUSDT"])
    book = stream.next("orderbook_p")["orderbook_p"]
    truth = recorded.venue.markets["BTCUSDT"]
    scales = (truth.instrument.price_scale, truth.instrument.qty_scale)
    for name, levels in zip(("bids", "asks"), truth.levels(30), strict=True):
        assert [tuple(map(Decimal, level)) for level in book[name]] == [
            tuple(Decimal(value).scaleb(-scale) for value, scale in zip(level, scales, strict=True)) for level in levels
        ]


async def test_own_orders_and_fills_are_in_the_picture(low_exchange, tmp_path: Path) -> None:
    recording, page = tmp_path / "session", tmp_path / "session.html"
    settings = {"exchange": str(low_exchange.ready_file), "journal": "none", "record": str(recording), **PATIENT}
    async with package.connect("local", **settings) as phemex:
        await phemex.subscribe(USD_M.symbol)
        for side in ("buy", "sell"):
            await phemex.market(USD_M.symbol, side, qty=USD_M.qty).done()
    told = tidings("plot", recording, "--out", page, "--json").json
    (row,) = told["symbols"]
    assert (row["symbol"], row["bought"], row["sold"]) == (USD_M.symbol, USD_M.qty, USD_M.qty)
    text = page.read_text()
    assert re.search(r"bought \(\d+ fills\)", text) and re.search(r"sold \(\d+ fills\)", text)
    assert tidings("plot", recording, "--out", tmp_path / "session.png").returncode == 0
    assert (tmp_path / "session.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("export", "nowhere", "--to", "csv", "--out", "out"), 1, "nowhere"),
        (("export", "{market}", "--to", "csv", "--out", "out", "--symbols", "NONE"), 2, "nothing of NONE"),
        (("export", "{market}", "--to", "xls", "--out", "out"), 2, "invalid choice"),
        (("export", "{market}", "--to", "csv"), 2, "--out"),
        (("plot", "{market}", "--out", "a.gif"), 2, ".png or .html"),
        (("plot", "nowhere"), 1, "nowhere"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(market, tmp_path, monkeypatch, words, code: int, reason: str) -> None:
    monkeypatch.chdir(tmp_path)
    done = tidings(*(word.format(market=market[0]) for word in words))
    assert done.returncode == code
    assert reason in done.stderr


def test_an_interrupt_is_no_end(market, tmp_path: Path) -> None:
    """The next run goes on and the files are those of an export that was left alone."""
    directory, _ = market
    slow = (
        "import sys, time; from tidings.export import conversion as c; c.CHECKPOINT_ENTRIES = c.PROGRESS_ENTRIES = 100;"
        " old = c._Run._note; c._Run._note = lambda run: (old(run), time.sleep(0.3));"
        " from tidings.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    words = ("export", str(directory), "--to", "csv", "--out", str(tmp_path / "a"))
    process = subprocess.Popen(
        [command_line()[0], "-c", slow, *words], env=clean_environment(), stderr=subprocess.PIPE, text=True
    )
    end_s = time.monotonic() + 60
    while not (tmp_path / "a/.export/checkpoint.json").exists():
        assert process.poll() is None and time.monotonic() < end_s
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr.splitlines()[-1]) == (130, "interrupted")
    again = tidings(*words, "--json").json
    assert again["resumed_at"] > 0
    tidings("export", directory, "--to", "csv", "--out", tmp_path / "b")
    for name in ("trades", "book", "top", "klines", "ticks"):
        assert (tmp_path / f"a/{name}.csv").read_bytes() == (tmp_path / f"b/{name}.csv").read_bytes()
