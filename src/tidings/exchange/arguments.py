"""The arguments of `tidings exchange`: what each is, and what a value of it may be."""

import argparse
from fractions import Fraction
from functools import partial
from pathlib import Path

from tidings.errors import UsageError
from tidings.exchange.catalogue import ONE_ER, load_catalogue
from tidings.exchange.faults.fault_file import FaultError, make_fault
from tidings.exchange.faults.fault_help import fault_help
from tidings.exchange.faults.fault_kinds import Fault
from tidings.exchange.markets.flow_regimes import FLOW_NAMES, OFF
from tidings.exchange.rule_help import rule_help
from tidings.exchange.scaled import from_text, rescale, to_text
from tidings.exchange.server.certificates import is_name
from tidings.exchange.venue_rules import PERSONALITIES, RuleError, Rules

LAGGING, ALL = ("open-orders", "by-id", "closed", "trades"), "all"
FINEST_SCALE = 18  # of a price as it is written


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments on `parser`."""
    _add_market(parser)
    _add_behaviour(parser)
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="go on from what is in FILE, keys included, and keep it up to date",
    )
    parser.add_argument("--ready-file", type=Path, metavar="PATH", help="write the ready object here too")
    parser.add_argument("--parent-pid", type=int, metavar="PID", help="end when this process does")
    parser.add_argument("--json", action="store_true", help="of --list-rules; the ready line is always JSON")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"{rule_help()}\n{fault_help()}"


def check_options(arguments: argparse.Namespace) -> None:
    """Raise UsageError for options that contradict each other: one of them would say nothing, and which is not told."""
    if arguments.no_flow and arguments.flow not in (None, OFF):
        raise UsageError(f"--no-flow and --flow {arguments.flow} contradict each other: leave one of them out")
    if arguments.recording is None:
        if arguments.recording_speed is not None:
            raise UsageError("--recording-speed needs --recording FILE; a flow is made faster by --flow-rate")
    elif arguments.flow not in (None, OFF) or arguments.flow_rate is not None:
        option = "--flow-rate" if arguments.flow in (None, OFF) else f"--flow {arguments.flow}"
        raise UsageError(f"{option} has no effect on a recording, which is the market itself: leave one of them out")
    elif arguments.price:
        symbol, price = arguments.price[0]
        raise UsageError(f"--price {symbol}={price}: a recording brings its prices along: leave one of them out")
    if arguments.no_tls and arguments.tls_name:
        raise UsageError(f"--tls-name {arguments.tls_name[0]} needs TLS: leave --no-tls out")


def _add_market(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=0, help="port of HTTPS and WSS; 0 takes a free one (default)")
    parser.add_argument("--no-tls", action="store_true", help="plain HTTP and WS")
    parser.add_argument(
        "--tls-name", type=_tls_name, action="append", default=[], metavar="NAME",
        help="a further host name or address for the certificate, which has those of the loopback interface and --host;"
        " may be repeated",
    )
    parser.add_argument("--seed", type=int, default=1, help="of identifiers and of the background flow (default 1)")
    parser.add_argument(
        "--price", type=_price, action="append", default=[], metavar="SYMBOL=PRICE",
        help="where a market starts; may be repeated",
    )
    parser.add_argument("--accounts", type=_count, default=4, metavar="N", help="funded accounts, 1 to 64 (default 4)")
    parser.add_argument(
        "--flow", choices=FLOW_NAMES,
        help="what kind of day the market behind the clients has (default normal); off: empty books",
    )
    parser.add_argument("--no-flow", action="store_true", help="the same as --flow off")
    parser.add_argument(
        "--flow-rate", type=_rate, metavar="N",
        help="how many times faster the flow's clock goes, 0.1 to 100 (default 1)",
    )
    parser.add_argument(
        "--recording", type=Path, metavar="FILE", help="play this recorded market back: JSON lines, or .gz",
    )
    parser.add_argument(
        "--recording-speed", type=_rate, metavar="N", help="how many times faster, 0.1 to 100 (default 1)",
    )
    parser.add_argument("--matching-delay-ms", type=_delay, default=5, help="from reply to order book (default 5)")
    parser.add_argument(
        "--funding-interval-s", type=_interval, default=0, metavar="N",
        help="pay funding so often instead of every eight hours",
    )


    for who, least in (("maker", "-0.01"), ("taker", "0")):
        parser.add_argument(
            f"--{who}-fee", type=partial(_fee, least), metavar="RATE",
            help=f"what {who}s of contracts pay, from {least} to 0.01 (default as the catalogue says)",
        )


def _add_behaviour(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-rate-limits", action="store_true", help="count no requests, refuse none")
    parser.add_argument("--rate-window", choices=("fixed", "sliding"), default="fixed", help="how a minute is counted")
    parser.add_argument("--rate-profile", choices=("public", "vip"), default="public", help="whose limits")
    parser.add_argument(
        "--personality", choices=tuple(PERSONALITIES), default="captures",
        help="a named set of rules, see below (default captures)",
    )
    parser.add_argument(
        "--rule", type=_rule, action="append", default=[], metavar="NAME=VALUE",
        help="what the venue does where nobody knows it, see below; may be repeated",
    )
    parser.add_argument(
        "--list-rules", action="store_true", help="list the rules, with --json for programs, and run nothing"
    )
    parser.add_argument("--faults", type=Path, metavar="FILE", help="what is to go wrong: a TOML file, see below")
    parser.add_argument(
        "--query-lag-ms", type=_lag, action="append", default=[], metavar="[QUERY=]N",
        help="open-orders, by-id, closed or trades, or all, lag behind the matching (default 0); may be repeated",
    )
    parser.add_argument("--secret-encoding", choices=("raw", "base64url"), default="raw", help="how secrets are read")


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text!r}")
    return int(text)


def _tls_name(text: str) -> str:
    if not is_name(text):
        raise argparse.ArgumentTypeError(f"a name of a certificate is a host name or an address, not {text!r}")
    return text


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


def _interval(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 86_400:
        raise argparse.ArgumentTypeError(f"an interval is a whole number of seconds from 1 to 86400, not {text!r}")
    return int(text)


def _fee(least: str, text: str) -> int:
    """A fee rate on scale 8; that of a maker may be a rebate."""
    try:
        rate_er = from_text(text, 8)
    except ValueError:
        rate_er = ONE_ER
    if not from_text(least, 8) <= rate_er <= ONE_ER // 100:
        raise argparse.ArgumentTypeError(f"a fee rate is a number from {least} to 0.01, not {text!r}")
    return rate_er


def _lag(text: str) -> Fault:
    """`500`, or `by-id=500`."""
    name, mark, value = text.rpartition("=")
    if mark and name not in (*LAGGING, ALL):
        raise argparse.ArgumentTypeError(f"what lags is one of {', '.join(LAGGING)} or {ALL}, not {name!r}")
    if not value.isascii() or not value.isdigit():
        raise argparse.ArgumentTypeError(f"a lag is a whole number of milliseconds, not {value!r}")
    row = {"kind": "query-lag", "lag_ms": int(value)} | ({"request": name} if name in LAGGING else {})
    try:
        return make_fault(row)
    except FaultError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _rule(text: str) -> tuple[str, str]:
    """`NAME=VALUE`, a rule and a value it may have."""
    name, _, value = text.partition("=")
    try:
        Rules().set(name, value)
    except RuleError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return name, value


def _price(text: str) -> tuple[str, str]:
    """`SYMBOL=PRICE` of a listed product, the price on its scale."""
    symbol, _, price = text.partition("=")
    instrument = load_catalogue().instruments.get(symbol)
    if instrument is None or not instrument.is_listed:
        raise argparse.ArgumentTypeError(f"no product {symbol!r} is listed here; `tidings products` lists them")
    try:
        exact = from_text(price, FINEST_SCALE)
    except ValueError:
        exact = 0
    if exact <= 0:
        raise argparse.ArgumentTypeError(f"{price!r} is not a price of {symbol}")
    scale, tick_size = instrument.price_scale, instrument.tick_size
    if exact % rescale(tick_size, scale, FINEST_SCALE):
        low = rescale(exact, FINEST_SCALE, scale) // tick_size * tick_size
        nearest = " and ".join(to_text(near, scale) for near in (low, low + tick_size) if near)
        step = to_text(tick_size, scale)
        raise argparse.ArgumentTypeError(
            f"{symbol} price {price!r} is off the grid: the step is {step}, nearest {nearest}"
        )
    return symbol, price
