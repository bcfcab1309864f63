"""What stands before every endpoint: signatures, rate limits, pipelining, and the refusal of what is not HTTP."""

import json
import socket
import ssl
import time
from urllib.parse import urlsplit

import pytest
from phemex_client import RestClient, StreamClient

QUERY = "currency=BTC"
PATH = "/accounts/accountPositions"


def signed(client: RestClient, **changes: str) -> dict[str, str]:
    headers = client.signed_headers(PATH, QUERY)
    return headers | {f"x-phemex-{name.replace('_', '-')}": value for name, value in changes.items()}


def test_a_signed_request_is_served_and_an_unsigned_one_is_not(clients):
    assert clients[0].send("GET", PATH, QUERY, "", signed(clients[0])).status == 200
    answer = clients[0].public(PATH, QUERY)
    assert (answer.status, answer.json) == (401, {"msg": "Missing required parameter", "code": 10500})


def test_an_unknown_key_a_wrong_signature_and_a_past_expiry_are_401(clients):
    client = clients[0]
    unknown = client.send("GET", PATH, QUERY, "", signed(client, access_token="someone"))
    assert (unknown.status, unknown.json) == (401, {"code": "401", "msg": "401 Failed to load API KEY."})
    forged = client.send("GET", PATH, QUERY, "", signed(client, request_signature="0" * 64))
    assert (forged.status, forged.json) == (401, {"msg": "API Signature verification failed.", "code": 10500})
    past = client.send("GET", PATH, QUERY, "", client.signed_headers(PATH, QUERY, expiry_s=int(time.time()) - 2))
    assert (past.status, past.json["code"]) == (401, 10500)
    moved = client.send("GET", PATH, QUERY + "&x=1", "", signed(client))
    assert moved.status == 401, "the signature covers the query"


def test_the_signature_is_taken_over_the_raw_target(clients):
    query = "symbol=BTCUSD&orderID=a%2Cb"
    assert clients[0].call("DELETE", "/orders", query).status == 200


def test_a_key_signs_for_its_own_account_only(clients):
    ids = [client.call("GET", PATH, QUERY).data["account"]["accountId"] for client in clients]
    users = [client.account["user_id"] for client in clients]
    assert ids == [user_id * 10_000 + 1 for user_id in users]


def test_a_signed_ping_counts_as_others_and_an_unsigned_one_shows_no_counter(clients):
    ping = clients[0].call("GET", "/public/time")
    assert ping.headers["x-ratelimit-capacity"] == "100"
    assert not [name for name in clients[0].public("/public/time").headers if name.startswith("x-ratelimit")]


def test_the_group_used_up_is_429_with_the_seconds_to_wait_and_no_effect(start_exchange):
    client = RestClient(start_exchange("--no-flow").ready)
    answers = [client.call("GET", "/public/time") for _ in range(101)]
    if answers[100].status == 200:  # a minute began meanwhile: now there is a whole one
        answers += [client.call("GET", "/public/time") for _ in range(100)]
    refused = answers[-1]
    assert (refused.status, refused.json) == (429, {"code": "39995", "msg": "Too many requests."})
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert 1 <= int(refused.headers["x-ratelimit-retry-after"]) <= 60
    assert "x-ratelimit-retry-after" not in answers[0].headers
    order = client.call("PUT", "/orders/create", symbol="BTCUSD", side="Buy", orderQty=1, priceEp=500_000_000)
    assert int(order.headers["x-ratelimit-remaining-contract"]) == 499, "another group has permits of its own"


def test_the_vip_profile_counts_symbols_and_wants_every_path_signed(start_exchange):
    client = RestClient(start_exchange("--no-flow", "--rate-profile", "vip").ready)
    assert client.public("/public/time").status == 401
    answer = client.call("GET", "/g-orders/activeList", symbol="BTCUSDT")
    assert answer.headers["x-ratelimit-capacity-contract"] == "5000"
    assert answer.headers["x-ratelimit-remaining-contract_btcusdt"] == "499"


def connected(ready) -> ssl.SSLSocket:
    url = urlsplit(ready["rest"])
    context = ssl.create_default_context(cafile=ready["ca_file"])
    return context.wrap_socket(socket.create_connection((url.hostname, url.port), 10), server_hostname=url.hostname)


def read_until_closed(connection: ssl.SSLSocket) -> bytes:
    received = b""
    while data := connection.recv(65536):
        received += data
    return received


def test_pipelined_requests_are_answered_in_order(quiet_exchange, clients):
    requests = b""
    for number in range(40):
        query = f"symbol=BTCUSD&id={number}"
        headers = clients[0].signed_headers("/md/orderbook", query)
        lines = [f"GET /md/orderbook?{query} HTTP/1.1", "Host: localhost", *(f"{k}: {v}" for k, v in headers.items())]
        requests += "\r\n".join([*lines, "", ""]).encode()
    with connected(quiet_exchange.ready) as connection:
        connection.sendall(requests + b"GET /public/time HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        received = read_until_closed(connection)
    bodies = [part.partition(b"\r\n\r\n")[2] for part in received.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert [json.loads(body).get("id") for body in bodies] == [*range(40), None]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /public/time HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 9000, b"414"),
        (b"GET / HTTP/1.1\r\nHost: h\r\nA: " + b"a" * 17_000, b"431"),
        (b"POST /orders HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"POST /orders HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", b"501"),
    ],
)
def test_what_is_not_served_is_answered_and_the_connection_closed(quiet_exchange, data, status):
    with connected(quiet_exchange.ready) as connection:
        connection.sendall(data)
        received = read_until_closed(connection)
    assert received.split(b" ")[1] == status
    assert b"Connection: close" in received


@pytest.mark.parametrize("body", ["[1]", "{", '{"symbol":{"a":1}}', "[" * 60_000, "\x00"])
def test_a_body_that_is_no_flat_object_is_a_parameter_error(clients, body):
    headers = clients[0].signed_headers("/orders", "", body)
    answer = clients[0].send("POST", "/orders", "", body, headers)
    assert (answer.status, answer.code) == (200, 39108)


def test_streams_answer_on_both_paths_and_plain_requests_there_do_not(quiet_exchange, clients):
    for path in ("/ws", "/"):
        assert StreamClient(quiet_exchange.ready, path=path).request("server.ping")["result"] == "pong"
    assert clients[0].public("/ws").status == 404
