"""The initiator against a scripted peer that shares no code with it."""

import asyncio
import base64
import hashlib
import hmac
import logging
import ssl
from decimal import Decimal

import pytest
from fix_peer import FixPeer, report
from self_signed import self_signed

from tidings.errors import ConfigError, ConnectionLost, TidingsError, UsageError
from tidings.fix_client import FixClient
from tidings.fix_client import inbox as inbox_module
from tidings.net import outgoing as outgoing_module

ORDER = {11: "a1", 38: Decimal("0.01"), 40: 2, 44: "55000", 54: b"1", 55: "BTCUSDT"}


@pytest.fixture
async def peer():
    async with FixPeer() as peer:
        yield peer


async def logged_on(peer, **options):
    """A client inside its session, and the Logon it sent; the caller leaves it with `__aexit__`."""
    client = FixClient(peer.address, "ME", "VENUE", **options)
    _, logon = await asyncio.gather(client.__aenter__(), peer.logon())
    return client, logon


async def test_it_logs_on_sends_receives_and_says_goodbye(peer):
    client, logon = await logged_on(peer, auth="password", username="desk", secret="hunter2")
    assert [logon[tag] for tag in (34, 49, 56, 98, 108, 553, 554)] == ["1", "ME", "VENUE", "0", "30", "desk", "hunter2"]
    assert 141 not in logon
    assert client.send("D", ORDER) == 2
    order = await peer.expect("D")
    assert [order[tag] for tag in (34, 11, 38, 40, 44, 54, 55)] == ["2", "a1", "0.01", "2", "55000", "1", "BTCUSDT"]
    assert [tag for tag in order if tag not in (8, 9, 35, 34, 49, 52, 56, 10)] == [11, 38, 40, 44, 54, 55, 60]
    peer.send("8", *report("a1", "E1"))
    message = await client.receive(5)
    assert (message.message_type, message.get(11), message.get(17)) == (b"8", b"a1", b"E1")
    leaving = asyncio.create_task(client.__aexit__())
    await peer.expect("5")
    peer.send("5")
    await leaving
    assert not client.is_logged_on


async def test_it_proves_itself_by_hmac(peer):
    client, logon = await logged_on(peer, auth="hmac", username="desk", secret="hunter2")
    hashed = "\x01".join(logon[tag] for tag in (52, 35, 34, 49, 56, 554))
    assert logon[96] == base64.b64encode(hmac.digest(b"hunter2", hashed.encode(), hashlib.sha256)).decode()
    assert "hunter2" not in repr(logon)
    peer.cut()
    await client.__aexit__()


async def test_a_refused_logon_is_told_with_its_text(peer):
    entering = asyncio.create_task(FixClient(peer.address, "ME", "VENUE").__aenter__())
    await peer.accept()
    await peer.expect("A")
    peer.send("5", (58, "Authentication failed"))
    with pytest.raises(ConnectionLost, match=r"refused by the peer: Authentication failed"):
        await entering


async def test_a_silent_refusal_and_nobody_there_say_what_to_look_at(peer):
    entering = asyncio.create_task(FixClient(peer.address, "ME", "VENUE").__aenter__())
    await peer.accept()
    peer.cut()
    with pytest.raises(ConnectionLost, match="does it know these CompIDs"):
        await entering
    peer._server.close()
    with pytest.raises(ConnectionLost, match="does anything listen there") as caught:
        await FixClient(peer.address, "ME", "VENUE").__aenter__()
    assert str(caught.value).count(peer.address) == 1


async def test_a_lost_connection_is_dialled_again_and_what_was_missed_comes(peer):
    client, _ = await logged_on(peer)
    peer.cut()
    peer.send("8", *report("a1", "E1"))  # number 2, into the dead connection
    again = await peer.logon()
    assert again[34] == "2"
    request = await peer.expect("2")
    assert (request[7], request[16]) == ("2", "0")
    peer.send("8", (43, "Y"), (122, "20260801-12:34:56"), *report("a1", "E1"), seq=2)
    peer.send("4", (43, "Y"), (122, "20260801-12:34:56"), (36, 4), (123, "Y"), seq=3)
    peer.send("8", *report("a1", "E2"))
    assert [(await client.receive(5)).get(17) for _ in range(2)] == [b"E1", b"E2"]
    assert client.logon_count == 2
    peer.cut()
    await client.__aexit__()


async def test_nothing_is_kept_for_later_while_not_logged_on(peer):
    client, _ = await logged_on(peer)
    peer.cut()
    while client.is_logged_on:
        await asyncio.sleep(0.01)
    with pytest.raises(ConnectionLost, match="nothing was sent"):
        client.send("D", ORDER)
    assert client.session.store.next_out == 2
    await client.__aexit__()


async def test_what_a_listener_could_not_take_ends_the_client_and_does_not_count(peer, tmp_path):
    client, _ = await logged_on(peer, store=tmp_path / "me")
    client.listen(lambda message: 1 // 0)
    peer.send("8", *report("a1", "E1"))
    with pytest.raises(ZeroDivisionError):
        await client.receive(5)
    with pytest.raises(ZeroDivisionError):
        await client.__aexit__()
    client = FixClient(peer.address, "ME", "VENUE", store=tmp_path / "me")
    heard = []
    client.listen(lambda message: heard.append(message.get_bytes(17)))
    await asyncio.gather(client.__aenter__(), peer.logon())
    request = await peer.expect("2")
    assert request[7] == "2"  # the number of the report that was not dealt with
    peer.send("8", (43, "Y"), (122, "20260801-12:34:56"), *report("a1", "E1"), seq=2)
    async with asyncio.timeout(30):
        while not heard:
            await asyncio.sleep(0.01)
    assert heard == [b"E1"]
    peer.cut()
    await client.__aexit__()


async def test_a_heap_that_nobody_reads_ends_the_client(peer, monkeypatch):
    monkeypatch.setattr(inbox_module, "MESSAGES_MAX", 1)
    client, _ = await logged_on(peer)
    peer.send("8", *report("a1", "E1"))
    peer.send("8", *report("a1", "E2"))
    with pytest.raises(TidingsError, match="nobody reads"):
        async with asyncio.timeout(30):
            while client.is_logged_on:
                await asyncio.sleep(0.01)
            await client.__aexit__()


async def test_a_reject_is_received_like_a_report(peer):
    client, _ = await logged_on(peer)
    seq = client.send("D", ORDER)
    peer.send("3", (45, seq), (58, "Invalid tag number"), (372, "D"), (373, 0))
    reject = await client.receive(5)
    assert (reject.message_type, reject.get(45)) == (b"3", b"2")
    peer.cut()
    await client.__aexit__()


async def test_patience_waits_for_a_venue_that_is_not_there_yet(peer):
    client = FixClient(peer.address, "ME", "VENUE", patience_s=20)
    entering = asyncio.create_task(client.__aenter__())
    await peer.accept()
    peer.cut()
    await peer.logon()
    await entering
    assert client.logon_count == 1
    peer.cut()
    await client.__aexit__()


async def test_no_secret_is_shown_or_kept(peer, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    client, logon = await logged_on(peer, auth="password", username="desk", secret="hunter2", store=tmp_path / "me")
    assert logon[554] == "hunter2"
    peer.cut()
    await client.__aexit__()
    assert not [path for path in (tmp_path / "me").iterdir() if b"hunter2" in path.read_bytes()]
    assert "hunter2" not in caplog.text + repr(vars(client))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({34: 7}, r"tag 34 \(MsgSeqNum\) is the session's own"),
        ({58: ""}, "tag 58"),
        ({58: "a\x01b"}, "tag 58"),
        ({44: 1.5}, "tag 44"),
        ({"Symbol": "BTCUSDT"}, "'Symbol' is no tag"),
        ({43: "Y"}, "session's own"),
    ],
)
async def test_fields_that_cannot_go_out_are_refused(peer, fields, words):
    client, _ = await logged_on(peer)
    with pytest.raises(UsageError, match=words):
        client.send("D", ORDER | fields)
    assert client.session.store.next_out == 2
    peer.cut()
    await client.__aexit__()


async def test_pairs_keep_their_order_and_routing_goes_into_the_header(peer):
    client, _ = await logged_on(peer)
    client.send("V", [(50, "desk"), (262, "m"), (263, 1), (264, 0), (267, 2), (269, 0), (269, 1), (146, 1), (55, "X")])
    request = await peer.expect("V")
    assert list(request)[3:8] == [34, 49, 50, 52, 56]
    assert list(request)[8:] == [262, 263, 264, 267, 269, 146, 55, 10]
    peer.cut()
    await client.__aexit__()


@pytest.mark.parametrize("address", ["nowhere", "host:", ":5001", "host:0", "host:99999", "host:port"])
def test_an_address_is_a_host_and_a_port(address):
    with pytest.raises(UsageError, match="HOST:PORT"):
        FixClient(address, "ME", "VENUE")


def test_outside_of_its_block_there_is_no_session():
    client = FixClient("[::1]:5001", "ME", "VENUE")
    assert (client.host, client.port) == ("::1", 5001)
    with pytest.raises(ConfigError, match="async with"):
        _ = client.session


# ---- TLS ------------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path):
    return self_signed(tmp_path)


async def test_tls_is_verified_unless_that_is_turned_off(certificate, caplog):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with FixPeer(context) as peer:
        with pytest.raises(ConnectionLost, match=r"certificate refused.*ca_file"):
            await FixClient(peer.address, "ME", "VENUE", tls=True).__aenter__()
        for options in ({"ca_file": str(certificate)}, {"tls": True, "verify": False}):
            peer.next_out = 1
            client, logon = await logged_on(peer, **options)
            assert logon[49] == "ME"
            peer.cut()
            await client.__aexit__()
    assert "not verified" in caplog.text


def test_credentials_that_cannot_be_are_refused_before_dialling():
    for auth, words in (("hmc", "none, password, hmac: was 'hmc'"), ("password", "needs a secret")):
        with pytest.raises(ConfigError, match=words):
            FixClient("127.0.0.1:5001", "ME", "VENUE", auth=auth)


async def test_a_peer_without_tls_is_suspected_of_it(monkeypatch):
    monkeypatch.setattr(outgoing_module, "CONNECT_TIMEOUT_S", 0.2)
    mute = await asyncio.start_server(lambda reader, writer: asyncio.sleep(5), "127.0.0.1", 0)
    address = f"127.0.0.1:{mute.sockets[0].getsockname()[1]}"
    with pytest.raises(ConnectionLost, match=r"no TLS connection within 0\.2 s: does it speak TLS\?$"):
        async with FixClient(address, "ME", "VENUE", tls=True):
            pass
    mute.close()


def test_hosts_elsewhere_get_tls_without_being_asked(tmp_path):
    assert FixClient("fix.example.com:443", "ME", "VENUE")._tls.verify_mode is ssl.CERT_REQUIRED
    assert FixClient("fix.example.com:443", "ME", "VENUE")._tls.check_hostname
    assert FixClient("fix.example.com:443", "ME", "VENUE", tls=False)._tls is None
    assert FixClient("localhost:5001", "ME", "VENUE")._tls is None
    with pytest.raises(ConfigError, match="ca_file"):
        FixClient("fix.example.com:443", "ME", "VENUE", ca_file=str(tmp_path / "none.pem"))
