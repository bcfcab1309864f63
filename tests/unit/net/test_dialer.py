"""Which address is dialled; and errors that name the host and what to do."""

import asyncio
import errno
import os
import socket
from types import SimpleNamespace

import pytest

from tidings.clock import Clock
from tidings.errors import ConnectionLost
from tidings.net import dialer as dialer_module
from tidings.net.dialer import Dialer, Endpoint


def test_peer_shows_an_ipv6_address_in_brackets():
    assert Endpoint("::1", 443).peer == "[::1]:443"


async def test_port_nobody_listens_on_is_named():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionLost, match=rf"127\.0\.0\.1:{port}.*Connection refused: does anything listen there"):
        await Dialer(Endpoint("127.0.0.1", port, uses_tls=False), Clock()).open_channel()


async def test_name_that_does_not_resolve_is_named(resolver):
    resolver.answers["gone.example"] = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    with pytest.raises(ConnectionLost, match=r"gone\.example: the name does not resolve"):
        await Dialer(Endpoint("gone.example", 443), Clock()).open_channel()


async def test_peer_that_never_shakes_hands_is_given_up(make_peer, authority, monkeypatch):
    monkeypatch.setattr(dialer_module, "HANDSHAKE_TIMEOUT_S", 0.05)
    peer = make_peer(None)
    with pytest.raises(ConnectionLost, match=r"no TLS handshake within 0\.05 s"):
        await Dialer(Endpoint("127.0.0.1", peer.port), Clock()).open_channel()


async def test_small_writes_leave_at_once_and_a_dead_peer_is_noticed(dialer):
    channel = await dialer.open_channel()
    assert channel.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # Half-open connections end within 2 s, not after the kernel's 15 minutes.
        assert 0 < channel.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 2000
    channel.close()


class Resolver:
    """Stands in for the system's: host → addresses, or the error to raise."""

    def __init__(self):
        self.answers = {}
        self.questions = []

    async def getaddrinfo(self, host, port, **options):
        self.questions.append(host)
        answer = self.answers[host]
        if isinstance(answer, Exception):
            raise answer
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer]


@pytest.fixture
def resolver(monkeypatch):
    resolver = Resolver()

    class LoopWithResolver:
        def __getattr__(self, name):
            return getattr(asyncio.get_running_loop(), name)

        getaddrinfo = staticmethod(lambda *asked, **options: resolver.getaddrinfo(*asked, **options))

    class Asyncio:
        def __getattr__(self, name):
            return getattr(asyncio, name)

        get_running_loop = LoopWithResolver

    monkeypatch.setattr(dialer_module, "asyncio", Asyncio())
    return resolver


@pytest.fixture(params=["plain"])
def kind(request):
    return request.param


@pytest.fixture
def named(peer):
    return Dialer(Endpoint("venue.example", peer.port, uses_tls=False), Clock())


async def test_next_address_is_tried_when_the_first_refuses(named, resolver, monkeypatch):
    monkeypatch.setattr(dialer_module, "CONNECT_TIMEOUT_S", 0.5)
    resolver.answers["venue.example"] = ["127.0.0.2", "127.0.0.1"]    # the peer listens on the second only
    channel = await named.open_channel()
    assert channel.socket.getpeername()[0] == "127.0.0.1"
    channel.close()


def refuse_sockets(monkeypatch, refuses, error_number):
    """Have the dialer's sockets of the families that `refuses` picks fail to be made."""

    def make(family, kind):
        if refuses(family):
            raise OSError(error_number, os.strerror(error_number))
        return socket.socket(family, kind)

    monkeypatch.setattr(dialer_module, "socket", SimpleNamespace(**{**vars(socket), "socket": make}))


async def test_next_address_is_tried_where_the_machine_has_no_such_sockets(named, resolver, monkeypatch):
    refuse_sockets(monkeypatch, lambda family: family == socket.AF_INET6, errno.EAFNOSUPPORT)
    resolver.answers["venue.example"] = ["::1", "127.0.0.1"]
    channel = await named.open_channel()
    assert channel.socket.getpeername()[0] == "127.0.0.1"
    channel.close()


async def test_no_descriptor_left_is_an_address_not_reached(named, resolver, monkeypatch):
    refuse_sockets(monkeypatch, lambda family: True, errno.EMFILE)
    resolver.answers["venue.example"] = ["127.0.0.1"]
    with pytest.raises(ConnectionLost, match=r"\(127\.0\.0\.1\): cannot connect: Too many open files"):
        await named.open_channel()


async def test_an_address_that_answered_is_told_of_before_one_that_did_not(peer, resolver, monkeypatch):
    monkeypatch.setattr(dialer_module, "HANDSHAKE_TIMEOUT_S", 0.2)
    for addresses in (["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"]):
        resolver.answers["venue.example"] = addresses
        dialer = Dialer(Endpoint("venue.example", peer.port, uses_tls=True), Clock())
        with pytest.raises(ConnectionLost, match="no TLS handshake"):
            await dialer.open_channel()


async def test_address_that_worked_is_used_again_without_asking(named, resolver):
    resolver.answers["venue.example"] = ["127.0.0.1"]
    (await named.open_channel()).close()
    (await named.open_channel()).close()
    assert resolver.questions == ["venue.example"]


async def test_failure_asks_the_resolver_anew(named, resolver, peer):
    resolver.answers["venue.example"] = ["127.0.0.1"]
    (await named.open_channel()).close()
    peer.listener.close()
    with pytest.raises(ConnectionLost):
        await named.open_channel()
    with pytest.raises(ConnectionLost):
        await named.open_channel()
    assert len(resolver.questions) == 2


async def test_old_address_is_kept_while_the_resolver_fails(named, resolver, peer):
    resolver.answers["venue.example"] = ["127.0.0.1"]
    (await named.open_channel()).close()
    named._is_trusted = False   # as after a failure
    resolver.answers["venue.example"] = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    channel = await named.open_channel()
    assert channel.socket.getpeername() == ("127.0.0.1", peer.port)
    channel.close()


async def test_an_address_that_another_dial_has_replaced_meanwhile_still_connects(named, resolver):
    """Lanes dial side by side, and a name server that spreads its load gives each question other addresses."""
    answers = iter((["127.0.0.1"], ["127.0.0.2"]))

    async def ask(host, port, **options):
        await asyncio.sleep(0)  # the second question is asked before the first is answered
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in next(answers)]

    resolver.getaddrinfo = ask
    first, second = await asyncio.gather(named.open_channel(), named.open_channel(), return_exceptions=True)
    assert isinstance(second, ConnectionLost)
    assert first.socket.getpeername()[0] == "127.0.0.1"
    first.close()
