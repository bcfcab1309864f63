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


def open_envelope(status: int, body: bytes, what: str) -> Any:
    """The `data` (or `result`) of a reply to the request `what`.

    Raises VenueError, AuthenticationError, RateLimited or PeerError.
    """
    if status == 429:
        raise RateLimited(f"{what}: too many requests in this minute (HTTP 429): wait and ask again", 60)
    envelope = parse_json(status, body, what)
    if not isinstance(envelope, dict):
        return envelope  # some /api-data endpoints answer a bare array (phemex docs 2026)
    if envelope.get("error") is not None:
        error = envelope["error"]
        raise _refusal(what, status, int(error.get("code", 0)), str(error.get("message", "")))
    code = int(envelope.get("code") or 0)  # some error bodies carry the code as text
    if code != 0 or status != 200:
        raise _refusal(what, status, code, str(envelope.get("msg", "")))
    return envelope["result"] if "result" in envelope else envelope.get("data")


def parse_json(status: int, body: bytes, what: str) -> Any:
    """The reply as Python objects with exact numbers. Raises PeerError (or VenueError by status) when it is no JSON."""
    try:
        return json.loads(body, parse_float=Decimal)
    except ValueError as error:
        if status in (401, 403):
            raise _refusal(what, status, status, "") from error
        raise PeerError(f"{what}: HTTP {status} with a body that is no JSON: {body[:BODY_SHOWN_BYTES]!r}") from error


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
