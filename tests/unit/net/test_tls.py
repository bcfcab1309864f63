"""Who is refused, who is let in, and that nothing of ours is sent before."""

import asyncio
import socket
import ssl

import pytest

from tidings.clock import Clock
from tidings.errors import ConfigError, ConnectionLost
from tidings.net.dialer import Dialer, Endpoint
from tidings.net.tls import LibsslChannel, TlsContext
from tidings.net.tls_memory import MemoryTlsChannel


@pytest.fixture(params=["libssl", "memory"])
def kind(request):
    return request.param


@pytest.fixture
def context(authority, kind):
    return TlsContext(authority.ca_file, use_libssl=kind == "libssl")


def test_ways_are_told_apart(context, kind):
    assert context.is_direct == (kind == "libssl")


async def test_good_certificate_is_let_in(link, kind):
    connection, _ = link
    assert isinstance(connection.channel, LibsslChannel if kind == "libssl" else MemoryTlsChannel)
    assert connection.channel.version == "TLSv1.3"


async def test_peer_sees_name_and_protocol(context, peer):
    names = []
    peer.tls.sni_callback = lambda stream, name, tls: names.append(name)
    dialer = Dialer(Endpoint("localhost", peer.port), Clock(), context)
    accepting = asyncio.create_task(asyncio.to_thread(peer.accept))
    channel = await dialer.open_channel()
    await accepting
    assert names == ["localhost"]
    assert peer.stream.selected_alpn_protocol() == "http/1.1"
    assert peer.stream.compression() is None
    channel.close()


async def test_address_sends_no_name(context, peer):
    names = []
    peer.tls.sni_callback = lambda stream, name, tls: names.append(name)
    accepting = asyncio.create_task(asyncio.to_thread(peer.accept))
    channel = await Dialer(Endpoint("127.0.0.1", peer.port), Clock(), context).open_channel()
    await accepting
    assert names == [None]  # RFC 6066 §3: no addresses
    channel.close()


async def test_tls_1_2_is_let_in(context, make_peer, certificate):
    peer = make_peer(certificate, newest=ssl.TLSVersion.TLSv1_2)
    accepting = asyncio.create_task(asyncio.to_thread(peer.accept))
    channel = await Dialer(Endpoint("127.0.0.1", peer.port), Clock(), context).open_channel()
    await accepting
    assert channel.version == "TLSv1.2"
    channel.close()


async def refusal(dialer, peer):
    """The message we refuse `peer` with; asserts that its side never finished a handshake, so nothing can have come."""
    accepting = asyncio.create_task(asyncio.to_thread(peer.accept))
    with pytest.raises(ConnectionLost) as refused:
        await dialer.open_channel()
    with pytest.raises(OSError):    # ssl.SSLError, or the reset
        await accepting
    return str(refused.value)


BAD_CERTIFICATES = {
    "expired": (["127.0.0.1"], {"days": (-9, -1)}, "certificate has expired", "clock"),
    "not yet valid": (["127.0.0.1"], {"days": (1, 9)}, "certificate is not yet valid", "clock"),
    "wrong address": (["10.9.8.7"], {}, "IP address mismatch", "address the certificate lists"),
    "only a common name": ([], {}, "IP address mismatch", "address the certificate lists"),
    "self-signed": (["127.0.0.1"], {"is_self_signed": True}, "self-signed certificate", "ca_file"),
}


@pytest.mark.parametrize("case", BAD_CERTIFICATES)
async def test_bad_certificate_is_refused_before_anything_is_sent(context, make_peer, authority, case):
    names, options, reason, advice = BAD_CERTIFICATES[case]
    peer = make_peer(authority.issue(f"{case}.pem", *names, **options))

    message = await refusal(Dialer(Endpoint("127.0.0.1", peer.port), Clock(), context), peer)

    assert message.startswith(f"127.0.0.1:{peer.port}: certificate refused: ")
    assert reason.lower() in message.lower().replace("self signed", "self-signed")
    assert "nothing was sent" in message
    assert advice in message


async def test_wrong_host_name_is_refused(context, make_peer, authority):
    peer = make_peer(authority.issue("other.pem", "api.example.com", "*.localhost", "127.0.0.1"))
    message = await refusal(Dialer(Endpoint("localhost", peer.port), Clock(), context), peer)
    assert "hostname mismatch" in message.lower()


async def test_unknown_authority_is_refused(peer, kind):
    context = TlsContext(use_libssl=kind == "libssl")   # the machine's authorities
    message = await refusal(Dialer(Endpoint("127.0.0.1", peer.port), Clock(), context), peer)
    assert "unable to get local issuer certificate" in message
    assert "ca_file" in message


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
async def test_tls_1_1_is_refused(context, make_peer, certificate):
    peer = make_peer(certificate, newest=ssl.TLSVersion.TLSv1_1)
    peer.tls.set_ciphers("DEFAULT@SECLEVEL=0")
    message = await refusal(Dialer(Endpoint("127.0.0.1", peer.port), Clock(), context), peer)
    assert "TLS handshake failed" in message


async def test_peer_without_tls_is_refused(context, make_peer):
    peer = make_peer(None)
    dialing = asyncio.create_task(Dialer(Endpoint("127.0.0.1", peer.port), Clock(), context).open_channel())
    await asyncio.to_thread(peer.accept)
    await asyncio.to_thread(peer.send, b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(ConnectionLost, match="TLS handshake failed: wrong version number"):
        await dialing


async def test_peer_that_hangs_up_in_the_handshake_is_reported(context, make_peer):
    peer = make_peer(None)
    dialing = asyncio.create_task(Dialer(Endpoint("127.0.0.1", peer.port), Clock(), context).open_channel())
    await asyncio.to_thread(peer.accept)
    await asyncio.to_thread(peer.receive, 5)
    peer.stream.close()
    with pytest.raises(ConnectionLost, match=f"127.0.0.1:{peer.port}: "):
        await dialing


async def test_ciphertext_damaged_on_the_way_ends_the_connection(link, peer):
    connection, sink = link
    with socket.socket(fileno=peer.stream.detach()) as below_tls:
        below_tls.send(b"\x17\x03\x03\x00\x20" + bytes(32))  # a record whose tag cannot be right
        await sink.until(lambda: sink.causes)
    assert sink.received == b""
    assert isinstance(sink.causes[0], ConnectionLost)
    assert not connection.is_open


async def test_session_tickets_are_not_taken_for_data(link, peer):
    connection, sink = link
    await asyncio.to_thread(peer.send, b"x")    # behind the two tickets
    await sink.until(lambda: sink.received)
    assert sink.received == b"x"
    assert connection.is_open


def test_ca_file_that_is_missing_is_named(kind, tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.pem"):
        TlsContext(tmp_path / "absent.pem", use_libssl=kind == "libssl")


def test_ca_file_without_a_certificate_is_named(kind, tmp_path):
    path = tmp_path / "empty.pem"
    path.write_text("no certificate")
    with pytest.raises(ConfigError, match=r"empty\.pem.*PEM"):
        TlsContext(path, use_libssl=kind == "libssl")


