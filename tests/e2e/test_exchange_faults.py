"""Faults of connections, requests and answers over real TLS with stock clients, as docs/faults.md shows each kind."""

import json
import subprocess
import sys
import time
import urllib.error
import uuid

import pytest
from exchange_process import launch
from fault_examples import BLOCKS, EXAMPLES, FaultAdmin
from faulty_orders import create, found, new_id
from phemex_client import RestClient

from tidings.exchange.faults.fault_kinds import KINDS


def bodies(data: bytes) -> list[str]:
    """The client ids of the answers in `data`, in order."""
    return [part.split(b'"')[0].decode() for part in data.split(b'"clOrdID":"')[1:]]


# The documents.


def test_every_kind_has_its_example_and_a_file_of_all_is_taken(tmp_path):
    assert set(EXAMPLES) == set(KINDS)
    path = tmp_path / "all.toml"
    path.write_text("seed = 12\n" + "\n".join(BLOCKS))
    exchange = launch(tmp_path, "--no-flow", "--faults", str(path), "--query-lag-ms", "trades=70")
    try:
        shown = FaultAdmin(exchange.ready).call("GET", "/faults")
        assert (shown["seed"], [row["kind"] for row in shown["faults"]]) == (12, [*EXAMPLES, "query-lag"])
        assert {"request": "trades", "lag_ms": 70.0}.items() <= shown["faults"][-1].items()
    finally:
        exchange.stop()


@pytest.mark.parametrize(
    ("arguments", "text", "problem"),
    [
        (["--faults"], '[[fault]]\nkind = "fail"\nstatos = 3\n', "fault 1: fail: unknown key 'statos'"),
        (["--faults"], '[[fault]]\nkind = "refuse-login"\naccount = 9\n', "account: there are 4"),
        (["--faults"], '[[fault]]\nkind = "fail"\nsymbol = "BTC"\n', "fail: symbol: no product 'BTC' is listed here"),
        (["--query-lag-ms", "by-name=5", "--faults"], "", "one of open-orders, by-id, closed, trades or all, not "),
    ],
)
def test_a_wrong_file_or_lag_ends_the_command_with_the_key(tmp_path, arguments, text, problem):
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    command = [sys.executable, "-m", "tidings.exchange", *arguments, str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0 and problem in ended.stderr and "Traceback" not in ended.stderr


def test_the_help_shows_the_kinds():
    command = [sys.executable, "-m", "tidings", "exchange", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert all(f"    {kind} " in text for kind in KINDS)


# Connections.


def test_refuse_connection(faults, raw):
    faults.set("refuse-connection")
    endings = []
    for _ in range(3):
        try:
            one = raw()
            one.send(one.order(new_id()))
            endings.append(one.read()[1])
        except ConnectionError:
            endings.append("reset")
    assert endings == ["reset", "reset", "open"]


def test_cut_request(faults, raw, client):
    faults.set("cut-request")
    name, one = new_id(), raw()
    request = one.order(name)
    one.send(request[:119])
    assert one.read(0.1) == (b"", "open")
    one.send(request[119:])
    assert one.read_to_end() == (b"", "reset")
    assert found(client, name) == []
    faults.call("DELETE", "/faults")
    faults.set("cut-request", at_byte=10_000)
    one = raw()
    one.send(one.order(name))
    assert one.read_to_end() == (b"", "reset")
    assert found(client, name) == ["New"], "a whole request takes effect"


def test_cut_response(faults, raw, client):
    faults.set("cut-response")
    name, one = new_id(), raw()
    one.send(one.order(name))
    data, end = one.read_to_end()
    assert (len(data), data[:15], end, found(client, name)) == (150, b"HTTP/1.1 200 OK", "reset", ["New"])


# Lost and late.


def test_drop(faults, raw, client):
    faults.set("drop")
    lost, one = new_id(), raw()
    one.send(one.order(lost))
    assert one.read() == (b"", "open")
    assert found(client, lost) == ["New"]
    faults.call("DELETE", "/faults")
    faults.set("drop", processed=False, then="close")
    never, one = new_id(), raw()
    one.send(one.order(never))
    assert one.read_to_end() == (b"", "closed")
    assert found(client, never) == []


def test_delay(faults, client, stream):
    faults.set("delay")
    name, start_s = new_id(), time.monotonic()
    answer = create(client, name)
    waited_s = time.monotonic() - start_s
    assert answer.code == 0 and waited_s >= 0.15
    order = stream.next("orders_p")["orders_p"][0]
    assert order["clOrdID"] == name
    assert int(order["transactTimeNs"]) < time.time_ns() - 100_000_000, "the stream told of it long before"


def test_slow_response(faults, client):
    name = new_id()
    faults.set("slow-response")
    start_s = time.monotonic()
    assert create(client, name).data["clOrdID"] == name
    assert time.monotonic() - start_s > 0.2, "some 800 bytes at 2000 a second"


def test_query_lag(faults, client):
    faults.set("query-lag")
    name = new_id()
    create(client, name)
    assert found(client, name) == []
    rows = client.call("GET", "/g-orders/activeList", symbol="BTCUSDT").data["rows"]
    assert name in [row["clOrdID"] for row in rows], "open orders do not lag"
    time.sleep(0.85)
    assert found(client, name) == ["New"]


# Refused by the gateway.


def test_fail(faults, client):
    faults.set("fail")
    name = new_id()
    answer = create(client, name)
    assert (answer.status, answer.headers["content-type"]) == (502, "text/html")
    assert found(client, name) == ["New"]
    faults.call("DELETE", "/faults")
    faults.set("fail", processed=False, status=500)
    name = new_id()
    assert create(client, name).status == 500
    assert found(client, name) == []


def test_rate_limit(faults, client):
    faults.set("rate-limit")
    names = [new_id() for _ in range(6)]
    answers = [create(client, name) for name in names]
    assert [answer.status for answer in answers] == [429] * 5 + [200]
    assert answers[0].headers["x-ratelimit-retry-after-contract"] == "7"
    assert answers[0].headers["x-ratelimit-remaining-contract"] == "0"
    assert [found(client, name) for name in names] == [[]] * 5 + [["New"]]
    faults.call("DELETE", "/faults")
    faults.set("rate-limit", headers=False)
    assert not any(name.startswith("x-ratelimit") for name in create(client, new_id()).headers)


def test_misstate_limits(faults, client):
    faults.set("misstate-limits")
    assert create(client, new_id()).headers["x-ratelimit-remaining-contract"] == "3"
    assert client.call("GET", "/spot/wallets").headers["x-ratelimit-remaining"] == "3"


def test_repeat_request(faults, client):
    faults.set("repeat-request")
    name = new_id()
    assert create(client, name).code == 11085, "the answer to our only request says that it was used before"
    assert found(client, name) == ["New"]
    faults.set("duplicate-id")
    name = new_id()
    assert create(client, name).code == 0
    assert found(client, name) == ["New", "New"], "two orders, where doubles are taken"


# Wrong answers.


def test_garbage(faults, client, raw):
    faults.set("garbage")
    name = new_id()
    answer = create(client, name)
    with pytest.raises(json.JSONDecodeError):
        _ = answer.json
    assert (answer.status, found(client, name)) == (200, ["New"])
    faults.call("DELETE", "/faults")
    faults.set("garbage", shape="not-http", processed=False)
    name, one = new_id(), raw()
    one.send(one.order(name))
    data, _ = one.read_what_comes()
    assert data and not data.startswith(b"HTTP/") and found(client, name) == []


def test_shift_and_swap_responses(faults, raw):
    for kind, expected in (("shift-responses", [0, 1]), ("swap-responses", [1, 0, 2])):
        fault_id = faults.set(kind)
        names, one = [new_id() for _ in range(3)], raw()
        one.send(b"".join(map(one.order, names)))
        data, end = one.read_what_comes()
        assert (bodies(data), end) == ([names[place] for place in expected], "open"), kind
        faults.call("DELETE", f"/faults?id={fault_id}")


def test_duplicate_and_unsolicited_and_interim_responses(faults, raw):
    for kind, expected_count in (("duplicate-response", 2), ("unsolicited-response", 2), ("interim-responses", 1)):
        fault_id = faults.set(kind)
        name, one = new_id(), raw()
        one.send(one.order(name))
        first, _ = one.read_what_comes(0.05)
        rest, _ = one.read(0.3)
        assert bodies(first + rest) == [name] * expected_count, kind
        if kind == "unsolicited-response":
            assert bodies(first) == [name] and bodies(rest) == [name]
        if kind == "interim-responses":
            assert first.count(b"HTTP/1.1 103 ") == 3
        faults.call("DELETE", f"/faults?id={fault_id}")


def test_close_after(faults, raw):
    faults.set("close-after")
    names, one = [new_id(), new_id()], raw()
    one.send(b"".join(map(one.order, names)))
    data, end = one.read_to_end()
    assert b"\r\nConnection: close\r\n" in data and (bodies(data), end) == (names[:1], "closed")


# The plan.


def test_the_same_seed_and_the_same_requests_fail_alike(tmp_path):
    def statuses(seed: int) -> list[int]:
        directory = tmp_path / uuid.uuid4().hex
        directory.mkdir()
        path = directory / "half.toml"
        path.write_text(f'seed = {seed}\n[[fault]]\nkind = "fail"\nrequest = "create"\nprobability = 0.5\n')
        exchange = launch(directory, "--no-flow", "--no-rate-limits", "--faults", str(path))
        client = RestClient(exchange.ready)
        found = [create(client, f"s-{number}").status for number in range(24)]
        client.close()
        exchange.stop()
        return found

    first = statuses(5)
    assert first == statuses(5)
    assert set(first) == {200, 503}


def test_faults_are_counted_in_the_dump(faults, client):
    faults.set("fail")
    before = faults.count("fail")
    create(client, new_id())
    dump = faults.call("GET", "/dump")
    assert dump["counters"]["fault.fail"] == before + 1
    assert [(row["kind"], row["could"], row["did"]) for row in dump["faults"]] == [("fail", 1, 1)]


def test_a_wrong_fault_is_refused_with_its_key(faults):
    with pytest.raises(urllib.error.HTTPError) as refused:
        faults.call("POST", "/faults", {"kind": "delay", "delay_ms": "long"})
    assert refused.value.code == 400
    assert json.load(refused.value)["error"] == "fault 1: delay: delay_ms: a number: was 'long'"
