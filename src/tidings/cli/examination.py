"""What the doctor checks, in order: connection, clock, round trip, key and secret, position mode, rate budget.

A check that makes the next ones pointless ends the list. Nothing is ordered or changed.
"""

from __future__ import annotations

import statistics
from contextlib import AsyncExitStack
from dataclasses import dataclass

from tidings.app.links.venue_access import VenueAccess, find_venue
from tidings.app.links.venue_clock import VenueClock, measure_clock
from tidings.app.links.venue_link import VenueLink
from tidings.app.world import World
from tidings.config import EngineSettings
from tidings.errors import AuthenticationError, ConfigError, TidingsError
from tidings.model.enums import ProductLine
from tidings.venue.phemex.currencies import settle_currencies
from tidings.venue.phemex.endpoints import API_KEY_VARIABLE, API_SECRET_VARIABLE, LOCAL
from tidings.venue.phemex.products import parse_products
from tidings.venue.phemex.queries import Queries
from tidings.venue.phemex.rate_groups import RateBudget

ROUND_TRIPS = 20
OFFSET_LOOK_MS = 1_000  # an expiry of 5 s bears more; another program's may not
ROUND_TRIP_LOOK_MS = 250  # a quarter of the default deadline of an order
BUDGET_LOOK_PERCENT = 80
ENCODINGS = ("raw", "base64url")
NS_PER_MS = 1_000_000
NS_PER_US = 1_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `verdict` is "good", "look" or "bad"; `advice` says what to do, "" if nothing."""

    check: str
    verdict: str
    found: str
    advice: str = ""


class Examination:
    """`closing` takes what is opened on the way."""

    def __init__(self, settings: EngineSettings, closing: AsyncExitStack) -> None:
        self._settings, self._closing = settings, closing
        self._world = World()
        self._clock = self._world.clock
        self._venue_clock: VenueClock | None = None

    async def run(self) -> list[Finding]:
        """All findings. Raises ConfigError for settings that make no sense; what the venue does is a finding."""
        try:
            self._access = await find_venue(self._settings, self._closing)
            link = await self._link(None)
            await Queries(link.ask).server_time_ms()
        except ConfigError:
            raise
        except (TidingsError, OSError) as error:
            return [_unreachable(self._settings.env, error)]
        findings = [_reached(self._access), await self._check_clock(link), await self._check_round_trip(link)]
        if self._access.secret is None:
            advice = f"set {API_KEY_VARIABLE} and {API_SECRET_VARIABLE} to have the account checked"
            return [*findings, Finding("key and secret", "look", "no key was given", advice)]
        encoding, finding = await self._check_secret()
        if encoding is None:
            return [*findings, finding]
        account = await self._link(encoding)
        return [*findings, finding, await self._check_position_modes(account), self._check_budget(account)]

    async def _link(self, secret_encoding: str | None) -> VenueLink:
        """A connection of its own, signing with the secret read one way, or not at all."""
        link = VenueLink(
            self._access,
            self._access.credentials(secret_encoding) if secret_encoding is not None else None,
            RateBudget(self._access.endpoints),
            self._world,
            expiry_s=self._settings.expiry_s,
            timeout_s=self._settings.request_timeout_s,
        )
        await self._closing.enter_async_context(link)
        if self._venue_clock is not None:
            link.set_venue_clock(self._venue_clock.wall_offset_ns)
        return link

    # ---- Anybody may ask -----------------------------------------------------------------------------------------

    async def _check_clock(self, link: VenueLink) -> Finding:
        """How far this machine's clock is from the venue's; the engine uses the venue's."""
        venue = self._venue_clock = await measure_clock(Queries(link.ask), self._clock)
        offset_ms = (venue.wall_ns(self._clock.read_now_ns()) - self._clock.read_wall_ns()) / NS_PER_MS
        sure_ms = venue.uncertainty_ns / NS_PER_MS
        found = f"the venue is {round(offset_ms, 1) + 0.0:+.1f} ms from this machine's clock, ± {sure_ms:.1f} ms"
        if abs(offset_ms) <= OFFSET_LOOK_MS:
            return Finding("clock", "good", found)
        advice = "set this machine's clock (NTP): tidings signs by the venue's, other programs may not"
        return Finding("clock", "look", found, advice)

    async def _check_round_trip(self, link: VenueLink) -> Finding:
        trips_us = []
        for _ in range(ROUND_TRIPS):
            sent_ns = self._clock.read_now_ns()
            await Queries(link.ask).server_time_ms()
            trips_us.append((self._clock.read_now_ns() - sent_ns) / NS_PER_US)
        median_us = statistics.median(trips_us)
        found = f"median {median_us:,.0f} µs, worst {max(trips_us):,.0f} µs of {ROUND_TRIPS}"
        if median_us <= ROUND_TRIP_LOOK_MS * 1000:
            return Finding("round trip", "good", found)
        return Finding("round trip", "look", found, "far for 1 s deadlines: move nearer, or raise deadline_s")

    # ---- The account's owner may ask -----------------------------------------------------------------------------

    async def _check_secret(self) -> tuple[str | None, Finding]:
        """Which reading of the secret the venue accepts; None: neither."""
        refusals = {}
        for encoding in ENCODINGS:
            try:
                link = await self._link(encoding)
                await Queries(link.ask).account_positions(ProductLine.LINEAR, "USDT")
            except AuthenticationError as error:
                refusals[encoding] = f"{error.code} {error.name}"
            except TidingsError as error:  # a text that is no base64, or a venue that refuses for another reason
                refusals[encoding] = str(error)
        accepted = [encoding for encoding in ENCODINGS if encoding not in refusals]
        wanted = self._settings.secret_encoding
        if wanted in accepted:
            return wanted, Finding("key and secret", "good", f"accepted, the secret read as {wanted}")
        if accepted:
            found = f"refused when the secret is read as {wanted}, accepted as {accepted[0]}"
            advice = f'give --secret-encoding {accepted[0]} here, and secret_encoding="{accepted[0]}" to connect()'
            return accepted[0], Finding("key and secret", "bad", found, advice)
        found = "refused; " + "; ".join(f"read as {encoding}: {why}" for encoding, why in refusals.items())
        advice = (
            "copy key and secret again, without blanks; check that the key belongs to this environment, its list of"
            " addresses, its permissions and whether it has expired"
        )
        return None, Finding("key and secret", "bad", found, advice)

    async def _check_position_modes(self, link: VenueLink) -> Finding:
        """Hedged symbols want a position side on each order; tidings reads the modes at connect."""
        queries = Queries(link.ask)
        hedged, one_way_count = [], 0
        for line, currency in settle_currencies(parse_products(await queries.products())):
            for row in (await queries.account_positions(line, currency)).get("positions") or ():
                if row.get("posMode") == "Hedged":
                    hedged.append(row["symbol"])
                else:
                    one_way_count += 1
        if not hedged:
            return Finding("position mode", "good", f"one-way, all {one_way_count} symbols")
        names = ", ".join(sorted(set(hedged)))
        advice = "orders of hedged symbols open long or short: tidings follows the side, give pos_side where it differs"
        return Finding("position mode", "look", f"hedged: {names}; one-way: {one_way_count} symbols", advice)

    def _check_budget(self, link: VenueLink) -> Finding:
        """What the venue's headers say is used, other programs of the account included."""
        used = link.budget.used(self._clock.read_now_ns())
        found = ", ".join(f"{group} {weight} of {capacity}" for group, (weight, capacity) in used.items())
        tight = [name for name, (weight, most) in used.items() if weight * 100 > most * BUDGET_LOOK_PERCENT]
        if not tight:
            return Finding("rate budget", "good", f"used: {found}")
        advice = f"{', '.join(tight)} is nearly used up: another program with this account or address sends a lot"
        return Finding("rate budget", "look", f"used: {found}", advice)


def _reached(access: VenueAccess) -> Finding:
    rest = access.endpoints.rest
    seal = "TLS, certificate verified" if rest.is_tls else "no TLS, within this machine"
    return Finding("connection", "good", f"{rest.authority}: {seal}")


def _unreachable(env: str, error: Exception) -> Finding:
    advice = (
        "is the exchange running? Start one with `tidings exchange --ready-file FILE` and name it with --exchange FILE"
        if env == LOCAL
        else "check the network, the address (PHEMEX_API_URL) and whether a proxy or firewall is in between"
    )
    return Finding("connection", "bad", str(error), advice)
