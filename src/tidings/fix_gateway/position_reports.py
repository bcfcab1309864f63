"""What the account holds: RequestForPositions (AN) → an acknowledgement (AO) and a PositionReport (AP) each.

The venue is asked, because it alone knows entry and mark prices; the engine's own count says when something has changed
and a subscriber must hear of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

from tidings.errors import TidingsError
from tidings.fix.timestamps import timestamp
from tidings.fix_gateway.client import Client
from tidings.fix_gateway.field_text import Fields, FieldSource, body_of, decimal_text
from tidings.fix_gateway.order_desk import FixOrderDesk
from tidings.model.enums import PosSide, ProductLine
from tidings.model.scale import qty_text
from tidings.venue.phemex.currencies import settle_currencies
from tidings.venue.phemex.position_rows import HeldPosition, held_position
from tidings.venue.phemex.products import Products

log = logging.getLogger("tidings.fix")

LOOK_S = 0.1  # how soon a change is noticed
ASK_AGAIN_S = 1.0  # and how often the venue is asked about changes, at most
ASKED_MAX = 4  # about one change, while the venue's answer is not what the engine counts: it may be two seconds old
SNAPSHOT, SUBSCRIBE, STOP = b"0", b"1", b"2"
POSITIONS_ONLY = b"0"  # PosReqType (724)
# PosReqResult (728), and PosReqStatus (729)
VALID, UNSUPPORTED, NONE_FOUND, NOT_AUTHORIZED, OTHER = b"0", b"1", b"2", b"3", b"99"
COMPLETED, REJECTED = b"0", b"2"
THEORETICAL = b"2"  # SettlPriceType: a mark price settles nothing yet
_POS_SIDES = {PosSide.MERGED: b"M", PosSide.LONG: b"L", PosSide.SHORT: b"S"}
Key = tuple[str, int]


@dataclass(slots=True)
class _Watch:
    """One subscription: what its client has been told, by symbol and side."""

    request_id: bytes
    symbol: bytes | None
    currency: bytes | None
    told: dict[Key, int] = field(default_factory=dict)

    def is_about(self, line: ProductLine, currency: str, products: Products) -> bool:
        """Whether it may find anything in this account: each costs a request."""
        if self.currency not in (None, currency.encode()):
            return False
        instrument = products.find(self.symbol.decode("latin-1")) if self.symbol is not None else None
        return self.symbol is None or (
            instrument is not None and (instrument.line, instrument.settle_currency) == (line, currency)
        )

    def hits(self, held: HeldPosition) -> bool:
        instrument = held.instrument
        fits_symbol = self.symbol is None or instrument.symbol.encode() == self.symbol
        return fits_symbol and (self.currency is None or instrument.settle_currency.encode() == self.currency)


class PositionReports:
    """One client's requests for positions."""

    def __init__(self, desk: FixOrderDesk, client: Client) -> None:
        self._desk = desk
        self._client = client
        self._watches: dict[bytes, _Watch] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._follower: asyncio.Task[None] | None = None
        # The engine's count when what all who follow were told was asked for; None: they were told of different ones.
        self._counted_at_asking: dict[Key, int] | None = None
        self._report_count = 0
        self._account = client.rules.account.encode() or b"NONE"

    def request(self, message: FieldSource) -> None:
        """A RequestForPositions; the answer comes when the venue has told."""
        request_id, kind = message.find(710) or b"", message.find(263) or SNAPSHOT
        if kind == STOP:
            self._watches.pop(request_id, None)
            self._acknowledge(request_id, 0, VALID, COMPLETED, "stopped")
            return
        account, ours = message.find(1), self._client.rules.account
        if ours and account not in (None, ours.encode()):
            self._acknowledge(request_id, 0, NOT_AUTHORIZED, REJECTED, "not this session's account")
        elif message.find(724) != POSITIONS_ONLY:
            self._acknowledge(request_id, 0, UNSUPPORTED, REJECTED, "PosReqType (724) must be 0")
        elif kind == SUBSCRIBE and request_id in self._watches:
            self._acknowledge(request_id, 0, UNSUPPORTED, REJECTED, "this PosReqID (710) is in use")
        elif text := self._unknown_name(message.find(55), message.find(15)):
            self._acknowledge(request_id, 0, UNSUPPORTED, REJECTED, text)
        else:
            watch = _Watch(request_id, message.find(55), message.find(15))
            if kind == SUBSCRIBE:
                self._watches[request_id] = watch
            task = asyncio.get_running_loop().create_task(self._answer(watch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _unknown_name(self, symbol: bytes | None, currency: bytes | None) -> str:
        """What is asked about and cannot be, in words; "" if it can."""
        products, allowed = self._desk.phemex.engine.products, self._client.rules.symbols
        name = (symbol or b"").decode("latin-1")
        instrument = products.find(name)
        if name and instrument is None:
            return f"unknown symbol {name}"
        if name and allowed and name not in allowed:
            return f"{name} is not among this session's symbols"
        if instrument is not None and instrument.line == ProductLine.SPOT:
            return f"{name} is spot: it has no positions"
        if currency is not None and currency.decode("latin-1") not in {of for _, of in settle_currencies(products)}:
            return f"unknown currency {currency.decode('latin-1')}"
        return ""

    def drop_all(self) -> None:
        """The client is gone; nothing is followed for it."""
        self._watches.clear()

    async def _answer(self, watch: _Watch) -> None:
        counted = self._counted()
        try:
            listed = await self._ask([watch])
        except TidingsError as error:
            self._watches.pop(watch.request_id, None)
            self._acknowledge(watch.request_id, 0, OTHER, REJECTED, f"the venue did not tell: {error}")
            return
        except Exception:
            log.exception("%s: positions could not be told", self._client.name)
            self._watches.pop(watch.request_id, None)
            self._acknowledge(watch.request_id, 0, OTHER, REJECTED, "internal error")
            return
        found = [held for held in listed if watch.hits(held) and held.net_qty_lots]
        result = VALID if found else NONE_FOUND
        self._acknowledge(watch.request_id, len(found), result, COMPLETED, "")
        for held in found:
            self._tell(watch, held, len(found), is_unsolicited=False)
        if watch.request_id in self._watches:
            self._go_on_following(None if _differs(listed, counted) else counted)

    def _go_on_following(self, counted: dict[Key, int] | None) -> None:
        """Behind the first answer to one who follows, asked for when `counted` was the engine's count; None: of which
        it may be behind.
        """
        if self._follower is None or self._follower.done():
            self._counted_at_asking = counted  # what has moved since is not in this answer
            self._follower = asyncio.get_running_loop().create_task(self._follow())
        elif counted != self._counted_at_asking:
            self._counted_at_asking = None  # it is behind what others were told, or ahead of that

    async def _ask(self, watches: Iterable[_Watch]) -> list[HeldPosition]:
        """What the venue lists in the accounts that these ask about, flat positions too. Raises TidingsError."""
        engine, allowed = self._desk.phemex.engine, self._client.rules.symbols
        wanted = list(watches)
        found: list[HeldPosition] = []
        for line, currency in settle_currencies(engine.products):
            if not any(watch.is_about(line, currency, engine.products) for watch in wanted):
                continue
            data = await engine.queries.account_positions(line, currency)
            for row in data.get("positions") or ():
                instrument = engine.products.find(str(row.get("symbol")))
                if instrument is not None and (not allowed or instrument.symbol in allowed):
                    found.append(held_position(instrument, row))
        return found

    # ---- Subscriptions ------------------------------------------------------------------------------------------

    async def _follow(self) -> None:
        """While anybody subscribes: ask again when the engine's count has moved, and tell what is not as told."""
        asked_in_vain = 0
        while self._watches:
            await asyncio.sleep(LOOK_S)
            counted = self._counted()
            if counted == self._counted_at_asking:
                continue
            try:
                listed = await self._ask(self._watches.values())
            except TidingsError as error:
                log.warning("%s: positions have changed, and the venue did not tell: %s", self._client.name, error)
            except Exception:  # a fault of ours must not end what its client goes by
                log.exception("%s: positions have changed, and could not be told", self._client.name)
            else:
                asked_in_vain = (asked_in_vain + 1) % ASKED_MAX if _differs(listed, counted) else 0
                self._counted_at_asking = None if asked_in_vain else counted
                for watch in list(self._watches.values()):
                    self._tell_changes(watch, listed)
            await asyncio.sleep(ASK_AGAIN_S - LOOK_S)

    def _counted(self) -> dict[Key, int]:
        positions = self._desk.phemex.engine.positions
        return {(one.symbol, int(one.pos_side)): one.net_qty_lots for one in positions if one.net_qty_lots}

    def _tell_changes(self, watch: _Watch, listed: Iterable[HeldPosition]) -> None:
        changed = [held for held in listed if watch.hits(held) and watch.told.get(_key(held), 0) != held.net_qty_lots]
        for held in changed:
            self._tell(watch, held, len(changed), is_unsolicited=True)

    # ---- Messages -----------------------------------------------------------------------------------------------

    def _acknowledge(self, request_id: bytes, total: int, result: bytes, status: bytes, text: str) -> None:
        found = {
            1: self._account, 581: b"1", 710: request_id, 721: self._report_id(),
            727: b"%d" % total, 728: result, 729: status,
        }  # fmt: skip
        if text:
            found[58] = text.encode()
        self._client.tell(b"AO", body_of(found))

    def _report_id(self) -> bytes:
        self._report_count += 1
        return b"P-%d-%d" % (self._desk.clock.read_wall_ns() // 1000, self._report_count)

    def _tell(self, watch: _Watch, held: HeldPosition, total: int, *, is_unsolicited: bool) -> None:
        watch.told[_key(held)] = held.net_qty_lots
        instrument, lots = held.instrument, held.net_qty_lots
        today = timestamp(self._desk.clock.read_wall_ns(), 0)[:8]
        found = {
            1: self._account, 15: instrument.settle_currency.encode(),
            55: instrument.symbol.encode(), 581: b"1", 710: watch.request_id, 715: today, 721: self._report_id(),
            727: b"%d" % total, 728: VALID, 730: decimal_text(held.mark_px), 731: THEORETICAL,
            734: decimal_text(held.entry_px),
        }  # fmt: skip
        if is_unsolicited:
            found[325] = b"Y"
        if self._client.profile.is_extended:
            found.update(_extended(held))
        is_short = lots < 0
        size = qty_text(instrument, abs(lots)).encode()
        quantities: Fields = [(703, b"TQ"), (704, b"0" if is_short else size), (705, size if is_short else b"0")]
        groups: dict[int, list[Fields]] = {702: [quantities]}
        if (gain := held.unrealised_pnl) is not None:
            groups[753] = [[(707, b"FMTM"), (708, decimal_text(gain))]]
        self._client.tell(b"AP", body_of(found, groups))


def _key(held: HeldPosition) -> Key:
    return held.instrument.symbol, int(held.pos_side)


def _differs(listed: Iterable[HeldPosition], counted: dict[Key, int]) -> bool:
    """Whether what the venue lists is not what the engine counts."""
    return any(held.net_qty_lots != counted.get(_key(held), 0) for held in listed)


def _extended(held: HeldPosition) -> dict[int, bytes]:
    return {
        20002: _POS_SIDES[held.pos_side],
        20032: decimal_text(held.entry_px),
        20033: decimal_text(held.liquidation_px),
        20034: decimal_text(held.leverage),
        20035: decimal_text(held.realised_pnl),
    }
