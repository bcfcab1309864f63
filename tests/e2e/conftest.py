"""Running exchanges for end-to-end tests: each a process of its own, reached over real sockets."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from exchange_process import RunningExchange, launch
from fault_examples import FaultAdmin
from faulty_orders import RawClient
from gateway_process import RunningGateway
from phemex_client import RestClient, StreamClient
from session_lines import SETTLE_S, trade_back
from short_session import session_at
from tidings_command import Ended, clean_environment

import tidings
from tidings.cli.main import main
from tidings.exchange.server.certificates import Certificates
from tidings.net import dialer, web_socket


@pytest.fixture(scope="session", autouse=True)
def patient_dials() -> Iterator[None]:
    """A machine that stands still for seconds connects all the same; what these limits do, tests/unit/net shows."""
    limits = {dialer: ("RESOLVE_TIMEOUT_S", "CONNECT_TIMEOUT_S", "HANDSHAKE_TIMEOUT_S"),
              web_socket: ("HANDSHAKE_TIMEOUT_S",)}  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for module, names in limits.items():
            for name in names:
                patch.setattr(module, name, SETTLE_S)
        yield


@pytest.fixture(scope="module")
def certificates() -> Iterator[Certificates]:
    """Those of a server that a test plays itself."""
    with Certificates() as made:
        yield made


@pytest.fixture
def start_exchange(tmp_path: Path) -> Iterator[Callable[..., RunningExchange]]:
    """Start an exchange of the test's own with these arguments; it ends with the test."""
    running: list[RunningExchange] = []

    def start(*arguments: str) -> RunningExchange:
        directory = tmp_path / f"exchange{len(running)}"
        directory.mkdir()
        running.append(launch(directory, *arguments))
        return running[-1]

    yield start
    for exchange in running:
        exchange.stop()


@pytest.fixture(scope="module")
def quiet_exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """An exchange for one file's tests: no background flow, no refused rates, no matching delay."""
    directory = tmp_path_factory.mktemp("quiet")
    exchange = launch(directory, "--no-flow", "--no-rate-limits", "--matching-delay-ms", "0", "--seed", "7")
    yield exchange
    exchange.stop()


@pytest.fixture(scope="module")
def low_exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """An exchange for one file's tests, with its market, where BTCUSD trades near 9,000."""
    exchange = launch(tmp_path_factory.mktemp("low"), "--price", "BTCUSD=9000", "--seed", "11")
    yield exchange
    exchange.stop()


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Journals and latches of this test alone: what an earlier one left unknown is none of its orders."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest_asyncio.fixture
async def phemex(quiet_exchange: RunningExchange) -> AsyncIterator[tidings.Phemex]:
    """A session of account 0 at the quiet exchange."""
    async with session_at(quiet_exchange, 0) as session:
        yield session


@pytest_asyncio.fixture
async def counterparty(
    quiet_exchange: RunningExchange, phemex: tidings.Phemex
) -> AsyncIterator[tidings.Phemex]:
    """A session of account 1 at the quiet exchange: it takes the other side. Afterwards both are as before."""
    async with session_at(quiet_exchange, 1) as session:
        yield session
        await trade_back(phemex, session)


@pytest.fixture
def run_here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Run a command of `tidings` in this process: the same as in one of its own, without the start of Python."""
    for variable in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(variable)

    def run_here(*arguments: object) -> Ended:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as usage:
            code = int(usage.code or 0)
        printed = capsys.readouterr()
        return Ended(arguments, code, printed.out, printed.err)

    return run_here


@pytest.fixture
def clients(quiet_exchange: RunningExchange) -> Iterator[list[RestClient]]:
    """A REST client per account of the quiet exchange; afterwards all their orders are cancelled."""
    clients = [RestClient(quiet_exchange.ready, number) for number in range(4)]
    yield clients
    for client in clients:
        for untriggered in ("false", "true"):
            for symbol in ("BTCUSD", "cETHUSD"):
                client.call("DELETE", "/orders/all", symbol=symbol, untriggered=untriggered)
            client.call("DELETE", "/g-orders/all", untriggered=untriggered)
            for symbol in ("sBTCUSDT", "sETHUSDT"):
                client.call("DELETE", "/spot/orders/all", symbol=symbol, untriggered=untriggered)
        client.close()


@pytest.fixture
def open_stream(quiet_exchange: RunningExchange) -> Iterator[Callable[..., StreamClient]]:
    """Open a stream of the quiet exchange; it is closed after the test."""
    opened: list[StreamClient] = []

    def open_one(account: int = 0, path: str = "/ws") -> StreamClient:
        opened.append(StreamClient(quiet_exchange.ready, account, path))
        return opened[-1]

    yield open_one
    for stream in opened:
        stream.close()


@pytest_asyncio.fixture
async def open_session() -> AsyncIterator[Callable[..., Any]]:
    """Open sessions with settings of the test's own: `await open_session(exchange, account=0, **settings)`."""
    async with AsyncExitStack() as sessions:

        async def open_one(exchange: RunningExchange, account: int = 0, **settings: Any) -> tidings.Phemex:
            return await sessions.enter_async_context(session_at(exchange, account, **settings))

        yield open_one


@pytest.fixture(scope="session")
def faulty_exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """One quiet exchange for all tests that give it faults. Tests leave it without faults and orders."""
    arguments = ("--no-flow", "--no-rate-limits", "--matching-delay-ms", "0", "--seed", "3")
    exchange = launch(tmp_path_factory.mktemp("faulty"), *arguments)
    yield exchange
    exchange.stop()


@pytest.fixture
def faults(faulty_exchange: RunningExchange) -> Iterator[FaultAdmin]:
    """The faults of the faulty exchange; afterwards there are none, and no USD-M order of account 0."""
    faults = FaultAdmin(faulty_exchange.ready)
    yield faults
    faults.call("DELETE", "/faults")
    client = RestClient(faulty_exchange.ready)
    client.call("DELETE", "/g-orders/all")
    client.close()


@pytest.fixture
def client(faulty_exchange: RunningExchange, faults: FaultAdmin) -> Iterator[RestClient]:
    """Account 0 of the faulty exchange."""
    client = RestClient(faulty_exchange.ready)
    yield client
    client.close()


@pytest.fixture
def stream(faulty_exchange: RunningExchange, faults: FaultAdmin) -> Iterator[StreamClient]:
    """Account 0 at the faulty exchange, subscribed to its USD-M account, the snapshots heard."""
    stream = StreamClient(faulty_exchange.ready)
    stream.login()
    stream.request("aop_p.subscribe")
    stream.request("server.ping")
    stream.messages.clear()
    yield stream
    stream.close()


@pytest.fixture
def raw(faulty_exchange: RunningExchange, faults: FaultAdmin) -> Iterator[Callable[[], RawClient]]:
    """Open connections of account 0 to the faulty exchange that send and read bytes."""
    opened: list[RawClient] = []

    def open_one() -> RawClient:
        opened.append(RawClient(faulty_exchange.ready))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def start_gateway(tmp_path: Path, quiet_exchange: RunningExchange) -> Iterator[Callable[..., RunningGateway]]:
    """A gateway of the test's own; afterwards account 2, which its sessions use, has no orders."""
    running: list[RunningGateway] = []

    def start(*changes: str, listen: str = "", **sessions: str) -> RunningGateway:
        """`changes`: lines of the whole gateway; `sessions`: those of a session, by its client's CompID."""
        named = sessions or {"C1": ""}
        text = "".join(
            f'[[session]]\nour_comp_id = "PHEMEX"\nclient_comp_id = "{name}"\naccount = "2"\n'
            + (more if "store" in more else f'store = "memory"\n{more}')
            for name, more in named.items()
        )
        running.append(RunningGateway(tmp_path, quiet_exchange, text, "".join(changes), listen))
        return running[-1]

    yield start
    for gateway in running:
        for client in gateway.clients:
            client.close()
        if gateway.process.poll() is None:
            gateway.process.kill()
            gateway.process.wait()
    client = RestClient(quiet_exchange.ready, 2)
    for untriggered in ("false", "true"):
        client.call("DELETE", "/g-orders/all", untriggered=untriggered)
    client.close()
