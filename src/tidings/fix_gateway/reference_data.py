"""What can be traded, and whether it can be now: SecurityListRequest (x), SecurityDefinitionRequest (c) and
SecurityStatusRequest (e).
"""

from __future__ import annotations

from tidings.fix_gateway.client import Client
from tidings.fix_gateway.field_text import Fields, FieldSource, body_of, decimal_text
from tidings.fix_gateway.order_desk import FixOrderDesk
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument
from tidings.model.scale import qty_text

PER_MESSAGE_MAX = 100
ONE_SECURITY, ALL_SECURITIES = b"0", b"4"
VALID, UNSUPPORTED, NONE_FOUND = b"0", b"1", b"2"  # SecurityRequestResult (560)
SPECIFICATIONS = b"0"  # SecurityRequestType (321)
ACCEPTED, REJECTED = b"1", b"5"  # SecurityResponseType (323)
_DEFINITION_TAGS = (15, 55, 107, 167, 231, 461)
READY, HALTED, NOT_AVAILABLE = b"17", b"2", b"18"


class ReferenceData:
    """Answers from the catalogue the engine trades on."""

    def __init__(self, desk: FixOrderDesk) -> None:
        self._desk = desk

    def security_list(self, client: Client, message: FieldSource) -> None:
        """One SecurityList (y) per hundred instruments, the last one marked."""
        request_id = message.find(320) or b""
        symbol = message.find(55)
        everything = sorted(self._desk.phemex.engine.products, key=lambda instrument: instrument.symbol)
        found = [one for one in everything if one.is_listed and self._is_wanted(client, one, message, symbol)]
        is_known = message.find(559) in (ONE_SECURITY, ALL_SECURITIES)
        for first in range(0, max(len(found), 1), PER_MESSAGE_MAX):
            part = found[first : first + PER_MESSAGE_MAX]
            is_last = first + PER_MESSAGE_MAX >= len(found)
            fields: Fields = [(146, b"%d" % len(part))] if part else []
            for instrument in part:
                fields += _instrument(instrument, client.profile.is_extended)
            response_id = request_id + b"-%d" % (first // PER_MESSAGE_MAX + 1)
            fields += [
                (320, request_id), (322, response_id), (393, b"%d" % len(found)),
                (560, VALID if found else NONE_FOUND if is_known else UNSUPPORTED),
                (893, b"Y" if is_last else b"N"),
            ]  # fmt: skip
            client.tell(b"y", fields)

    def _is_wanted(self, client: Client, instrument: Instrument, message: FieldSource, symbol: bytes | None) -> bool:
        if client.rules.symbols and instrument.symbol not in client.rules.symbols:
            return False
        kind = message.find(559)
        return kind == ALL_SECURITIES or (kind == ONE_SECURITY and symbol == instrument.symbol.encode())

    def security_definition(self, client: Client, message: FieldSource) -> None:
        """A SecurityDefinition (d) of one instrument: found, or why not."""
        request_id = message.find(320) or b""
        symbol = (message.find(55) or b"").decode("latin-1")
        instrument = self._desk.phemex.engine.products.find(symbol)
        allowed = client.rules.symbols
        found = {320: request_id, 322: request_id + b"-1", 323: ACCEPTED}
        text = ""
        if message.find(321) != SPECIFICATIONS:
            text = "SecurityRequestType (321) must be 0"
        elif instrument is None or not instrument.is_listed or (allowed and symbol not in allowed):
            text = f"unknown symbol {symbol}"
        else:
            fields = dict(_instrument(instrument, is_extended=False))
            found.update((tag, fields[tag]) for tag in _DEFINITION_TAGS)
        if text:
            found.update({323: REJECTED, 58: text.encode("latin-1")})
            if symbol:
                found[55] = symbol.encode("latin-1")
        client.tell(b"d", body_of(found))

    def security_status(self, client: Client, message: FieldSource) -> None:
        """A SecurityStatus (f): tradable now, halted, or not there."""
        symbol = (message.find(55) or b"").decode("latin-1")
        instrument = self._desk.phemex.engine.products.find(symbol)
        state = self._desk.phemex.engine.state
        if instrument is None or not instrument.is_listed:
            status = NOT_AVAILABLE
        else:
            status = HALTED if symbol in state.symbols or state.denied_because else READY
        client.tell(b"f", [(55, symbol.encode("latin-1")), (324, message.find(324) or b""), (326, status)])


def _instrument(instrument: Instrument, is_extended: bool) -> Fields:
    """One entry of the group."""
    is_spot = instrument.line == ProductLine.SPOT
    lot = decimal_text(instrument.lot_size)
    kind = "spot" if is_spot else "perpetual"
    name = f"{instrument.base_currency}/{instrument.quote_currency} {kind}"
    fields = [
        (55, instrument.symbol.encode()), (107, name.encode()), (167, b"NONE" if is_spot else b"FUT"),
        (461, b"IFXXXP" if is_spot else b"FFCCSX"), (15, instrument.quote_currency.encode()),
        (231, decimal_text(instrument.contract_size)), (561, lot), (562, lot),
    ]  # fmt: skip
    if is_extended:
        fields.append((969, decimal_text(instrument.tick_size)))
        if instrument.max_qty_lots:
            fields.append((1140, qty_text(instrument, instrument.max_qty_lots).encode()))
        fields.append((20050, b"%d" % instrument.price_scale))
    return fields
