"""`tidings products`, `order`, `cancel`, `cancel-all`, `orders`, `positions` against running exchanges."""

import asyncio
import json
import signal
import subprocess
import urllib.request
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from phemex_client import RestClient
from session_lines import SPOT, USD_M, placed
from tidings_command import LIMIT_S, children_of, clean_environment, command_line, tidings


def row_of(exchange, order_id: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{exchange.ready['admin']}/orders", timeout=LIMIT_S) as answer:
        return next(row for row in json.load(answer) if row["order_id"] == order_id)


def orders_at(exchange) -> int:
    with urllib.request.urlopen(f"{exchange.ready['admin']}/orders", timeout=LIMIT_S) as answer:
        return len(json.load(answer))


@pytest.fixture
def at(quiet_exchange, clients, run_here):
    """Run a command at the quiet exchange; `clients` leaves it without orders."""
    return lambda *arguments: run_here(*arguments, "--exchange", quiet_exchange.ready_file)


# ---- What can be traded --------------------------------------------------------------------------------------------


def test_products_are_a_table_in_a_pipe(at) -> None:
    done = at("products", "BTCUSD", "sBTCUSDT")

    assert done.returncode == 0
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["2", "products"],
        ["symbol", "line", "tick_size", "lot_size", "max_qty", "settle", "status"],
        ["-" * 8, "-" * 7, "-" * 9, "-" * 8, "-" * 8, "-" * 6, "-" * 6],
        ["BTCUSD", "inverse", "0.1", "1", "20000000", "BTC", "Listed"],
        ["sBTCUSDT", "spot", "0.01", "0.000001", *done.stdout.splitlines()[-1].split()[4:]],
    ]


def test_products_with_json_are_one_object(at) -> None:
    symbols = {row["symbol"]: row for row in at("products", "--json").json["products"]}

    assert {"BTCUSD", "BTCUSDT", "sBTCUSDT"} <= set(symbols)
    assert symbols["BTCUSDT"]["tick_size"] == "0.1"
    assert symbols["BTCUSDT"]["line"] == "linear"


def test_products_start_an_exchange_of_their_own_where_none_is_named() -> None:
    process = subprocess.Popen(
        command_line("products", "BTCUSD", "--json"), env=clean_environment(), stdout=subprocess.PIPE, text=True
    )
    out, _ = process.communicate(timeout=LIMIT_S)

    assert process.returncode == 0
    assert json.loads(out)["products"][0]["symbol"] == "BTCUSD"
    assert children_of(process.pid) == []


def test_exchange_is_named_by_the_environment_too(quiet_exchange) -> None:
    done = tidings("products", "BTCUSD", "--json", TIDINGS_EXCHANGE=str(quiet_exchange.ready_file))

    assert done.returncode == 0


def test_reader_that_leaves_early_is_no_error(quiet_exchange) -> None:
    process = subprocess.Popen(
        command_line("products", "--exchange", quiet_exchange.ready_file),
        env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=LIMIT_S)

    assert err == ""


# ---- Orders --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "qty", "name"),
    [("BTCUSD", "10", "order_id"), ("BTCUSDT", "0.01", "cl_ord_id"), ("sBTCUSDT", "0.01", "order_id")],
)
def test_order_rests_and_is_cancelled_by_either_name(at, quiet_exchange, symbol, qty, name) -> None:
    order = at("order", symbol, "buy", qty, "50000.5", "--json").json

    assert order["status"] == "NEW"
    assert order["cum_qty"] == "0"
    assert row_of(quiet_exchange, order["order_id"])["ord_status"] == "New"
    assert at("cancel", symbol, order[name], "--json").json["cancel"] == "accepted"
    assert row_of(quiet_exchange, order["order_id"])["ord_status"] == "Canceled"


def test_order_is_shown_as_a_table(quiet_exchange, clients) -> None:
    words = ("order", "BTCUSDT", "sell", "0.01", "65000", "--tif", "PostOnly")

    done = tidings(*words, "--exchange", quiet_exchange.ready_file)

    assert done.returncode == 0
    assert done.stderr == ""
    assert "BTCUSDT  sell  0.01  65000" in done.stdout


def test_market_order_is_shown_filled(low_exchange, run_here) -> None:
    done = run_here("order", "BTCUSD", "buy", "7", "--account", "1", "--json", "--exchange", low_exchange.ready_file)

    assert (done.json["status"], done.json["cum_qty"]) == ("FILLED", "7")
    positions = run_here("positions", "--account", "1", "--json", "--exchange", low_exchange.ready_file).json
    held = {row["symbol"]: row for row in positions["positions"]}
    assert (held["BTCUSD"]["side"], held["BTCUSD"]["size"]) == ("Buy", "7")
    assert 8_500 < float(held["BTCUSD"]["avg_entry_price"]) < 9_500
    assert {row["account"] for row in positions["balances"]} == {"coin-m", "usd-m", "spot"}


def test_cancel_all_takes_untriggered_orders_too_and_counts_what_is_left(at, quiet_exchange) -> None:
    limit = at("order", "BTCUSDT", "buy", "0.01", "50000", "--json").json
    stop = at("order", "BTCUSDT", "sell", "0.01", "--stop-px", "50000", "--trigger", "mark", "--json").json
    assert stop["status"] == "UNTRIGGERED"

    done = at("cancel-all", "BTCUSDT", "--json")

    assert (done.returncode, done.json["left"]) == (0, {"BTCUSDT": 0})
    states = [row_of(quiet_exchange, order["order_id"])["ord_status"] for order in (limit, stop)]
    assert states == ["Canceled", "Deactivated"]


def test_cancel_all_asks_for_every_symbol_whatever_becomes_of_the_first(faulty_exchange, faults, run_here) -> None:
    at = ("--json", "--exchange", faulty_exchange.ready_file)
    placed = run_here("order", "ETHUSDT", "buy", "0.1", "2900", *at).json
    faults.set("fail", request="cancel-all", symbol="BTCUSDT")

    done = run_here("cancel-all", "BTCUSDT", "ETHUSDT", *at)

    assert (done.returncode, set(done.json)) == (1, {"error"})
    assert "BTCUSDT: not cancelled" in done.stderr and "ETHUSDT: not" not in done.stderr
    assert row_of(faulty_exchange, placed["order_id"])["ord_status"] == "Canceled"


def test_order_with_take_profit_and_stop_loss_is_taken(at) -> None:
    done = at("order", "BTCUSDT", "buy", "0.01", "50000", "--take-profit", "60000", "--stop-loss", "45000", "--json")

    assert (done.returncode, done.json["status"]) == (0, "NEW")


@pytest.fixture
def asked(faulty_exchange, faults, run_here):
    """Order at an exchange where somebody else offers 0.01 BTCUSDT at 60000."""
    other = RestClient(faulty_exchange.ready, 1)
    other.call("PUT", "/g-orders/create", symbol="BTCUSDT", clOrdID=f"ask-{uuid.uuid4().hex[:8]}", side="Sell",
               posSide="Merged", ordType="Limit", priceRp="60000", orderQtyRq="0.01")  # fmt: skip
    yield lambda *words: run_here("order", "BTCUSDT", "buy", *words, "--json", "--exchange", faulty_exchange.ready_file)
    other.call("DELETE", "/g-orders/all", symbol="BTCUSDT")
    other.close()


@pytest.mark.parametrize(
    ("words", "code", "status", "reason"),
    [
        (("0.01", "60000", "--tif", "PostOnly"), 1, "CANCELED", "post-only, it would have traded"),
        (("0.01", "59000", "--tif", "IOC"), 1, "EXPIRED", "immediate-or-cancel"),
        (("0.02", "60000", "--tif", "FOK"), 1, "CANCELED", "fill-or-kill"),
        (("0.02", "60000", "--tif", "IOC"), 3, "EXPIRED", "filled 0.01 of 0.02"),
        (("0.01", "60000", "--tif", "IOC"), 0, "FILLED", ""),
        (("0.01", "59000", "--tif", "PostOnly"), 0, "NEW", ""),
    ],
)
def test_order_that_does_not_become_what_was_asked_is_no_success(
    asked, words, code: int, status: str, reason: str
) -> None:
    done = asked(*words)

    assert (done.returncode, done.json["status"]) == (code, status)
    assert reason in (done.json["reason"] or "")
    assert reason in done.stderr


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (("--kind", "stop"), "--kind stop needs --stop-px"),
        (("--kind", "if_touched"), "--stop-px"),
        (("--trigger", "mark", "--close-on-trigger"), "--trigger mark, --close-on-trigger needs --stop-px"),
        (("55250", "--kind", "stop"), "plain limit"),
        (("55250", "--trigger", "last"), "--stop-px"),
        (("--tif", "GTC"), "--tif GTC needs a limit PRICE"),
        (("--stop-px", "50000", "--tif", "IOC"), "limit PRICE"),
    ],
)
def test_option_that_would_be_ignored_sends_nothing(run_here, quiet_exchange, words, missing: str) -> None:
    before = orders_at(quiet_exchange)

    done = run_here("order", "BTCUSDT", "sell", "0.01", *words, "--exchange", quiet_exchange.ready_file)

    assert (done.returncode, done.stdout) == (2, "")
    assert missing in done.stderr
    assert orders_at(quiet_exchange) == before


def test_position_side_on_spot_is_refused(run_here, low_exchange) -> None:
    words = ("order", "sBTCUSDT", "buy", "0.01", "50000", "--pos-side", "merged", "--account", "3")

    done = run_here(*words, "--exchange", low_exchange.ready_file)

    assert (done.returncode, "spot has no positions" in done.stderr) == (2, True)


# ---- What goes wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("order", "BTCUSDT", "buy", "0.0001", "50000"), "off the grid"),
        (("order", "BTCUSDT", "buy", "0.01", "50000.05"), "off the grid"),
        (("order", "BTCUSDT", "buy", "-1", "50000"), "must be positive"),
        (("order", "BTCUSB", "buy", "1"), "BTCUSDT"),
        (("products", "btcusdt"), "did you mean BTCUSDT?"),
        (("products", "NOPE"), "NOPE"),
        (("positions", "--account", "99"), "0 to 3"),
    ],
)
def test_bad_argument_exits_with_2_and_one_clear_line(at, arguments, words: str) -> None:
    done = at(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_refusal_of_the_venue_exits_with_1_and_says_why(at) -> None:
    done = at("cancel", "BTCUSDT", "nobody-knows", "--json")

    assert done.returncode == 1
    assert done.json["error"]["type"] == "VenueError"
    assert "OM_ORDER_NOT_FOUND" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_order_beyond_the_collar_is_denied(at) -> None:
    done = at("order", "BTCUSDT", "buy", "0.01", "99999", "--json")

    assert done.returncode == 1
    assert "PRICE_COLLAR" in done.json["error"]["message"]


@pytest.fixture
def nowhere(tmp_path: Path, quiet_exchange) -> Path:
    """The ready file of an exchange that is gone."""
    path = tmp_path / "nowhere.json"
    ready = quiet_exchange.ready | {"rest": "https://127.0.0.1:9", "ws": "wss://127.0.0.1:9/ws"}
    path.write_text(json.dumps(ready))
    return path


@pytest.mark.parametrize("arguments", [("products",), ("order", "BTCUSD", "buy", "1"), ("cancel-all", "BTCUSD")])
def test_nobody_listens_is_one_line_with_the_address(nowhere: Path, run_here, arguments) -> None:
    done = run_here(*arguments, "--exchange", nowhere)

    assert (done.returncode, done.stdout) == (1, "")
    assert "127.0.0.1:9" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [("{}", "it has no 'rest'"), ("", "not ready yet"), ("not json", "not the JSON"), ("[1]", "not the JSON"),
     ('{"rest": 1, "ws": 2, "ca_file": 3, "accounts": [], "pid": "x"}', "not the JSON")],
)  # fmt: skip
def test_ready_file_that_is_none_is_a_sentence(tmp_path: Path, run_here, text: str, why: str) -> None:
    path = tmp_path / "ready.json"
    path.write_text(text)

    done = run_here("products", "--exchange", path)

    assert done.returncode == 2
    assert "ready.json" in done.stderr and why in done.stderr
    assert "Error" not in done.stderr


def test_interrupt_ends_with_130_and_without_a_trace() -> None:
    process = subprocess.Popen(
        command_line("demo", "--seconds", "60"), env=clean_environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests in the background have it ignored
    )  # fmt: skip
    assert process.stdout is not None
    while "quoting" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=LIMIT_S)

    assert (process.returncode, err) == (130, "\ninterrupted\n")
    assert children_of(process.pid) == []


async def test_orders_lists_what_is_open_whoever_placed_it(quiet_exchange, open_session) -> None:
    phemex = await open_session(quiet_exchange)
    order = await placed(phemex, USD_M)

    done = await asyncio.to_thread(
        tidings, "orders", "--json", "--exchange", quiet_exchange.ready_file, USD_M.symbol
    )

    (row,) = done.json["orders"]
    assert (row["cl_ord_id"], row["side"], row["qty"], row["status"]) == (order.cl_ord_id, "buy", USD_M.qty, "NEW")
    assert row["placed_by"] == "another tidings session"
    assert row["quote_qty"] is None
    assert Decimal(row["price"]) == order.price


def test_orders_tells_money_to_spend_as_money(quiet_exchange, clients, run_here) -> None:
    placed = clients[1].call(
        "PUT", "/spot/orders/create", symbol="sBTCUSDT", side="Buy", ordType="Stop", qtyType="ByQuote",
        quoteQtyEv=25 * 10**8, stopPxEp=70_000 * 10**8, trigger="ByLastPrice", timeInForce="ImmediateOrCancel",
    )  # fmt: skip
    assert placed.code == 0, placed

    done = run_here("orders", "--json", "--exchange", quiet_exchange.ready_file, "--account", 1, SPOT.symbol)

    (row,) = done.json["orders"]
    assert (row["qty"], row["quote_qty"], row["stop_px"]) == (None, "25", "70000")
    assert row["placed_by"] == "another program, or by hand"
