"""`FixClient` and `tidings fix-order` against the gateway, which a client of simplefix's watches."""

import asyncio
import signal

import msgspec
import pytest
from gateway_process import open_orders
from phemex_client import RestClient
from self_signed import self_signed

from tidings import connect
from tidings.errors import ConnectionLost
from tidings.fix_client import FixClient
from tidings.fix_gateway.config import GatewayConfig
from tidings.fix_gateway.gateway import Gateway

LIMIT = {38: "0.01", 40: "2", 44: "54900", 54: "1", 55: "BTCUSDT"}


def text_of(message, *tags):
    return [message.get(tag).decode() for tag in tags]


async def test_a_client_trades_through_a_cut(start_gateway, quiet_exchange, tmp_path):
    store = f'store = "{tmp_path}/gateway"\nauth = "hmac"\nusername = "desk"\nsecret = "open sesame"\n'
    gateway = start_gateway(C1=store)
    options = {"store": tmp_path / "client", "auth": "hmac", "username": "desk", "secret": "open sesame"}
    async with FixClient(gateway.ready["fix"], "C1", "PHEMEX", **options) as client:
        client.send("D", LIMIT | {11: "o1"})
        assert text_of(await client.receive(10), 35, 11, 150, 39) == ["8", "o1", "0", "0"]
        client.send("G", {11: "r1", 41: "o1", 38: "0.02", 40: "2", 44: "54800", 54: "1", 55: "BTCUSDT"})
        assert text_of(await client.receive(10), 11, 150, 38) == ["r1", "5", "0.02"]
        client.cut()
        await asyncio.sleep(0)
        await client.logged_on(10)
        assert client.logon_count == 2
    async with FixClient(gateway.ready["fix"], "C1", "PHEMEX", **options) as client:
        client.send("F", {11: "c1", 41: "r1", 54: "1", 55: "BTCUSDT"})
        assert text_of(await client.receive(10), 11, 150, 39) == ["c1", "4", "4"]
        client.send("BE", {923: "u", 924: "1", 553: "x"})
        assert text_of(await client.receive(10), 35, 372, 380) == ["j", "BE", "3"]
    assert open_orders(quiet_exchange) == []
    assert gateway.stop() == 0


async def test_what_happened_while_away_is_told(start_gateway, quiet_exchange, tmp_path):
    gateway = start_gateway(C1=f'store = "{tmp_path}/gateway"\n')
    seller = RestClient(quiet_exchange.ready, 1)
    async with FixClient(gateway.ready["fix"], "C1", "PHEMEX", store=tmp_path / "client") as client:
        client.send("D", LIMIT | {11: "o1", 44: "61610"})
        assert text_of(await client.receive(10), 150) == ["0"]
    for side in ("Sell", "Buy"):
        seller.call("PUT", "/g-orders/create", symbol="BTCUSDT", clOrdID=f"away-{side}-{gateway.ready['pid']}",
                    side=side, ordType="Limit", priceRp="61610", orderQtyRq="0.01", timeInForce="GoodTillCancel",
                    posSide="Merged")  # fmt: skip
        await asyncio.sleep(1.0)  # the fill is told before the client is back
        async with FixClient(gateway.ready["fix"], "C1", "PHEMEX", store=tmp_path / "client") as client:
            if side == "Sell":
                assert text_of(await client.receive(10), 11, 150, 39, 43) == ["o1", "F", "2", "Y"]
                client.send("D", LIMIT | {11: "back", 54: "2", 44: "61610"})
                assert text_of(await client.receive(10), 150) == ["0"]
            else:
                assert text_of(await client.receive(10), 11, 150, 39, 43) == ["back", "F", "2", "Y"]
    seller.close()
    assert gateway.stop(signal.SIGTERM) == 0


def test_the_command_says_how_it_went(start_gateway, run_here, monkeypatch, tmp_path):
    gateway = start_gateway(C1='auth = "password"\nusername = "desk"\nsecret = "open sesame"\n')
    who = ("fix-order", gateway.ready["fix"], "C1", "PHEMEX")
    proof = ("--auth", "password", "--username", "desk")
    monkeypatch.setattr("tidings.cli.fix_order.SECRET_VARIABLE", "FIX_SECRET_OF_THIS_TEST")
    assert run_here(*who, "D", "55=BTCUSDT", "54=1", "38=0.01", "44=54900", *proof).returncode == 2
    monkeypatch.setenv("FIX_SECRET_OF_THIS_TEST", "guess")
    refused = run_here(*who, "D", "55=BTCUSDT", "54=1", "38=0.01", "44=54900", *proof)
    assert (refused.returncode, "Authentication failed" in refused.stderr) == (1, True)
    monkeypatch.setenv("FIX_SECRET_OF_THIS_TEST", "open sesame")
    new = run_here(*who, "D", "Symbol=BTCUSDT", "Side=1", "OrderQty=0.01", "Price=54900", "ClOrdID=n1", *proof)
    assert (new.returncode, new.stderr) == (0, "")
    assert "ExecutionReport (8)" in new.stdout
    assert new.stdout.endswith("n1: new\n")
    gone = run_here(*who, "F", "55=BTCUSDT", "54=1", "41=n1", "11=c1", *proof, "--json")
    assert (gone.returncode, gone.json["outcome"]) == (0, "canceled")
    assert gone.json["sent"] == {"11": "c1", "41": "n1", "54": "1", "55": "BTCUSDT"}
    assert ["150", "4"] in gone.json["received"][-1]
    again = run_here(*who, "F", "55=BTCUSDT", "54=1", "41=n1", *proof)
    assert (again.returncode, "refused" in again.stderr) == (1, True)
    nothing = run_here(*who, "D", "55=BTCUSDT", "54=1", "38=0.01", "44=54900", "59=3", *proof)
    assert (nothing.returncode, "expired" in nothing.stderr) == (1, True)
    assert nothing.stderr.removeprefix("tidings fix-order: ") not in nothing.stdout  # a terminal shows both
    assert "open sesame" not in new.stdout + new.stderr + gone.stdout + gone.stderr


async def test_gateway_and_client_meet_over_tls(quiet_exchange, tmp_path):
    certificate = str(self_signed(tmp_path))
    listen = {"host": "127.0.0.1", "port": 0, "tls_certificate": certificate, "tls_key": certificate}
    session = {"our_comp_id": "PHEMEX", "client_comp_id": "C1", "account": "2", "store": "memory"}
    config = msgspec.convert({"listen": listen, "session": [session]}, GatewayConfig)
    options = {"exchange": str(quiet_exchange.ready_file), "rate_limits": False}
    async with Gateway(config, connect, "local", **options) as gateway:
        address = f"127.0.0.1:{gateway.port}"
        with pytest.raises(ConnectionLost, match="certificate refused"):
            await FixClient(address, "C1", "PHEMEX", tls=True).__aenter__()
        with pytest.raises(ConnectionLost):
            await FixClient(address, "C1", "PHEMEX").__aenter__()  # plain, into TLS
        async with FixClient(address, "C1", "PHEMEX", ca_file=certificate) as client:
            client.send("D", LIMIT | {11: "tls-1"})
            assert text_of(await client.receive(10), 11, 150) == ["tls-1", "0"]
            client.send("F", {11: "tls-2", 41: "tls-1", 54: "1", 55: "BTCUSDT"})
            assert text_of(await client.receive(10), 11, 150) == ["tls-2", "4"]
