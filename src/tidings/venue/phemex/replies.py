"""Replies of the cold side: envelopes opened, errors raised.

Every path but `/md/…` answers `{"code": 0, "msg": "", "data": …}`; market data answers `{"error": null, "id": 0,
"result": …}`
(phemex docs 2026, "REST request/response"). Numbers with a point become Decimal, never float.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from tidings.errors import AuthenticationError, PeerError, RateLimited, VenueError
from tidings.venue.phemex.error_codes import meaning_of

BODY_SHOWN_BYTES = 200
EXPONENT_MAX = 40  # of ten


def bounded(number: Decimal) -> Decimal:
    """The number itself. Raises ValueError where few bytes stand for one that takes minutes to make a whole one of."""
    if abs(number.adjusted()) > EXPONENT_MAX:
        raise ValueError(f"a number like {number:.3E} is no price, quantity or time")
    return number


def _refuse(word: str) -> Decimal:
    raise ValueError(f"{word} is no JSON")


# json.loads would make one for each reply.
_DECODER = json.JSONDecoder(parse_float=lambda text: bounded(Decimal(text)), parse_constant=_refuse)


def open_envelope(status: int, body: bytes, what: str) -> Any:
    """The `data` (or `result`) of a reply to the request `what`.

    Raises VenueError, AuthenticationError, RateLimited or PeerError.
    """
    if status == 429:
        raise RateLimited(f"{what}: too many requests in this minute (HTTP 429): wait and ask again", 60)
    envelope = parse_json(status, body, what)
    if not isinstance(envelope, dict):
        if status != 200:
            raise _refusal(what, status, status, "")
        return envelope  # some /api-data endpoints answer a bare array (phemex docs 2026)
    error = envelope.get("error")
    if error is not None:
        code, text = (error.get("code"), error.get("message")) if isinstance(error, dict) else (None, error)
        raise _refusal(what, status, _number(code, status), str(text or ""))
    if status == 200 and envelope.get("code") in (None, "") and "result" not in envelope:
        raise PeerError(f"{what}: the reply tells neither a code nor a result: {body[:BODY_SHOWN_BYTES]!r}")
    code = _number(envelope.get("code"), status)
    if code != 0 or status != 200:
        raise _refusal(what, status, code or status, str(envelope.get("msg", "")))
    return envelope["result"] if "result" in envelope else envelope.get("data")


def names_another_order(body: bytes, cl_ord_id: str, symbol: str) -> str:
    """The ClOrdID or symbol in a reply that was not the asked one's; "" if it names neither."""
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    data = envelope.get("data") if isinstance(envelope, dict) else None
    if not isinstance(data, dict):
        return ""
    for named, asked in ((data.get("clOrdID"), cl_ord_id), (data.get("symbol"), symbol)):
        if isinstance(named, str) and named not in ("", asked):
            return named[:BODY_SHOWN_BYTES]
    return ""


def parse_json(status: int, body: bytes, what: str) -> Any:
    """The reply as Python objects with exact numbers. Raises PeerError when it is no JSON, VenueError by its status."""
    try:
        return _DECODER.decode(body.decode())
    except (ValueError, RecursionError) as error:
        if status != 200:
            raise _refusal(what, status, status, "") from None
        raise PeerError(f"{what}: HTTP {status} with a body that is no JSON: {body[:BODY_SHOWN_BYTES]!r}") from error


def _number(code: object, otherwise: int) -> int:
    """A code, which some error bodies carry as text; `otherwise` where it is none."""
    if code is None or code == "":
        return 0
    try:
        return int(str(code))
    except ValueError:
        return otherwise


def _refusal(what: str, status: int, code: int, text: str) -> VenueError:
    entry = meaning_of(code, text)
    message = f"{what}: the venue answered {code} {entry.name}: {entry.meaning} (HTTP {status})"
    if status == 401 or code in (401, 10500, 6012):
        return AuthenticationError(
            f"{message}: check key, secret encoding and clock with `tidings doctor`",
            code,
            entry.name,
            entry.meaning,
            status,
        )
    return VenueError(message, code, entry.name, entry.meaning, status)
