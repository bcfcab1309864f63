"""Both loops, three kinds of channel, certificates good and bad, and a peer that does exactly what a test tells it."""

import asyncio
import contextlib
import datetime
import ipaddress
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tidings.clock import Clock
from tidings.net.connection import PythonSink
from tidings.net.dialer import Dialer, Endpoint
from tidings.net.lane import Lane, PythonLaneListener
from tidings.net.tls import TlsContext

PATIENCE_S = 30  # a busy machine
ATTACHED_NS = 1_000_000_000


def pytest_asyncio_loop_factories(config, item):
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


class Authority:
    """A certificate authority of its own; `issue` writes a leaf with its key into one file."""

    def __init__(self, directory: Path, name: str) -> None:
        self.directory = directory
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            self._builder(self.name, self.name, self.key, (-1, 1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.ca_file = directory / f"{name}.pem"
        self.ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, file_name: str, *names: str, days=(-1, 1), is_self_signed: bool = False) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        alternatives = [
            x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names
        ]
        certificate = (
            self._builder(subject, subject if is_self_signed else self.name, key, days)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .sign(key if is_self_signed else self.key, hashes.SHA256())
        )
        path = self.directory / file_name
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return path

    def _builder(self, subject, issuer, key, days) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=days[0]))
            .not_valid_after(now + datetime.timedelta(days=days[1]))
        )


class Peer:
    """A server on blocking sockets that acts on its last connection; methods run in a thread (`asyncio.to_thread`)."""

    def __init__(self, certificate: Path | None, *, newest=ssl.TLSVersion.TLSv1_3, ticket_count=2) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(PATIENCE_S)
        self.port = self.listener.getsockname()[1]
        self.tls = None
        if certificate is not None:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            self.tls.maximum_version = newest
            self.tls.set_alpn_protocols(["http/1.1"])
            self.tls.num_tickets = ticket_count
            self.tls.load_cert_chain(certificate)
        self.stream: socket.socket | None = None    # the last one accepted
        self.streams: list[socket.socket] = []

    def accept(self, receive_buffer_bytes: int = 0) -> None:
        if receive_buffer_bytes:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        stream = self.listener.accept()[0]
        stream.settimeout(PATIENCE_S)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls is not None:
            stream = self.tls.wrap_socket(stream, server_side=True, suppress_ragged_eofs=False)
        self.stream = stream
        self.streams.append(stream)

    def receive(self, count: int) -> bytes:
        """Exactly `count` bytes of plaintext."""
        data = b""
        while len(data) < count:
            more = self.stream.recv(count - len(data))
            if not more:
                raise EOFError(f"the stream ended after {len(data)} bytes")
            data += more
        return data

    def receive_all(self) -> bytes:
        """All plaintext until the stream ends, cleanly or not; with TLS that is whole records only."""
        data = b""
        with contextlib.suppress(OSError):
            while more := self.stream.recv(65536):
                data += more
        return data

    def send(self, data: bytes) -> None:
        self.stream.sendall(data)

    def hang_up(self) -> None:
        """Say goodbye and close."""
        if self.tls is not None:
            self.stream.settimeout(0)
            with contextlib.suppress(OSError):  # the other side's own goodbye is not waited for
                self.stream.unwrap()
        self.stream.close()

    def abort(self) -> None:
        """Reset the connection."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.stream.close()

    def close(self) -> None:
        for stream in self.streams:
            stream.close()
        self.listener.close()


class RecordingSink(PythonSink):
    """Keeps what it hears; `until` waits for it to be enough."""

    def __init__(self) -> None:
        self.received = b""
        self.taken: list[int] = []
        self.causes: list[Exception] = []
        self.changed = asyncio.Event()

    def bytes_came(self, data, now_ns):
        self.received += data
        self.changed.set()

    def bytes_taken(self, taken_bytes_total, now_ns):
        self.taken.append(taken_bytes_total)
        self.changed.set()

    def closed(self, cause, now_ns):
        self.causes.append(cause)
        self.changed.set()

    async def until(self, is_enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not is_enough():
                self.changed.clear()
                await self.changed.wait()


class Desk(PythonLaneListener):
    """Keeps what it hears as (event, token, …)."""

    def __init__(self):
        self.heard = []
        self.changed = asyncio.Event()
        self.on_answer = lambda lane, request: None

    def _hear(self, *event):
        self.heard.append(event)
        self.changed.set()

    def answered(self, lane, request, response, now_ns):
        self._hear("answer", request["token"], response.body)
        self.on_answer(lane, request)

    def lost(self, lane, request, reached_kernel, cause, now_ns):
        self._hear("lost", request["token"], reached_kernel)

    def overdue(self, lane, request, now_ns):
        self._hear("overdue", request["token"])

    def lane_up(self, lane, now_ns):
        self._hear("up", lane.index)

    def lane_down(self, lane, cause, now_ns):
        self.cause = cause
        self._hear("down", lane.index)

    def told(self, *events):
        return [heard for heard in self.heard if heard[0] in events]

    async def until(self, *last_event):
        async with asyncio.timeout(PATIENCE_S):
            while last_event not in self.heard:
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "authority")


@pytest.fixture(scope="session")
def certificate(authority):
    return authority.issue("good.pem", "localhost", "127.0.0.1")


@pytest.fixture(params=["libssl", "memory", "plain"])
def kind(request):
    return request.param


@pytest.fixture
def make_peer():
    peers = []

    def make(*args, **options):
        peers.append(Peer(*args, **options))
        return peers[-1]

    yield make
    for peer in peers:
        peer.close()


@pytest.fixture
def peer(make_peer, certificate, kind):
    return make_peer(None if kind == "plain" else certificate)


@pytest.fixture
def dialer(peer, authority, kind):
    tls = None if kind == "plain" else TlsContext(authority.ca_file, use_libssl=kind == "libssl")
    return Dialer(Endpoint("127.0.0.1", peer.port, kind != "plain"), Clock(), tls)


@pytest.fixture
async def make_link(dialer, peer):
    """Opens (connection, its sink) to `peer`, as often as called."""
    connections = []

    async def make(receive_buffer_bytes=0):
        sink = RecordingSink()
        accepting = asyncio.create_task(asyncio.to_thread(peer.accept, receive_buffer_bytes))
        connections.append(await dialer.connect(lambda: sink))
        await accepting
        return connections[-1], sink

    yield make
    for connection in connections:
        connection.close(ConnectionError("the test is over"))


@pytest.fixture
async def link(make_link):
    return await make_link()


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
async def make_lane(dialer, peer, desk):
    lanes = []

    async def make(lane=None, receive_buffer_bytes=0):
        lane = lane or Lane(desk)
        accepting = asyncio.create_task(asyncio.to_thread(peer.accept, receive_buffer_bytes))
        connection = await dialer.connect(lambda: lane)
        lane.attach(connection, ATTACHED_NS)
        await accepting
        lanes.append(lane)
        return lane

    yield make
    for lane in lanes:
        lane.close(ConnectionError("the test is over"))


@pytest.fixture
async def lane(make_lane):
    return await make_lane()


@pytest.fixture
def recording_sink():
    return RecordingSink()
