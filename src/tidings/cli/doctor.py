"""`tidings doctor`: is everything right between us and the venue, and if not, what to do about it.

Each check answers in words. The secret is tried both ways it can be read (raw text, base64url); nothing is ordered or
changed.
"""

from __future__ import annotations

import argparse
import statistics
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from typing import Any

from tidings.app.venue_access import find_venue
from tidings.app.venue_clock import measure_clock
from tidings.app.venue_link import VenueLink
from tidings.cli.screen import Screen
from tidings.cli.session_options import add_session_options
from tidings.clock import Clock
from tidings.config import EngineSettings, load_settings
from tidings.errors import AuthenticationError, TidingsError
from tidings.model.enums import ProductLine
from tidings.venue.phemex.currencies import settle_currencies
from tidings.venue.phemex.products import parse_products
from tidings.venue.phemex.queries import Queries
from tidings.venue.phemex.rate_groups import RateBudget

ROUND_TRIPS = 20
OFFSET_WARNING_MS = 1000
NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `verdict` is "good", "look" or "bad"; `advice` says what to do, "" if nothing."""

    check: str
    verdict: str
    found: str
    advice: str = ""


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "doctor", help="check clock, key and secret, position mode, round trip and rate budget; say what to do"
    )
    add_session_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from tidings.cli.main import run_loop

    return run_loop(_doctor(options, Screen(as_json=options.json)))


async def _doctor(options: argparse.Namespace, screen: Screen) -> int:
    settings = load_settings(
        options.env, account=options.account, exchange=options.exchange, secret_encoding=options.secret_encoding
    )
    async with AsyncExitStack() as closing:
        findings = await Examination(settings, closing, screen).run()
    if screen.as_json:
        screen.json({"findings": [asdict(finding) for finding in findings], "good": _all_good(findings)})
    rows = [(finding.check, finding.verdict, finding.found) for finding in findings]
    screen.table(f"tidings doctor: {options.env}", ("check", "verdict", "found"), rows)
    for finding in findings:
        if finding.advice:
            screen.line(f"{finding.check}: {finding.advice}")
    return 0 if _all_good(findings) else 1


def _all_good(findings: list[Finding]) -> bool:
    return all(finding.verdict != "bad" for finding in findings)


class Examination:
    """All checks in order; one that makes the next ones pointless ends the list."""

    def __init__(self, settings: EngineSettings, closing: AsyncExitStack, screen: Screen) -> None:
        self._settings, self._closing, self._screen = settings, closing, screen
        self._clock = Clock()

    async def run(self) -> list[Finding]:
        try:
            self._access = await find_venue(self._settings, self._closing)
            link = await self._link(None)
            await Queries(link.ask).server_time_ms()
        except (TidingsError, OSError) as error:
            advice = "check the address, the network and, for local, that the exchange runs"
            return [Finding("connection", "bad", str(error), advice)]
        rest = self._access.endpoints.rest
        seal = "certificate verified" if rest.is_tls else "no TLS, this machine only"
        findings = [Finding("connection", "good", f"{rest.authority}: {seal}")]
        self._screen.note("measuring clock and round trip …")
        findings += await self._clock_and_round_trip(link)
        if self._access.secret is None:
            advice = "set PHEMEX_API_KEY and PHEMEX_API_SECRET to check the account"
            return [*findings, Finding("key and secret", "look", "no key given", advice)]
        encoding, finding = await self._try_secret()
        findings.append(finding)
        if encoding is not None:
            findings += await self._account(await self._link(encoding))
        return findings

    async def _link(self, secret_encoding: str | None) -> VenueLink:
        """A connection of its own, signing with the secret read one way, or not at all."""
        credentials = self._access.credentials(secret_encoding) if secret_encoding is not None else None
        budget = RateBudget(self._access.endpoints)
        link = VenueLink(
            self._access,
            credentials,
            budget,
            self._clock,
            expiry_s=self._settings.expiry_s,
            timeout_s=self._settings.request_timeout_s,
        )
        await self._closing.enter_async_context(link)
        if secret_encoding is not None:
            link.set_venue_clock((await measure_clock(Queries(link.ask), self._clock)).wall_offset_ns)
        return link

    async def _clock_and_round_trip(self, link: VenueLink) -> list[Finding]:
        queries, clock = Queries(link.ask), self._clock
        venue_clock = await measure_clock(queries, clock)
        offset_ms = (venue_clock.wall_ns(clock.read_now_ns()) - clock.read_wall_ns()) / NS_PER_MS
        sure_ms = venue_clock.uncertainty_ns / NS_PER_MS
        far = abs(offset_ms) > OFFSET_WARNING_MS
        advice = "set this machine's clock (NTP): tidings corrects for it, other programs may not" if far else ""
        found = f"the venue is {offset_ms:+.1f} ms from this machine's clock, ± {sure_ms:.1f} ms"
        trips = []
        for _ in range(ROUND_TRIPS):
            sent_ns = clock.read_now_ns()
            await queries.server_time_ms()
            trips.append((clock.read_now_ns() - sent_ns) / 1000)
        trip = f"median {statistics.median(trips):.0f} µs, worst {max(trips):.0f} µs of {ROUND_TRIPS}"
        return [Finding("clock", "look" if far else "good", found, advice), Finding("round trip", "good", trip)]

    async def _try_secret(self) -> tuple[str | None, Finding]:
        """Which reading of the secret the venue accepts."""
        accepted, refusals = [], []
        for encoding in ("raw", "base64url"):
            try:
                link = await self._link(encoding)
                await Queries(link.ask).account_positions(ProductLine.LINEAR, "USDT")
            except AuthenticationError as error:
                refusals.append(f"{encoding}: {error.code} {error.name}")
            except TidingsError as error:
                refusals.append(f"{encoding}: {error}")
            else:
                accepted.append(encoding)
        wanted = self._settings.secret_encoding
        if wanted in accepted:
            return wanted, Finding("key and secret", "good", f"accepted, read as {wanted}")
        if accepted:
            found = f"refused as {wanted}, accepted as {accepted[0]}"
            advice = f'use secret_encoding="{accepted[0]}" (--secret-encoding {accepted[0]})'
            return accepted[0], Finding("key and secret", "bad", found, advice)
        advice = "accepted in neither reading: copy key and secret again, check the key's IP list and permissions"
        return None, Finding("key and secret", "bad", "; ".join(refusals), advice)

    async def _account(self, link: VenueLink) -> list[Finding]:
        """Position modes, and how much of the minute's budget is left."""
        queries = Queries(link.ask)
        products = parse_products(await queries.products())
        hedged, one_way = set(), 0
        for line, currency in settle_currencies(products):
            for row in (await queries.account_positions(line, currency)).get("positions") or ():
                if row.get("posMode") == "Hedged":
                    hedged.add(row["symbol"])
                else:
                    one_way += 1
        found = f"{one_way} symbols one-way" + (f", hedged: {', '.join(sorted(hedged))}" if hedged else "")
        used = link.budget.used(self._clock.read_now_ns())
        budget = ", ".join(f"{name} {weight}/{capacity}" for name, (weight, capacity) in used.items())
        return [Finding("position mode", "good", found), Finding("rate budget", "good", f"used: {budget}")]
