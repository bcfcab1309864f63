"""`tidings kill`, `tidings rearm`: the kill switch from outside, with or without an engine that runs (docs/risk.md)."""

from __future__ import annotations

import argparse
import time
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from tidings.app.engine import Engine
from tidings.app.kill.flattening import Flattening, Symbol
from tidings.app.kill.kill_latch import KillLatch, Latched
from tidings.app.kill.kill_switch import HALVES, EngineDoor
from tidings.app.lifeline.heartbeat import last_arrival_ns
from tidings.app.links.open_symbols import symbols_with_open_orders
from tidings.app.links.venue_access import account_at
from tidings.cli.journal_words import utc
from tidings.cli.screen import Screen
from tidings.cli.session_options import add_session_options, check_key, questions_of, settings_of
from tidings.errors import ConfigError, TidingsError, UsageError
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument
from tidings.venue.phemex.products import Products, parse_products

STREAM_LIMIT_S = 3.0
LINES = tuple(line.name.lower() for line in ProductLine)


def add_commands(commands: Any) -> None:
    kill = commands.add_parser(
        "kill", help="take nothing new and cancel everything, until re-armed: in a running engine, and by itself"
    )
    kill.add_argument("--reason", required=True, help="written down, and read by who re-arms")
    kill.add_argument(
        "--symbol", action="append", default=[], metavar="SYMBOL",
        help="look here too: every symbol the account's streams know of is emptied anyway; name those of spot in case"
        " no stream comes up",
    )  # fmt: skip
    add_session_options(kill)
    kill.set_defaults(body=_kill)
    rearm = commands.add_parser("rearm", help="let engines of this account trade again after a kill")
    rearm.add_argument("--reason", required=True, help="why it is safe: written down with the time")
    add_session_options(rearm)
    rearm.set_defaults(body=_rearm)


async def _kill(options: argparse.Namespace, screen: Screen) -> int:
    """0 only when it is latched and the venue has shown that nothing is open. The latch needs no connection: it comes
    first.
    """
    _check_reason(options)
    latch = _latch_of(options)
    kill = Latched(reason=options.reason, source="cli", wall_ns=time.time_ns())
    latch_problem = _write(latch, kill, screen)
    told = {"killed": True, "verified": False, "orders_left": None, "symbols": [], "unseen": list(LINES),
            "latch": str(latch.path), "latch_problem": latch_problem, "problem": ""}  # fmt: skip
    try:
        told |= await _empty_account(options, screen)
    except Exception as error:  # a bug, too: it is latched, and what came of the rest must be told
        told["problem"] = str(error) if isinstance(error, TidingsError | OSError) else repr(error)
    screen.json(told)
    if not told["verified"]:
        _tell_unverified(told, screen)
    else:
        screen.line("killed: 0 orders left open")
        if not latch_problem:
            with suppress(OSError):
                latch.write(replace(kill, is_verified=True))
    if latch_problem:
        screen.complain("tidings kill", f"NOT latched ({latch_problem}): engines that run trade on, and new ones will:"
                                        " end them, and kill again")  # fmt: skip
        return 1
    screen.line("nothing new is taken until `tidings rearm --reason …`; engines that run are restarted, or re-armed"
                " by `phemex.rearm(reason)`")  # fmt: skip
    return 0 if told["verified"] else 1


async def _empty_account(options: argparse.Namespace, screen: Screen) -> dict[str, Any]:
    """Cancel everything and look until nothing is left; what there is to say of it."""
    async with questions_of(options) as engine:
        problem = await _cancel_all_linear(engine)
        symbols, unseen = await _where(engine, options.symbol, screen)
        flattening = _flattening(engine, symbols, screen)
        flattening.begin()
        await flattening.finish()
        left = flattening.orders_left
    names = [name for _, name in symbols]
    is_verified = left == 0 and not unseen
    return {"verified": is_verified, "orders_left": left, "symbols": names, "unseen": unseen, "problem": problem}


def _tell_unverified(told: dict[str, Any], screen: Screen) -> None:
    """What a person must know who cannot rely on it: on stderr, for it is a failure."""
    latched = "NOT latched" if told["latch_problem"] else "latched"
    if told["orders_left"] is None:
        why = f": {told['problem']}" if told["problem"] else ""
        screen.complain("tidings kill", f"{latched}; nothing verified{why}: orders may be open: kill again")
    else:
        screen.complain("tidings kill", f"{latched}; {told['orders_left']} orders left open where it was looked")
    if told["unseen"]:
        hint = " (no stream told its symbols: name them with --symbol)" if "spot" in told["unseen"] else ""
        screen.complain("tidings kill", f"not looked at: {', '.join(told['unseen'])}{hint}")


async def _rearm(options: argparse.Namespace, screen: Screen) -> int:
    latch = _latch_of(options)
    try:
        kills = latch.remove(options.reason)
    except OSError as error:
        raise ConfigError(f"{latch.path} cannot be removed: {error.strerror}") from None
    was = "; ".join(kill.reason for kill in kills) or None
    told = [{"reason": kill.reason, "source": kill.source, "wall_ns": kill.wall_ns} for kill in kills]
    is_verified = bool(kills) and kills[-1].is_verified
    screen.json(
        {"rearmed": bool(kills), "was": was, "kills": told, "verified": is_verified, "latch": str(latch.path)}
    )
    if not kills:
        screen.line("nothing is latched here")
        return 0
    screen.line(f"re-armed (was: {was})")
    for kill in kills:
        when = f"{utc(kill.wall_ns)} UTC" if kill.wall_ns else "at a time nobody wrote down"
        screen.line(f"  killed {when} ({kill.source}): {kill.reason}")
    if not is_verified:
        screen.complain("tidings rearm", "nobody has seen that nothing is open, and the next engine does not look for"
                                         " it: see `tidings orders`")  # fmt: skip
    screen.line("an engine that runs stays killed until it is restarted, or `phemex.rearm(reason)` is called in it")
    return 0


def _check_reason(options: argparse.Namespace) -> None:
    if not options.reason.strip():
        raise UsageError("--reason: say why: it is written down, and read by who re-arms")


def _latch_of(options: argparse.Namespace) -> KillLatch:
    """The account's, without a word to the venue: it must be thrown also when nobody can be reached."""
    settings = settings_of(options)
    check_key(settings)
    return KillLatch.of(*account_at(settings))


def _write(latch: KillLatch, kill: Latched, screen: Screen) -> str:
    """Why engines that run do not see it within a moment; "": they do. A disk that takes nothing does not stop the
    cancels.
    """
    try:
        latch.write(kill)
    except OSError as error:
        if latch.is_set():  # a full disk may take the file's name and not its content: that is a latch, too
            screen.note(f"latched, but why could not be written: {latch.path}: {error.strerror}")
            return ""
        screen.note(f"{latch.path}: {error.strerror}: engines that run are not told; cancelling goes on")
        return error.strerror or str(error)
    screen.note(f"latched: {latch.path}")
    return ""


async def _cancel_all_linear(engine: Engine) -> str:
    """Every USD-M symbol at once, before anybody knows where orders are; why not, if not."""
    problem = ""
    for untriggered in HALVES:
        try:
            half = "true" if untriggered else "false"
            await engine.queries.request("DELETE", "/g-orders/all", f"untriggered={half}")
        except (TidingsError, OSError) as error:
            problem = str(error)
    return problem


async def _where(engine: Engine, named: list[str], screen: Screen) -> tuple[list[Symbol], list[str]]:
    """Symbols to empty, and what nobody could look at."""
    products = parse_products(await engine.queries.products())
    found, unknown = _named(products, named, screen)
    missing, unseen = set(ProductLine), [] if any(item.line == ProductLine.SPOT for item in found) else ["spot"]
    assert engine.credentials is not None
    try:
        told, missing = await symbols_with_open_orders(
            engine.access, engine.credentials, products, engine.world, engine.venue_clock, STREAM_LIMIT_S
        )
        found |= {item for item in products if item.symbol in told}  # also what is not listed any more
        unseen = []  # a line that says nothing on a stream that is up has no account to speak of
    except (TidingsError, OSError) as error:
        screen.note(f"the account's stream does not come up: {error}: contracts are cancelled symbol by symbol")
    # Contracts are few enough to ask each by its list; spot is not.
    found |= {item for item in products if item.line in missing - {ProductLine.SPOT} and item.is_listed}
    return sorted((ProductLine(item.line), item.symbol) for item in found), unseen + unknown


def _named(products: Products, names: list[str], screen: Screen) -> tuple[set[Instrument], list[str]]:
    """What --symbol names, and the names nothing has. A slip of the pen must not leave orders: what it may have meant
    is looked at too.
    """
    found, unknown = set(), []
    for name in names:
        instrument = products.find(name)
        if instrument is not None:
            found.add(instrument)
            continue
        near = products.near(name)
        hint = f"did you mean {', '.join(near)}? Cancelled there too" if near else "it is left out"
        screen.complain("tidings kill", f"no instrument {name[:40]!r}: {hint}; the kill goes on everywhere else")
        found |= {item for item in map(products.find, near) if item is not None}
        unknown.append(name)
    return found, unknown


def _flattening(engine: Engine, symbols: list[Symbol], screen: Screen) -> Flattening:
    now_ns = engine.clock.read_now_ns()

    def tell(event: str, facts: dict[str, object]) -> None:
        told = ", ".join(f"{name} {value}" for name, value in facts.items() if value not in ("", [], {}))
        screen.note(f"{event}: {told}")

    return Flattening(
        EngineDoor(engine.link), engine.clock, arrival_ns=last_arrival_ns(now_ns, engine.settings.expiry_s),
        marked=lambda: symbols, tell=tell,
    )  # fmt: skip
