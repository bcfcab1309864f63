"""`tidings fix-order`: one order, cancel or replace to any FIX 4.4 venue, and what it says to it."""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidings.app.state_directory import state_directory
from tidings.cli.fix_outcome import Outcome
from tidings.cli.screen import Screen
from tidings.cli.session_options import add_json_option
from tidings.errors import ConfigError, ConnectionLost, UsageError

if TYPE_CHECKING:
    from tidings.fix.message import FixMessage

KINDS = ("D", "F", "G")
SECRET_VARIABLE = "TIDINGS_FIX_SECRET"
TOO_LOW = "MsgSeqNum too low"  # as we say it, QuickFIX and others
SETTLE_S = 0.3  # an order and its first executions come together, or close


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "fix-order", help="logs on to a FIX venue, sends one order, cancel or replace, and prints what comes back",
        description="FIELD=VALUE by name or tag: Symbol=BTCUSDT Side=1 OrderQty=0.01 Price=55000. ClOrdID (11),"
        " TransactTime (60) and, from what is there, OrdType (40) are filled in. The password, or the secret of the"
        f" HMAC, comes from the variable {SECRET_VARIABLE}.",
        epilog="Exit codes: 0 the order rests or has filled, the cancel or replace was done; 1 it was refused, ended"
        " without a fill, or nobody knows; 2 wrong usage, nothing was sent; 3 it ended filled in part.",
    )  # fmt: skip
    parser.add_argument("address", metavar="HOST:PORT")
    parser.add_argument("sender", help="SenderCompID (49): who we are")
    parser.add_argument("target", help="TargetCompID (56): who they are")
    parser.add_argument("kind", choices=KINDS, help="D a new order, F cancel, G replace")
    parser.add_argument("fields", nargs="+", metavar="FIELD=VALUE")
    parser.add_argument("--auth", choices=("none", "password", "hmac"), default="none", help="553 and 554, or 96")
    parser.add_argument("--username", default="", metavar="NAME")
    parser.add_argument("--tls", action="store_true", help="also to this machine; to others it goes without saying")
    parser.add_argument("--plaintext", action="store_true", help="no TLS, whoever may listen")
    parser.add_argument("--ca-file", default="", metavar="PEM", help="the venue's own certificate authority")
    parser.add_argument(
        "--store", type=Path, metavar="DIR",
        help="sequence numbers outlive the command here (default: in the user's state directory)",
    )  # fmt: skip
    parser.add_argument("--reset", action="store_true", help="both sides begin at 1 (141=Y): what waits for us is lost")
    parser.add_argument("--wait", type=float, default=10.0, metavar="SECONDS", help="for the outcome (default 10)")
    add_json_option(parser)
    parser.set_defaults(body=_fix_order)


async def _fix_order(options: argparse.Namespace, screen: Screen) -> int:
    from tidings.fix_client import FixClient  # the dictionary is no other command's business

    fields = _fields(options.kind, options.fields)
    if not options.wait > 0:  # the order would be sent, and its answer not heard
        raise UsageError(f"--wait is above 0: was {options.wait:g}")
    if options.tls and options.plaintext:
        raise UsageError("--tls or --plaintext, not both")
    client = FixClient(
        options.address, options.sender, options.target, tls=_tls(options), ca_file=options.ca_file,
        store=options.store or _store(options), reset_on_logon=options.reset, auth=options.auth,
        username=options.username, secret=_secret(options.auth),
    )  # fmt: skip
    outcome = Outcome(options.kind, fields)
    received: list[FixMessage] = []
    try:
        async with client:
            outcome.seq = client.send(options.kind, fields)
            try:
                async with asyncio.timeout(options.wait):
                    await _listen(client, outcome, received, screen)
            except TimeoutError:
                pass  # what is known by now is said
    except ConnectionLost as error:
        raise _with_a_way_out(error) from None
    code, text = outcome.verdict
    screen.json({"sent": _named(fields), "received": [_shown(message) for message in received], "outcome": text})
    if code:
        screen.complain("tidings fix-order", f"{fields[11]}: {text}")
    else:
        screen.line(f"{fields[11]}: {text}")
    return code


def _with_a_way_out(error: ConnectionLost) -> ConnectionLost:
    """The same, and what helps where the two sides count differently, as after the venue lost its store."""
    if TOO_LOW not in str(error):
        return error
    return ConnectionLost(f"{error}: --reset lets both sides begin at 1, and what waits for us is lost")


async def _listen(client: Any, outcome: Outcome, received: list[FixMessage], screen: Screen) -> None:
    """Every message that comes, until the outcome is known and nothing follows at once."""
    while not outcome.is_final:
        try:
            message = await client.receive(SETTLE_S if outcome.may_rest else None)
        except TimeoutError:
            if outcome.may_rest:
                return
            raise
        received.append(message)
        _print(message, screen)
        outcome.hear(message)


def _print(message: FixMessage, screen: Screen) -> None:
    from tidings.fix.pretty import pretty

    for line in pretty(message.encode(raw=True)).splitlines():
        screen.line(line)
    screen.line()


def _fields(kind: str, words: list[str]) -> dict[int, str]:
    """Tags of what was asked, with what can be filled in."""
    from tidings.fix.dictionary import FIX44

    fields: dict[int, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        try:
            tag = int(name) if name.isdigit() else FIX44.tag(name)
        except KeyError:
            raise UsageError(f"{word!r}: no field of FIX 4.4 has the name {name}") from None
        if not equals or not value:
            raise UsageError(f"{word!r} is no FIELD=VALUE")
        if tag in fields:
            raise UsageError(f"{word!r}: given twice")
        fields[tag] = value
    fields.setdefault(11, f"tidings-{time.time_ns():x}")
    if kind in ("D", "G"):
        fields.setdefault(40, "2" if 44 in fields else "1")
    missing = [tag for tag in FIX44.required(kind.encode()) if tag not in fields and tag != 60]
    if missing:
        raise UsageError("missing: " + ", ".join(f"{FIX44.name(tag)} ({tag})" for tag in missing))
    return dict(sorted(fields.items()))


def _tls(options: argparse.Namespace) -> bool | None:
    return True if options.tls else False if options.plaintext else None


def _secret(auth: str) -> str:
    if auth == "none":
        return ""
    if not (secret := os.environ.get(SECRET_VARIABLE)):
        raise ConfigError(f"--auth {auth} needs the variable {SECRET_VARIABLE}")
    return secret


def _store(options: argparse.Namespace) -> Path:
    """One directory for each session: whoever it is with, and as whom."""
    name = "".join(
        letter if letter.isalnum() or letter in "._-" else "_"
        for letter in f"{options.sender}-{options.target}-{options.address}"
    )
    return state_directory() / "fix-client" / name


def _named(fields: dict[int, str]) -> dict[str, str]:
    return {str(tag): value for tag, value in fields.items()}


def _shown(message: FixMessage) -> list[list[str]]:
    """All fields, in order: tags may repeat."""
    return [[tag.decode(), value.decode(errors="replace")] for tag, value in message.pairs]
