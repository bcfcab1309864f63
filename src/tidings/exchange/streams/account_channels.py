"""The channels of a user's own: what each is subscribed with, what it begins with, and what an update reads like on it.

`aop`, `aop_p` and `wo` follow one product line each, `aop_v1` is an older form of the first, `ras_p` tells of risk.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from tidings.exchange.catalogue import ONE_ER, Line
from tidings.exchange.messages import contract_json, contract_v1_json, linear_json, risk_json, spot_json
from tidings.exchange.messages.contract_v1_json import Options
from tidings.exchange.reports import AccountUpdate, PositionState
from tidings.exchange.streams.subscriptions import Key
from tidings.exchange.venue import Venue

LINES: Final = {
    "aop": Line.COIN_M, "aop_v1": Line.COIN_M, "aop_p": Line.USD_M, "ras_p": Line.USD_M, "wo": Line.SPOT,
}  # fmt: skip
_LIGHTS: Final = 5
_HISTORY_MAX: Final = 100  # "up to 100 closed and 100 filled" (phemex docs 2026, aop); for aop_v1 our reading

Message = tuple[str, AccountUpdate | None]
"""What is sent, and the update it tells of; None for what the venue sends unasked."""


class AccountChannels:
    """Writes the account channels' messages, and knows which of them anybody listens to."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._rules = venue.config.rules
        self._open: dict[Line, dict[Key, None]] = {line: {} for line in Line}
        self._versions: Counter[int] = Counter()  # of risk units, by user

    def key(self, channel: str, params: object) -> Key | None:
        """What a subscription asks for; None if it cannot be had. Only aop_v1 has parameters."""
        if channel != "aop_v1":
            return Key(channel)
        match params:
            case None | []:
                return Key(channel, detail=tuple(Options()))
            case [int(history), bool(has_flat), bool(skips)] if not isinstance(history, bool):
                return Key(channel, detail=(history, has_flat, skips)) if 0 <= history <= _HISTORY_MAX else None
        return None

    def acknowledgement(self, channel: str) -> str:
        """The result of a subscription; ras_p's is misspelled in all documents."""
        return f'{{"{self._rules.ras_ack if channel == "ras_p" else "status"}":"success"}}'

    def attach(self, key: Key) -> None:
        """Somebody listens to `key`."""
        self._open[LINES[key.channel]][key] = None

    def forget(self, key: Key) -> None:
        """Nobody listens to `key` any more."""
        for keys in self._open.values():
            keys.pop(key, None)

    def keys_of(self, line: Line) -> tuple[Key, ...]:
        """What is listened to on `line`."""
        return tuple(self._open[line])

    def snapshot(self, key: Key, user_id: int, now_ns: int) -> Iterator[Message]:
        """What a subscription begins with."""
        line = LINES[key.channel]
        updates = self._venue.account_snapshot(user_id, line, now_ns)
        if key.channel == "wo":
            pairs = self._venue.catalogue.listed(Line.SPOT)
            open_count = sum(len(self._venue.queries.open_orders(user_id, pair.symbol)) for pair in pairs)
            yield spot_json.snapshot_message(updates[0], open_count), updates[0]
            return
        if key.channel == "ras_p":
            yield self._risk_message(updates), updates[0]  # all currencies in one
            return
        is_stray = self._rules.stray_messages and key.channel in ("aop", "aop_p")
        if is_stray:
            yield _stray_index(now_ns), None
        for update in updates:
            yield self.message(key, update), update
            for position in update.positions if is_stray else ():
                if position.size:
                    yield _stray_position(position, update), None

    def message(self, key: Key, update: AccountUpdate) -> str:
        """An update, or a snapshot, in the words of a channel."""
        if key.channel == "wo":
            return spot_json.stream_message(update)
        account_id = update.user_id * 10_000 + self._venue.catalogue.currencies[update.currency].code
        if key.channel == "aop_p":
            return linear_json.stream_message(update, account_id)
        if key.channel == "aop":
            return contract_json.stream_message(update, account_id)
        if key.channel == "ras_p":
            return self._risk_message([update])
        history, has_flat, skips = key.detail
        options = Options(history, bool(has_flat), bool(skips))
        positions = update.positions
        if update.is_snapshot and options.has_flat_positions:
            positions = self._venue.positions(update.user_id, update.line, update.currency)
        return contract_v1_json.stream_message(update, account_id, options, positions)

    def _risk_message(self, updates: Sequence[AccountUpdate]) -> str:
        first, rows, wallets = updates[0], [], []
        self._versions[first.user_id] += 1
        version, now_ns = self._versions[first.user_id], first.timestamp_ns
        for update in updates:
            if update.account is None:
                raise TypeError("an update of contracts has an account")
            positions = self._venue.positions(update.user_id, update.line, update.currency)
            rows += risk_json.units(update.account, positions, self._rules.cross_risk_mode, now_ns, version)
            wallets.append(risk_json.wallet(update.account, now_ns, version))
        return risk_json.message(rows, wallets, first.sequence, now_ns, is_snapshot=first.is_snapshot)


def _stray_index(now_ns: int) -> str:
    """What the venue sends right after an account subscription, asked for by nobody (captured 2025)."""
    index = {"highEp": 10_009, "lastEp": 10_007, "lowEp": 10_004, "openEp": 10_004, "symbol": ".USDT"}
    return json.dumps({"index_market24h": index, "timestamp": now_ns}, separators=(",", ":"))


def _stray_position(position: PositionState, update: AccountUpdate) -> str:
    """The risk light of a held position, equally unasked for (captured 2025): of five, the more the sooner deleveraged.

    That the lights are fifths of the percentile is our reading.
    """
    light = max(1, -(-position.deleverage_er * _LIGHTS // ONE_ER))
    info = {
        "accountID": position.account_id, "light": light, "symbol": position.instrument.symbol,
        "userID": update.user_id,
    }  # fmt: skip
    return json.dumps({"position_info": info, "sequence": update.sequence}, separators=(",", ":"))
