"""The command `tidings exchange`: start a local exchange, say in one line of JSON where it is, run until told to stop.

    tidings exchange --port 0 --price BTCUSD=9000 --ready-file /tmp/exchange.json

stdout carries the ready object and nothing else; logs go to stderr, and if that is a terminal, a few lines for the
person there. The ready object holds the keys of this run's accounts, made fresh at every start; the ready file is
written for its owner only, appears whole or not at all, and is removed at the end. SIGTERM, SIGINT and the death of
`--parent-pid` end the run with exit code 0.
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

from tidings.errors import ConfigError, UsageError
from tidings.exchange.arguments import add_arguments, check_options
from tidings.exchange.banner import banner
from tidings.exchange.command_parser import CommandParser
from tidings.exchange.faults.fault_file import FaultSet, read_faults
from tidings.exchange.garbage_rounds import rare_whole_rounds
from tidings.exchange.local_exchange import ExchangeConfig, LocalExchange
from tidings.exchange.markets.flow_regimes import OFF
from tidings.exchange.ready_file import ready_file_with, remove_stale
from tidings.exchange.rule_help import rule_help, rule_list
from tidings.exchange.saved.graph_words import StateError
from tidings.exchange.server.read_buffers import keep_read_buffers
from tidings.exchange.venue_rules import rules_of

WRONG_USAGE = 2  # as argparse ends
PARENT_POLL_S = 0.5  # where there are no process descriptors (macOS)


def run(arguments: argparse.Namespace) -> int:
    """Run the exchange until it is told to stop; gives the exit code."""
    if arguments.list_rules:
        print(rule_list(rules_of(arguments.personality, arguments.rule)) if arguments.json else rule_help())
        return 0
    try:
        check_options(arguments)
    except UsageError as error:
        return _fail(error, WRONG_USAGE)
    for name in (signal.SIGTERM, signal.SIGINT):  # until the loop has its own
        signal.signal(name, lambda *_: sys.exit(0))
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        remove_stale(arguments.ready_file)
        faults = read_faults(arguments.faults) if arguments.faults else FaultSet()
    except ConfigError as error:
        return _fail(error)
    faults = FaultSet((*faults.faults, *arguments.query_lag_ms), faults.seed)
    flow = OFF if arguments.no_flow else arguments.flow or "normal"
    config = ExchangeConfig(
        host=arguments.host,
        port=arguments.port,
        has_tls=not arguments.no_tls,
        tls_names=tuple(arguments.tls_name),
        seed=arguments.seed,
        prices=dict(arguments.price),
        account_count=arguments.accounts,
        has_flow=flow != OFF,
        flow=flow,
        flow_rate=arguments.flow_rate or Fraction(1),
        recording=arguments.recording,
        recording_speed=arguments.recording_speed or Fraction(1),
        matching_delay_ms=arguments.matching_delay_ms,
        funding_interval_s=arguments.funding_interval_s,
        maker_fee_er=arguments.maker_fee,
        taker_fee_er=arguments.taker_fee,
        has_rate_limits=not arguments.no_rate_limits,
        rate_window=arguments.rate_window,
        rate_profile=arguments.rate_profile,
        secret_encoding=arguments.secret_encoding,
        faults=faults,
        rules=rules_of(arguments.personality, arguments.rule),
        state_file=arguments.state,
    )
    try:
        keep_read_buffers()
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(config, arguments.ready_file, arguments.parent_pid))
    except (ConfigError, StateError) as error:
        return _fail(error)
    return 0


def _fail(error: Exception, code: int = 1) -> int:
    print(f"tidings exchange: {error}", file=sys.stderr)
    return code


def main(argv: Sequence[str] | None = None) -> int:
    """`python -m tidings.exchange`."""
    parser = CommandParser(prog="tidings exchange", description="A local Phemex to trade on.")
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
        ready = await exchange.start()
    except OSError as error:
        raise ConfigError(f"cannot listen on {config.host}:{config.port}: {error}") from error
    line = json.dumps(ready)
    try:
        with ready_file_with(line, ready_file), _parent_watch(parent_pid, stop.set):
            _say(line)
            if sys.stderr.isatty():
                print(banner(ready, ready_file), end="", file=sys.stderr, flush=True)
            with rare_whole_rounds(exchange.work_count):
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
