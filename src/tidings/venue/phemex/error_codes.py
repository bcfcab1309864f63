"""What the venue's numbers mean for an order: refused, try later, not found, or nobody knows.

`code` (replies), `bizError` (orders in replies) and `code` (stream orders) share one number space; `cxlRejReason` uses
four of its own. The table is data, `error_codes.json`: phemex docs 2026, "Error codes", and undocumented ones seen in
clients, marked so in their meaning. A number that is not in it stays what it is: its outcome is UNKNOWN, never a guess.
"""

import json
import re
from dataclasses import dataclass, replace
from enum import Enum
from importlib.resources import files
from typing import Final

TEXT_CHARS_MAX = 120  # of the venue's own words in our messages
WORDS_CHARS_MAX = 500  # so far they are read: a search takes time by the square of it


class Outcome(Enum):
    """What a code says about the request it answers."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # it had no effect; the same request would be refused again
    RETRY_LATER = "retry later"  # it had no effect; the same request may pass in a while
    NOT_FOUND = "not found"  # the venue knows no such order, or nothing is open
    DUPLICATE = "duplicate"  # its id was used before: on our only send, somebody on the way repeated it
    AUTH = "authentication"  # it had no effect: key, secret, clock, permission or source address
    UNKNOWN = "unknown"  # not in the table, or no clean answer: it may have had its effect


class Actor(Enum):
    """Who must act."""

    NOBODY = "nobody: wait and look again"
    CALLER = "the caller: change the request"
    OWNER = "the account's owner: funds, limits, position mode, key"
    VENUE = "the venue's support"


@dataclass(frozen=True, slots=True)
class CodeMeaning:
    """One number of the venue's, in words."""

    code: int
    name: str
    meaning: str
    outcome: Outcome
    actor: Actor


def _load() -> dict[int, CodeMeaning]:
    text = files("tidings.venue.phemex").joinpath("error_codes.json").read_text(encoding="utf-8")
    rows = json.loads(text)
    return {row[0]: CodeMeaning(row[0], row[1], row[4], Outcome[row[2]], Actor[row[3]]) for row in rows}


CODES: Final = _load()
_BY_NAME: Final = {entry.name: entry for entry in CODES.values()}
_OK: Final = CodeMeaning(0, "OK", "accepted", Outcome.ACCEPTED, Actor.NOBODY)
_TRADING_ENGINE_CODES: Final = range(11000, 12000)  # one service, one documented meaning each
_ENUM_NAME: Final = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")

# For an order these mean that it is over, whatever we believed; for one about to change, that it is busy.
FINISHED_CODES: Final = frozenset({11062, 11063, 11066})  # already cancelled; state allows no cancel; no amend
BUSY_CODES: Final = frozenset({10003, 10004, 10005, 11061, 11064})
NOT_FOUND_CODES: Final = frozenset(code for code, entry in CODES.items() if entry.outcome is Outcome.NOT_FOUND)
DUPLICATE_CODES: Final = frozenset(code for code, entry in CODES.items() if entry.outcome is Outcome.DUPLICATE)
AMEND_UNDER_WAY_CODES: Final = frozenset({10004, 11064})
_CHANGE_CODES: Final = BUSY_CODES | frozenset(range(11061, 11069))  # pending, already cancelled, cannot be replaced, …
NOT_MODIFIED_CODE: Final = 11065  # an amend that changes nothing: the order is as asked for

# One number, several services, several meanings: the words decide (observed in clients and the official CLI).
_WORDS: Final[tuple[tuple[re.Pattern[str], str, str, Outcome, Actor], ...]] = tuple(
    (re.compile(words, re.IGNORECASE), name, meaning, outcome, actor)
    for words, name, meaning, outcome, actor in (
        ("too many requests", "TOO_MANY_REQUESTS", "rate limit", Outcome.RETRY_LATER, Actor.NOBODY),
        ("signature verification", "SIGNATURE_REFUSED", "signature refused: wrong secret, or its encoding (raw or "
         "base64url) is the other one", Outcome.AUTH, Actor.OWNER),
        ("api.?key", "API_KEY_REFUSED", "the venue does not know this API key: wrong key, or one of another "
         "environment", Outcome.AUTH, Actor.OWNER),
        ("ip mismatch", "ADDRESS_REFUSED", "the API key is bound to another source address", Outcome.AUTH, Actor.OWNER),
        ("insufficient privilege", "PERMISSION_MISSING", "the API key lacks the permission", Outcome.AUTH, Actor.OWNER),
        ("missing (required )?parameter", "MISSING_PARAMETER", "a parameter is missing", Outcome.REFUSED, Actor.CALLER),
        ("order.*not found", "OM_ORDER_NOT_FOUND", "no such order", Outcome.NOT_FOUND, Actor.NOBODY),
    )
)


def meaning_of(code: int, venue_text: str = "") -> CodeMeaning:
    """What `code` means, given the words that came with it ("" if none). Always an entry, never an exception.

    Words win over the table where they name something else: services of the venue use some numbers differently.
    """
    if code == 0:
        return _OK
    if _ENUM_NAME.fullmatch(venue_text):
        return _by_name(code, venue_text)
    entry = CODES.get(code)
    if code not in _TRADING_ENGINE_CODES:
        entry = _by_words(code, venue_text) or entry
    if entry is None:
        return _unlisted(code, venue_text)
    if venue_text and entry.outcome is Outcome.REFUSED and code not in _TRADING_ENGINE_CODES:
        return replace(entry, meaning=f"{entry.meaning}: {shown_text(venue_text)!r}")  # it names the parameter
    return entry


def refuses_a_change(code: int, venue_text: str = "") -> bool:
    """Whether a refusal is about an order that is there, or should be: no create can have been answered so."""
    return code in _CHANGE_CODES or meaning_of(code, venue_text).outcome is Outcome.NOT_FOUND


def leaves_a_create_open(code: int, venue_text: str = "") -> bool:
    """Whether a code does not say that our create was refused: one that nobody knows, or "this ClOrdID is used" for one
    sent only once.
    """
    return meaning_of(code, venue_text).outcome in (Outcome.UNKNOWN, Outcome.DUPLICATE)


def outcome_of_status(status: int) -> Outcome:
    """What an HTTP status says where the body does not. Only the gateway's refusals prove that nothing was executed."""
    if 200 <= status < 300:
        return Outcome.ACCEPTED
    if status == 401:
        return Outcome.AUTH
    if status in (403, 418, 429):  # a production client of the venue treats all three as rate limiting (observed)
        return Outcome.RETRY_LATER
    return Outcome.UNKNOWN  # 5xx: "execution status is UNKNOWN and could be Succeed" (phemex docs 2026, "General")


def shown_text(venue_text: str) -> str:
    """The venue's words fit for one line of a log: printable, short."""
    text = "".join(char if char.isprintable() else "?" for char in venue_text[: TEXT_CHARS_MAX + 1])
    return text if len(text) <= TEXT_CHARS_MAX else text[:TEXT_CHARS_MAX] + "…"


def _by_name(code: int, name: str) -> CodeMeaning:
    """The entry of that name, whatever number it came with; the name itself where it is none of ours."""
    entry = _BY_NAME.get(name)
    if entry is not None:
        return entry if entry.code == code else replace(entry, code=code)
    return CodeMeaning(code, shown_text(name), "not in our table of codes", Outcome.UNKNOWN, Actor.VENUE)


def _by_words(code: int, venue_text: str) -> CodeMeaning | None:
    for words, name, meaning, outcome, actor in _WORDS:
        if words.search(venue_text, 0, WORDS_CHARS_MAX):
            return CodeMeaning(code, name, meaning, outcome, actor)
    return None


def _unlisted(code: int, venue_text: str) -> CodeMeaning:
    said = f"; the venue said {shown_text(venue_text)!r}" if venue_text else ""
    return CodeMeaning(code, f"UNKNOWN_{code}", f"not in our table of codes{said}", Outcome.UNKNOWN, Actor.VENUE)
