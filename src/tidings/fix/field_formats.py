"""What a value of each FIX type looks like, as one question per type: does this value have the form?"""

from __future__ import annotations

import re
from collections.abc import Callable

# More digits than these do not fit a 64-bit integer for certain.
DIGITS_MAX = 18

_DATE = rb"[0-9]{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_TIME = rb"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]{3}(?:[0-9]{3}(?:[0-9]{3})?)?)?"
_COUNT = rb"0*[0-9]{1,%d}" % DIGITS_MAX
_INTEGER = rb"-?0*[0-9]{1,%d}" % DIGITS_MAX
_DECIMAL = rb"-?(?=\.?[0-9])0*[0-9]{0,%d}(?:\.[0-9]{0,%d})?" % (DIGITS_MAX, DIGITS_MAX)

_PATTERNS: dict[str, bytes] = {
    "CHAR": rb"[\x00-\xff]",
    "BOOLEAN": rb"[YN]",
    "INT": _INTEGER,
    **dict.fromkeys(("SEQNUM", "LENGTH", "NUMINGROUP"), _COUNT),
    **dict.fromkeys(("PRICE", "QTY", "AMT", "FLOAT", "PRICEOFFSET", "PERCENTAGE"), _DECIMAL),
    "UTCTIMESTAMP": _DATE + b"-" + _TIME,
    "UTCTIMEONLY": _TIME,
    **dict.fromkeys(("UTCDATEONLY", "LOCALMKTDATE"), _DATE),
    "MONTHYEAR": rb"[0-9]{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]|w[1-5])?",
}

# Types not named here are text: anything goes.
FORMATS: dict[str, Callable[[bytes], object]] = {
    kind: re.compile(pattern, re.DOTALL).fullmatch for kind, pattern in _PATTERNS.items()
}
