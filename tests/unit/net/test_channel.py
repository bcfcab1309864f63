"""Plain TCP stays on this machine, and sockets come non-blocking."""

import errno
import os
import socket

import pytest

from tidings.clock import Clock, ManualClock
from tidings.errors import ConfigError, ConnectionLost
from tidings.net.channel import PlainChannel, PythonChannel
from tidings.net.connection import Connection, PythonSink


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


def test_a_connection_reset_as_soon_as_it_stood_is_lost():
    class Reset(SocketElsewhere):
        def getpeername(self):      # what the kernel says then
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))

    with pytest.raises(ConnectionLost, match=f"here: the connection went down: {os.strerror(errno.ENOTCONN)}"):
        PlainChannel(Reset(), "here", Clock())


def test_plain_channel_needs_no_handshake(connected):
    connected.setblocking(False)
    assert PlainChannel(connected, "here", Clock()).handshake() == ""


class ListPipe:
    """Takes three bytes at a time, and gives what it was filled with."""

    def __init__(self, incoming):
        self.incoming = list(incoming)
        self.taken = []

    def getblocking(self):
        return False

    def fileno(self):
        return 77

    def send(self, data):
        self.taken.append(data[:3])
        return len(self.taken[-1])

    def recv(self, room):
        if not self.incoming:
            raise ConnectionLost("the peer closed the connection")
        return self.incoming.pop(0)

    def close(self):
        self.incoming.clear()


class Heard(PythonSink):
    def __init__(self):
        self.told = []

    def bytes_came(self, data, now_ns):
        self.told.append((data, now_ns))

    def closed(self, cause, now_ns):
        self.told.append((str(cause), now_ns))


class HookedLoop:
    def __init__(self):
        self.hooks = {}

    def add_reader(self, descriptor, act):
        self.hooks[descriptor] = act

    def remove_reader(self, descriptor):
        self.hooks.pop(descriptor)

    def remove_writer(self, descriptor):
        pass


def test_python_channel_carries_a_connection_without_a_socket():
    pipe, loop, heard = ListPipe([b"abc"]), HookedLoop(), Heard()
    connection = Connection(PythonChannel(pipe, "sim:1", ManualClock(5, 9)), heard, loop)
    assert connection.write_bytes(b"hello") == 1
    assert pipe.taken == [b"hel", b"lo"]
    assert connection.taken_bytes_total == 5
    loop.hooks[77]()
    assert heard.told == [(b"abc", 5)]
    loop.hooks[77]()
    assert heard.told[1] == ("the peer closed the connection", 5)
    assert not connection.is_open


def test_python_channel_refuses_a_pipe_that_lies():
    class Liar(ListPipe):
        def send(self, data):
            return len(data) + 1

    connection = Connection(PythonChannel(Liar([]), "sim:1", ManualClock()), Heard(), HookedLoop())
    with pytest.raises(ValueError, match="took 6 of 5 bytes"):
        connection.write_bytes(b"hello")
