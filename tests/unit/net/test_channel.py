"""Plain TCP stays on this machine, and sockets come non-blocking."""

import socket

import pytest

from tidings.clock import Clock
from tidings.errors import ConfigError
from tidings.net.channel import PlainChannel


class SocketElsewhere:
    """Says that it is connected to a documentation address (RFC 5737)."""

    def getblocking(self):
        return False

    def fileno(self):
        return 0

    def getpeername(self):
        return ("192.0.2.1", 80)


@pytest.fixture
def connected():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as near:
        yield near


def test_plain_tcp_to_another_machine_is_refused():
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1, not this machine.*https"):
        PlainChannel(SocketElsewhere(), "venue:80", Clock())


def test_blocking_socket_is_refused(connected):
    with pytest.raises(ValueError, match="non-blocking"):
        PlainChannel(connected, "here", Clock())


def test_plain_channel_needs_no_handshake(connected):
    connected.setblocking(False)
    assert PlainChannel(connected, "here", Clock()).handshake() == ""
