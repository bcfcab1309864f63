"""The original package's API against a running exchange: what was written in 2020 works, and works right."""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tidings.blocking import (
    AuthCredentials,
    Condition,
    ConditionalOrder,
    Contract,
    OrderPlacer,
    PhemexConnection,
    Side,
    TimeInForce,
    Trigger,
)
from tidings.errors import (
    AuthenticationError,
    ConnectionLost,
    GridError,
    OrderDone,
    OrderRejected,
    RateLimited,
    UnknownSymbol,
    UsageError,
)

LIMIT_S = 30

# The original's published example, word for word but for the package's name.
ORIGINAL_SCRIPT = """
from tidings.blocking import PhemexConnection, AuthCredentials
from tidings.blocking import Side, Contract, ConditionalOrder, Trigger, Condition

credentials = AuthCredentials(api_key=api_key, secret_key=secret_key)
conn = PhemexConnection(credentials)
products = conn.get_products()
order_placer = conn.get_order_placer()
order_factory = order_placer.get_order_factory()
limit = order_factory.create_limit_order(Side.SELL, 1, 10000.0, Contract('BTCUSD'))
order = order_factory.create_market_order(Side.SELL, 1, Contract('BTCUSD'))
conditional = ConditionalOrder(Condition.IF_TOUCHED, Trigger.LAST_PRICE, 10000.0, order)
limit_hnd = order_placer.submit(limit)
cond_hnd = order_placer.submit(conditional)
limit_hnd.cancel()
cond_hnd.cancel()
order_placer.cancel_all("BTCUSD")
"""


@pytest.fixture
def connect(low_exchange) -> Iterator[Callable[..., PhemexConnection]]:
    """Connections of one account each; their orders are cancelled at the end."""
    made: list[PhemexConnection] = []

    def connect(account: int = 0, **options: Any) -> PhemexConnection:
        keys = low_exchange.ready["accounts"][account]
        credentials = AuthCredentials(keys["api_key"], keys["api_secret"])
        place = {"api_url": low_exchange.ready["rest"], "ca_file": low_exchange.ready["ca_file"]}
        made.append(PhemexConnection(credentials, **(place | options)))
        return made[-1]

    yield connect
    for connection in made:
        connection.close()


@pytest.fixture
def placer(connect) -> Iterator[OrderPlacer]:
    made = connect(request_timeout=LIMIT_S).get_order_placer()
    yield made
    made.cancel_all("BTCUSD")


@pytest.fixture
def row_of(low_exchange) -> Callable[[str], dict[str, Any]]:
    """An order as the exchange knows it, by the venue's id."""

    def row_of(order_id: str) -> dict[str, Any]:
        rows = dump(low_exchange, "orders")
        return next(row for row in rows if row["order_id"] == order_id)

    return row_of


def dump(exchange, section: str) -> Any:
    with urllib.request.urlopen(f"{exchange.ready['admin']}/{section}", timeout=LIMIT_S) as answer:
        return json.load(answer)


def limit_order(price: Any = 10000.0, side: Side = Side.SELL, qty: Any = 1, **options: Any) -> Any:
    from tidings.blocking import OrderFactory

    return OrderFactory().create_limit_order(side, qty, price, Contract("BTCUSD"), **options)


# ---- The original, as it was ---------------------------------------------------------------------------------------


def test_original_script_runs_as_written(low_exchange, tmp_path: Path) -> None:
    account = low_exchange.ready["accounts"][3]
    keys = f"api_key, secret_key = {account['api_key']!r}, {account['api_secret']!r}\n"
    script = tmp_path / "original.py"
    script.write_text(keys + ORIGINAL_SCRIPT)
    place = {"PHEMEX_API_URL": low_exchange.ready["rest"], "SSL_CERT_FILE": low_exchange.ready["ca_file"]}

    done = run(script, place)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    rows = [row for row in dump(low_exchange, "orders") if row["user_id"] == account["user_id"]]
    assert [(row["ord_type"], row["ord_status"], row["price"], row["stop_px"]) for row in rows] == [
        ("Limit", "Canceled", 100_000_000, 0),
        ("MarketIfTouched", "Deactivated", 0, 100_000_000),
    ]


def test_example_file_runs(low_exchange) -> None:
    example = Path(__file__).parents[2] / "examples" / "original_api.py"

    done = run(example, {"TIDINGS_EXCHANGE": str(low_exchange.ready_file)})

    assert (done.returncode, done.stderr) == (0, "")


def run(script: Path, variables: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, script], env=os.environ | variables, capture_output=True, text=True, timeout=LIMIT_S
    )


# ---- Questions -----------------------------------------------------------------------------------------------------


def test_public_connection_needs_no_key(low_exchange) -> None:
    with PhemexConnection(api_url=low_exchange.ready["rest"], ca_file=low_exchange.ready["ca_file"]) as connection:
        products = connection.get_products()

    assert products["code"] == 0
    assert "BTCUSD" in {product["symbol"] for product in products["data"]["products"]}


def test_account_positions_are_the_venues_envelope(connect) -> None:
    connection = connect()

    envelopes = {currency: connection.get_account_positions(currency) for currency in ("BTC", "USDT")}

    for currency, envelope in envelopes.items():
        assert envelope["code"] == 0
        assert envelope["data"]["account"]["currency"] == currency


def test_message_brings_exact_numbers(connect) -> None:
    raw = connect().send_message("GET", "/public/products", params=None, data=None)

    tick_sizes = {product["symbol"]: product.get("tickSize") for product in raw["data"]["products"]}
    assert tick_sizes["BTCUSD"] == Decimal("0.1")
    assert isinstance(tick_sizes["BTCUSD"], Decimal)


def test_message_is_signed_where_it_must_be(connect) -> None:
    raw = connect().send_message("get", "/g-accounts/accountPositions", {"currency": "USDT"})

    assert raw["data"]["account"]["currency"] == "USDT"


def test_message_carries_a_json_body(connect, row_of) -> None:
    order = {"symbol": "BTCUSD", "clOrdID": f"by-hand-{time.time_ns()}", "side": "Sell", "orderQty": 1,
             "priceEp": 99_990_000, "ordType": "Limit", "timeInForce": "GoodTillCancel"}  # fmt: skip
    connection = connect()

    raw = connection.send_message("POST", "/orders", data=order)

    assert raw["code"] == 0
    assert row_of(raw["data"]["orderID"])["price"] == 99_990_000
    raw = connection.send_message("DELETE", "/orders/all", {"symbol": "BTCUSD", "untriggered": False})
    assert raw["code"] == 0


def test_message_answer_is_not_judged(connect) -> None:
    raw = connect().send_message("DELETE", "/orders/cancel", {"symbol": "BTCUSD", "clOrdID": "nobody"})

    assert raw["code"] != 0


def test_trades_come_oldest_first(connect, placer: OrderPlacer) -> None:
    connection = connect()
    begin = datetime.now() - timedelta(seconds=1)
    market = placer.get_order_factory().create_market_order(Side.BUY, 3, Contract("BTCUSD"))
    ids = [placer.submit(market).get_order_id() for _ in range(3)]

    trades = wait_for(lambda: fills_of(connection, begin, ids), lambda rows: len({row["orderID"] for row in rows}) == 3)

    assert list(dict.fromkeys(row["orderID"] for row in trades)) == ids
    assert sum(row["execQty"] for row in trades) == 9


def fills_of(connection: PhemexConnection, begin: datetime, order_ids: list[str]) -> list[dict[str, Any]]:
    rows = connection.get_trades("BTCUSD", begin, begin + timedelta(hours=1))
    return [row for row in rows if row["orderID"] in order_ids]


def wait_for(look: Callable[[], Any], is_good: Callable[[Any], bool]) -> Any:
    """Ask until the answer is good: reply and market are milliseconds apart."""
    deadline_s = time.monotonic() + LIMIT_S
    while not is_good(found := look()):
        assert time.monotonic() < deadline_s, found
        time.sleep(0.02)
    return found


# ---- Orders --------------------------------------------------------------------------------------------------------


def test_float_price_is_exact(placer: OrderPlacer, row_of) -> None:
    handle = placer.submit(limit_order(10000.3, qty=7.0))

    row = row_of(handle.get_order_id())
    assert (handle.get_symbol(), row["price"], row["order_qty"]) == ("BTCUSD", 100_003_000, 7)


def test_float_off_the_grid_is_refused_before_the_wire(placer: OrderPlacer) -> None:
    with pytest.raises(GridError):
        placer.submit(limit_order(10000.123))


def test_post_only_order_takes_nothing(placer: OrderPlacer, row_of) -> None:
    crossing = placer.submit(limit_order(8000, post_only=True))

    row = wait_for(lambda: row_of(crossing.get_order_id()), lambda row: row["ord_status"] not in ("Created", "New"))
    assert (row["ord_status"], row["cum_qty"]) == ("Canceled", 0)


def test_reduce_only_order_opens_nothing(connect) -> None:
    empty = connect(account=3).get_order_placer()

    with pytest.raises(OrderRejected, match="REDUCE_ONLY"):
        empty.submit(limit_order(reduce_only=True))


def test_day_raises_with_the_reason(placer: OrderPlacer) -> None:
    with pytest.raises(UsageError, match="no day orders"):
        placer.submit(limit_order(time_in_force=TimeInForce.DAY))


def test_unknown_symbol_is_named(placer: OrderPlacer) -> None:
    order = placer.get_order_factory().create_market_order(Side.BUY, 1, Contract("BTCUSB"))

    with pytest.raises(UnknownSymbol, match="BTCUSB"):
        placer.submit(order)


@pytest.mark.parametrize(
    ("condition", "is_limit", "side", "stop_px", "expected"),
    [
        (Condition.IF_TOUCHED, False, Side.SELL, 10000.0, "MarketIfTouched"),
        (Condition.IF_TOUCHED, True, Side.BUY, 8000.0, "LimitIfTouched"),
        (Condition.STOP, False, Side.BUY, 10000.0, "Stop"),
        (Condition.STOP, True, Side.SELL, 8000.0, "StopLimit"),
    ],
)
@pytest.mark.parametrize("trigger", list(Trigger))
def test_conditional_order_waits_for_its_trigger(
    placer: OrderPlacer, row_of, condition, is_limit, side, stop_px, expected, trigger
) -> None:
    factory = placer.get_order_factory()
    limit = factory.create_limit_order(side, 1, stop_px, Contract("BTCUSD"), TimeInForce.GTC)
    inner = limit if is_limit else factory.create_market_order(side, 1, Contract("BTCUSD"))

    handle = placer.submit(ConditionalOrder(condition, trigger, stop_px, inner))

    row = row_of(handle.get_order_id())
    assert (row["ord_type"], row["ord_status"], row["stop_px"]) == (expected, "Untriggered", int(stop_px) * 10_000)
    handle.cancel()
    assert row_of(handle.get_order_id())["ord_status"] == "Deactivated"


def test_leverage_is_set_before_the_order(connect, low_exchange) -> None:
    placer = connect(account=2).get_order_placer()
    found = []
    for leverage in (5, 0):
        order = placer.get_order_factory().create_limit_order(Side.SELL, 1, 10000.0, Contract("BTCUSD", leverage))
        placer.submit(order).cancel()
        rows = dump(low_exchange, "positions?user_id={}".format(low_exchange.ready["accounts"][2]["user_id"]))
        found.append(next(row["leverage_er"] for row in rows if row["symbol"] == "BTCUSD"))

    assert found == [500_000_000, 0]


def test_cancel_of_a_finished_order_raises_order_done(placer: OrderPlacer) -> None:
    cancelled = placer.submit(limit_order())
    cancelled.cancel()
    filled = placer.submit(placer.get_order_factory().create_market_order(Side.BUY, 1, Contract("BTCUSD")))
    swept = placer.submit(limit_order())
    placer.cancel_all("BTCUSD")

    for handle in (cancelled, filled, swept):
        with pytest.raises(OrderDone):
            handle.cancel()


def test_cancel_all_takes_conditional_orders_too(placer: OrderPlacer, row_of) -> None:
    market = placer.get_order_factory().create_market_order(Side.SELL, 1, Contract("BTCUSD"))
    handles = [
        placer.submit(limit_order()),
        placer.submit(ConditionalOrder(Condition.IF_TOUCHED, Trigger.LAST_PRICE, 10000.0, market)),
    ]

    placer.cancel_all("BTCUSD")

    assert [row_of(handle.get_order_id())["ord_status"] for handle in handles] == ["Canceled", "Deactivated"]


def test_orders_from_several_threads_each_end_well(placer: OrderPlacer) -> None:
    done: list[str] = []

    def trade(price: int) -> None:
        for _ in range(5):
            handle = placer.submit(limit_order(price))
            handle.cancel()
            done.append(handle.get_order_id())

    threads = [threading.Thread(target=trade, args=(10_000 + number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_S)

    assert len(set(done)) == 30


# ---- What goes wrong -----------------------------------------------------------------------------------------------


def test_wrong_secret_is_an_authentication_error_that_shows_no_secret(low_exchange) -> None:
    credentials = AuthCredentials(low_exchange.ready["accounts"][0]["api_key"], "not-the-secret")
    place = {"api_url": low_exchange.ready["rest"], "ca_file": low_exchange.ready["ca_file"]}
    connection = PhemexConnection(credentials, **place)

    with connection, pytest.raises(AuthenticationError, match="tidings doctor") as refused:
        connection.get_account_positions("BTC")

    assert "not-the-secret" not in str(refused.value)


def test_nobody_listens_is_told_with_the_address(connect) -> None:
    connection = connect(api_url="http://127.0.0.1:9", ca_file=None)

    with pytest.raises(ConnectionLost, match=r"127\.0\.0\.1:9"):
        connection.get_products()


def test_failed_start_can_be_tried_again(connect) -> None:
    connection = connect(api_url="http://127.0.0.1:9", ca_file=None)

    for _ in range(2):
        with pytest.raises(ConnectionLost):
            connection.get_order_placer().submit(limit_order())


def test_capacity_lowers_the_venues_limit(connect) -> None:
    connection = connect(account=1, capacity=2)
    for _ in range(2):
        connection.get_account_positions("BTC")

    with pytest.raises(RateLimited) as limited:
        connection.get_account_positions("BTC")

    assert 0 < limited.value.retry_after_s <= 63
