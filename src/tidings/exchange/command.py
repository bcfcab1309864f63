"""The command `tidings exchange`: start a local exchange, say in one line of JSON where it is, run until told to stop.

    tidings exchange --port 0 --price BTCUSD=9000 --ready-file /tmp/exchange.json

stdout carries the ready object and nothing else; logs go to stderr. The ready object holds the keys of this run's
accounts, made fresh at every start; the ready file is written for its owner only, appears whole or not at all, and is
removed at the end. SIGTERM, SIGINT and the death of `--parent-pid` end the run with exit code 0.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from tidings.errors import ConfigError
from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.faults.fault_file import FaultError, FaultSet, make_fault, read_faults
from tidings.exchange.faults.fault_help import fault_help
from tidings.exchange.faults.fault_kinds import Fault
from tidings.exchange.local_exchange import ExchangeConfig, LocalExchange
from tidings.exchange.markets.flow_regimes import FLOW_NAMES, OFF
from tidings.exchange.ready_file import ready_file_with
from tidings.exchange.scaled import from_text

PARENT_POLL_S = 0.5  # where there are no process descriptors (macOS)
EXIT_USAGE = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments on `parser`."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=0, help="port of HTTPS and WSS; 0 takes a free one (default)")
    parser.add_argument("--no-tls", action="store_true", help="plain HTTP and WS")
    parser.add_argument("--seed", type=int, default=1, help="of identifiers and of the background flow (default 1)")
    parser.add_argument(
        "--price", type=_price, action="append", default=[], metavar="SYMBOL=PRICE",
        help="where a market starts; may be repeated",
    )
    parser.add_argument("--accounts", type=_count, default=4, metavar="N", help="funded accounts, 1 to 64 (default 4)")
    parser.add_argument("--no-rate-limits", action="store_true", help="count no requests, refuse none")
    parser.add_argument("--rate-window", choices=("fixed", "sliding"), default="fixed", help="how a minute is counted")
    parser.add_argument("--rate-profile", choices=("public", "vip"), default="public", help="whose limits")
    parser.add_argument(
        "--flow", choices=FLOW_NAMES, default="normal",
        help="what kind of day the market behind the clients has (default normal); off: empty books",
    )
    parser.add_argument("--no-flow", action="store_const", const=OFF, dest="flow", help="the same as --flow off")
    parser.add_argument(
        "--flow-rate", type=_rate, default=Fraction(1), metavar="N",
        help="how many times faster the flow's clock goes, 0.1 to 100 (default 1)",
    )
    parser.add_argument("--matching-delay-ms", type=_delay, default=5, help="from reply to order book (default 5)")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="what is to go wrong: a TOML file, see below")
    parser.add_argument(
        "--query-lag-ms", type=_lag, action="append", default=[], metavar="[QUERY=]N",
        help="open-orders, by-id, closed or trades, or all, lag behind the matching (default 0); may be repeated",
    )
    parser.add_argument("--secret-encoding", choices=("raw", "base64url"), default="raw", help="how secrets are read")
    parser.add_argument("--ready-file", type=Path, metavar="PATH", help="write the ready object here too")
    parser.add_argument("--parent-pid", type=int, metavar="PID", help="end when this process does")
    parser.add_argument("--json", action="store_true", help="accepted for symmetry: the ready line is always JSON")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = fault_help()


def run(arguments: argparse.Namespace) -> int:
    """Run the exchange until it is told to stop; gives the exit code."""
    for name in (signal.SIGTERM, signal.SIGINT):  # until the loop has its own
        signal.signal(name, lambda *_: sys.exit(0))
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        faults = read_faults(arguments.faults) if arguments.faults else FaultSet()
    except ConfigError as error:
        return _fail(error)
    faults = FaultSet((*faults.faults, *arguments.query_lag_ms), faults.seed)
    config = ExchangeConfig(
        host=arguments.host,
        port=arguments.port,
        has_tls=not arguments.no_tls,
        seed=arguments.seed,
        prices=dict(arguments.price),
        account_count=arguments.accounts,
        has_flow=arguments.flow != OFF,
        flow=arguments.flow,
        flow_rate=arguments.flow_rate,
        matching_delay_ms=arguments.matching_delay_ms,
        has_rate_limits=not arguments.no_rate_limits,
        rate_window=arguments.rate_window,
        rate_profile=arguments.rate_profile,
        secret_encoding=arguments.secret_encoding,
        faults=faults,
    )
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(config, arguments.ready_file, arguments.parent_pid))
    except ConfigError as error:
        return _fail(error)
    return 0


def _fail(error: ConfigError) -> int:
    print(f"tidings exchange: {error}", file=sys.stderr)
    return 1


def main(argv: Sequence[str] | None = None) -> int:
    """`python -m tidings.exchange`."""
    parser = argparse.ArgumentParser(prog="tidings exchange", description="A local Phemex to trade on.")
    add_arguments(parser)
    return run(parser.parse_args(argv))


async def _serve(config: ExchangeConfig, ready_file: Path | None, parent_pid: int | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    try:
        exchange = LocalExchange(config)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    try:
        line = json.dumps(await exchange.start())
    except OSError as error:
        raise ConfigError(f"cannot listen on {config.host}:{config.port}: {error}") from error
    try:
        with ready_file_with(line, ready_file), _parent_watch(parent_pid, stop.set):
            _say(line)
            await stop.wait()
    finally:
        await exchange.stop()


def _say(line: str) -> None:
    try:
        print(line, flush=True)
    except OSError:  # nobody reads: whoever started us uses the ready file
        logging.getLogger(__name__).info("stdout is closed; the ready line was not written there")


@contextlib.contextmanager
def _parent_watch(parent_pid: int | None, on_gone: Callable[[], None]) -> Iterator[None]:
    """Call `on_gone` once the process `parent_pid` has ended."""
    if parent_pid is None:
        yield
        return
    loop = asyncio.get_running_loop()
    try:
        descriptor = os.pidfd_open(parent_pid)
    except ProcessLookupError:
        on_gone()
        yield
        return
    except (AttributeError, OSError):  # not Linux, or a kernel before 5.3
        watch = asyncio.create_task(_poll_parent(parent_pid, on_gone))
        yield
        watch.cancel()
        return
    loop.add_reader(descriptor, on_gone)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def _poll_parent(parent_pid: int, on_gone: Callable[[], None]) -> None:
    while True:
        try:
            os.kill(parent_pid, 0)
        except ProcessLookupError:
            on_gone()
            return
        except PermissionError:
            pass  # it lives, as somebody else
        await asyncio.sleep(PARENT_POLL_S)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's if it is installed: the exchange must be quicker than the clients measured against it."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text!r}")
    return int(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"accounts are a number from 1 to 64, not {text!r}")
    return int(text)


def _rate(text: str) -> Fraction:
    try:
        rate = Fraction(from_text(text, 3), 1_000)
    except ValueError:
        rate = Fraction(0)
    if not Fraction(1, 10) <= rate <= 100:
        raise argparse.ArgumentTypeError(f"a rate is a number from 0.1 to 100, not {text!r}")
    return rate


def _delay(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 60_000:
        raise argparse.ArgumentTypeError(f"a delay is a whole number of milliseconds up to 60000, not {text!r}")
    return int(text)


def _lag(text: str) -> Fault:
    """`500`, or `by-id=500`."""
    name, _, value = text.rpartition("=")
    if not value.isascii() or not value.isdigit():
        raise argparse.ArgumentTypeError(f"a lag is a whole number of milliseconds, not {value!r}")
    row = {"kind": "query-lag", "lag_ms": int(value)} | ({"request": name} if name else {})
    try:
        return make_fault(row)
    except FaultError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _price(text: str) -> tuple[str, str]:
    """`SYMBOL=PRICE` of a listed product, the price on its scale."""
    symbol, _, price = text.partition("=")
    instrument = load_catalogue().instruments.get(symbol)
    if instrument is None or not instrument.is_listed:
        raise argparse.ArgumentTypeError(f"no product {symbol!r} is listed here")
    try:
        is_positive = from_text(price, instrument.price_scale) > 0
    except ValueError:
        is_positive = False
    if not is_positive:
        raise argparse.ArgumentTypeError(f"{price!r} is not a price of {symbol}")
    return symbol, price
