"""Faults of account streams and of orders over real TLS with stock clients, as docs/faults.md shows each kind."""

import time

import pytest
from faulty_orders import create, found, new_id
from phemex_client import RestClient, StreamClient, StreamClosed

# Streams.


def told(stream, count: int) -> list[str]:
    """The client ids of the next messages."""
    return [stream.next("orders_p")["orders_p"][0]["clOrdID"] for _ in range(count)]


def create_all(client, count: int) -> list[str]:
    names = [new_id() for _ in range(count)]
    for name in names:
        assert create(client, name).code == 0
    return names


def test_refuse_login(faults, faulty_exchange):
    faults.set("refuse-login")
    stream = StreamClient(faulty_exchange.ready)
    answers = [stream.login() for _ in range(4)]
    stream.close()
    refusal = {"code": 6012, "message": "invalid login token"}
    assert [answer["error"] for answer in answers] == [refusal] * 3 + [None]


def test_refuse_subscription(faults, faulty_exchange):
    faults.set("refuse-subscription")
    stream = StreamClient(faulty_exchange.ready)
    stream.login()
    assert stream.request("aop_p.subscribe")["error"]["code"] == 6001
    assert stream.request("aop.subscribe")["error"] is None
    stream.close()


def test_omit_message(faults, client, stream):
    faults.set("omit-message")
    names = create_all(client, 40)
    faults.call("DELETE", "/faults")
    (last,) = create_all(client, 1)
    heard = []
    while not heard or heard[-1] != last:
        heard += told(stream, 1)
    missing_count = len(names) - (len(heard) - 1)
    assert missing_count == faults.count("omit-message") and 1 <= missing_count <= 20
    assert heard[:-1] == [name for name in names if name in heard], "the others came in order"


def test_duplicate_message(faults, client, stream):
    faults.set("duplicate-message", count=1)
    first, second = create_all(client, 2)
    assert told(stream, 4) == [first, first, first, second]


def test_reorder_messages(faults, client, stream):
    faults.set("reorder-messages")
    first, second = create_all(client, 2)
    assert told(stream, 2) == [second, first]


def test_delay_message(faults, client, stream):
    faults.set("delay-message")
    first, second = create_all(client, 2)
    assert told(stream, 2) == [second, first]


def test_late_fill(faults, client, stream, faulty_exchange):
    faults.set("late-fill")
    other = RestClient(faulty_exchange.ready, 1)
    name, later = new_id(), new_id()
    create(client, name, priceRp="60000")
    create(other, new_id(), priceRp="60000", side="Sell")
    create(client, later)
    states = [stream.next("orders_p")["orders_p"][0] for _ in range(3)]
    assert [(row["clOrdID"], row["ordStatus"]) for row in states] == [
        (name, "New"), (later, "New"), (name, "Filled"),
    ]
    faults.call("DELETE", "/faults")
    create(other, new_id(), priceRp="60000")
    create(client, new_id(), priceRp="60000", side="Sell")
    other.close()


def test_stall_stream(faults, client, stream):
    faults.set("stall-stream")
    names, start_s = create_all(client, 3), time.monotonic()
    assert stream.request("server.ping")["result"] == "pong"
    assert [m for m in stream.messages if "orders_p" in m] == []
    assert told(stream, 3) == names
    assert time.monotonic() - start_s > 0.3


def test_cut_stream(faults, client, stream):
    faults.set("cut-stream")
    create_all(client, 1)
    with pytest.raises(StreamClosed) as closed:
        stream.next("orders_p")
    assert closed.value.code == 1012


# Orders.


def test_duplicate_id(faults, client):
    name = new_id()
    assert [create(client, name).code for _ in range(2)] == [0, 11085]
    faults.set("duplicate-id", code=19999, remembered_ms=3_600_000)
    assert create(client, name).code == 19999
    faults.call("DELETE", "/faults")
    faults.set("duplicate-id")
    assert create(client, name).code == 0
    assert found(client, name) == ["New", "New"]


def test_reject_after_accept(faults, client, stream):
    faults.set("reject-after-accept")
    name = new_id()
    assert create(client, name).data["execStatus"] == "PendingNew"
    row = stream.next("orders_p")["orders_p"][0]
    assert (row["clOrdID"], row["ordStatus"], row["execStatus"], row["code"]) == (
        name, "Rejected", "CreateRejected", 11001,
    )


def test_cancel_after_accept(faults, client, stream):
    faults.set("cancel-after-accept")
    name = new_id()
    create(client, name)
    rows = [stream.next("orders_p")["orders_p"][0] for _ in range(2)]
    assert [(row["ordStatus"], row["cxlRejReason"]) for row in rows] == [("New", 0), ("Canceled", 101)]


def test_slow_matching(faults, client):
    faults.set("slow-matching")
    name = new_id()
    create(client, name)
    assert client.call("DELETE", "/g-orders/cancel", symbol="BTCUSDT", posSide="Merged", clOrdID=name).code == 0
    assert found(client, name) == ["New"]
    time.sleep(0.4)
    assert found(client, name) == ["Canceled"]
