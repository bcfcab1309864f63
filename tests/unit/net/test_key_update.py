"""TLS 1.3 lets the peer renew its keys at any moment and ask for ours (RFC 8446 §4.6.3): nothing is lost or doubled.

Python's ssl cannot send a key update; the peer here is `openssl s_server`, which does on a line "K" from its terminal
and sends every other line as data.
"""

import asyncio
import shutil

import pytest

from tidings.clock import Clock
from tidings.net.dialer import Dialer, Endpoint
from tidings.net.tls import TlsContext

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command as the peer")

PATIENCE_S = 30  # a busy machine


class CommandPeer:
    """`openssl s_server` on a port of its choice."""

    @classmethod
    async def start(cls, certificate):
        peer = cls()
        peer.process = await asyncio.create_subprocess_exec(
            *("openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", certificate),
            *("-tls1_3", "-num_tickets", "0"),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )
        accepting = await peer.until(b"ACCEPT 127.0.0.1:")
        peer.port = int(accepting.rpartition(b":")[2])
        return peer

    async def until(self, beginning):
        """The first line of its output with this beginning."""
        async with asyncio.timeout(PATIENCE_S):
            while not (line := await self.process.stdout.readline()).startswith(beginning):
                assert line, "openssl s_server ended"
            return line

    def type(self, line):
        self.process.stdin.write(line + b"\n")

    async def stop(self):
        self.process.kill()
        await self.process.wait()


@pytest.fixture(params=["libssl", "memory"])
def kind(request):
    return request.param


@pytest.fixture
async def peer(certificate):
    peer = await CommandPeer.start(certificate)
    yield peer
    await peer.stop()


async def test_data_flows_both_ways_across_key_updates(authority, peer, kind, recording_sink):
    tls = TlsContext(authority.ca_file, use_libssl=kind == "libssl")
    dialer = Dialer(Endpoint("127.0.0.1", peer.port), Clock(), tls)
    connection = await dialer.connect(lambda: recording_sink)

    for number in range(3):
        received_count = connection.channel.received_count
        peer.type(b"K")
        async with asyncio.timeout(PATIENCE_S):
            while connection.channel.received_count == received_count:
                await asyncio.sleep(0.001)
        peer.type(b"answer %d" % number)
        await recording_sink.until(lambda number=number: recording_sink.received.endswith(b"answer %d\n" % number))
        assert connection.write_bytes(b"request %d\n" % number) == 1
        await peer.until(b"request %d" % number)

    assert recording_sink.received == b"answer 0\nanswer 1\nanswer 2\n"
    assert connection.is_open
    connection.close(ConnectionError("done"))
