"""FIX acceptors to measure, each a process of its own: `python -m benchmarks.fix_acceptors NAME DIRECTORY CORE`.

Both keep their messages in files without syncing them, and validate with the same dictionary. The line on stdout is
the port; the process ends when its stdin does.
"""

import asyncio
import os
import sys
import time
from array import array
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

from benchmarks.fix_in_process import make_phemex
from tidings.fix.dictionary import FIX44
from tidings.fix.dictionary_xml import quickfix_xml
from tidings.fix_gateway.config import ClientSettings, GatewayConfig, ListenSettings
from tidings.fix_gateway.connection import ClientConnection
from tidings.fix_gateway.gateway import Gateway
from tidings.net import event_loop

OURS, THEIRS = "PHEMEX", "C1"
EXCHANGE, SAMPLES = "exchange.json", "samples"

QUICKFIX = """
[DEFAULT]
ConnectionType=acceptor
SocketAcceptPort=PORT
SocketReuseAddress=Y
SocketNodelay=Y
StartTime=00:00:00
EndTime=00:00:00
UseDataDictionary=Y
DataDictionary=DIRECTORY/FIX44.xml
FileStorePath=DIRECTORY/quickfix
FileStoreSync=N
[SESSION]
BeginString=FIX.4.4
SenderCompID=PHEMEX
TargetCompID=C1
"""


def connected(_env: str, **_options: object):
    """An account whose orders go nowhere: what is measured is the session in front of it."""
    phemex = make_phemex()
    phemex.engine.home = SimpleNamespace(where="journal")

    async def run(strategy) -> None:
        strategy.on_start(SimpleNamespace(adopted_orders=list), 0)
        await asyncio.get_running_loop().create_future()

    @asynccontextmanager
    async def entered():
        phemex.run = run
        yield phemex

    return entered()


async def tidings(directory: Path, connect=connected, engine: dict[str, object] | None = None) -> None:
    """The product's gateway, in busy-poll."""
    session = ClientSettings(our_comp_id=OURS, client_comp_id=THEIRS, account="0", store=str(directory / "tidings"))
    listen = ListenSettings(port=0, busy_poll=True)
    config = GatewayConfig(listen=listen, session=(session,), engine=engine or {})
    async with Gateway(config, connect, "local") as gateway:
        event_loop.settle_memory()
        tell(gateway.port)
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), ended.set)
        await ended.wait()


async def orders(directory: Path) -> None:
    """The same with its engine on a local exchange: ns from an order's bytes to the end of its request's send(2).

    With each sample how many orders came at once, by which its time was divided.
    """
    from benchmarks.clients import WireStamps
    from tidings.session.phemex import connect

    stamps, samples = WireStamps(), array("q")
    on_bytes = ClientConnection.on_bytes

    def timed(connection: ClientConnection, data: bytes) -> None:
        stamps.clear()
        start_ns = time.perf_counter_ns()
        on_bytes(connection, data)
        if count := data.count(b"\x0135=D\x01"):
            samples.append(count)
            samples.append((stamps.values[1] - start_ns) // count)

    ClientConnection.on_bytes = timed
    engine = {"rate_limits": False, "max_open_orders": 10_000, "duplicate_window_s": 0.000001}
    await tidings(directory, connect, {"exchange": str(directory / EXCHANGE), **engine})
    (directory / SAMPLES).write_bytes(samples.tobytes())


def quickfix(directory: Path, port: int) -> None:
    """QuickFIX as its Python package has it: C++ with Python's application behind it."""
    import quickfix as fix

    class Application(fix.Application):
        def onCreate(self, session): ...
        def onLogon(self, session): ...
        def onLogout(self, session): ...
        def toAdmin(self, message, session): ...
        def fromAdmin(self, message, session): ...
        def toApp(self, message, session): ...
        def fromApp(self, message, session): ...

    (directory / "FIX44.xml").write_text(quickfix_xml(FIX44))
    settings_file = directory / "quickfix.cfg"
    settings_file.write_text(QUICKFIX.replace("PORT", str(port)).replace("DIRECTORY", str(directory)))
    settings = fix.SessionSettings(str(settings_file))
    application, store = Application(), fix.FileStoreFactory(settings)
    acceptor = fix.SocketAcceptor(application, store, settings)
    acceptor.start()
    time.sleep(0.2)
    tell(port)
    sys.stdin.read()
    acceptor.stop(True)


def tell(port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    name, place, core, free_port = sys.argv[1:]
    os.sched_setaffinity(0, {int(core)})
    if name == "tidings":
        event_loop.run(tidings(Path(place)))
    elif name == "orders":
        event_loop.run(orders(Path(place)))
    else:
        quickfix(Path(place), int(free_port))
