"""Exact conversion between decimal text and integers scaled by a power of ten.

Inside the exchange every price, quantity and amount is an integer; text appears only at its faces. No float takes part.
"""

import re

_PLAIN_DECIMAL = re.compile(r"(-?)(\d{1,30})(?:\.(\d{1,30}))?", re.ASCII)


def from_text(text: str, scale: int) -> int:
    """Give `text`, a plain decimal such as "61250.5", as an integer in units of 10^-`scale`.

    Raises ValueError if `text` is not a plain decimal or is finer than the scale can hold.
    """
    match = _PLAIN_DECIMAL.fullmatch(text)
    if match is None:
        raise ValueError(f"not a plain decimal number: {text[:40]!r}")
    sign, whole, fraction = match.group(1), match.group(2), (match.group(3) or "").rstrip("0")
    if len(fraction) > scale:
        raise ValueError(f"more than {scale} decimals: {text[:40]!r}")
    magnitude = int(whole + fraction.ljust(scale, "0"))
    return -magnitude if sign else magnitude


def to_text(value: int, scale: int) -> str:
    """Give the integer `value` in units of 10^-`scale` as a plain decimal without trailing zeros: "61250.5", "0"."""
    if scale == 0 or value == 0:
        return str(value)
    digits = str(abs(value)).rjust(scale + 1, "0")
    fraction = digits[-scale:].rstrip("0")
    text = f"{digits[:-scale]}.{fraction}" if fraction else digits[:-scale]
    return f"-{text}" if value < 0 else text


def rescale(value: int, scale: int, target_scale: int) -> int:
    """Give `value` in units of 10^-`target_scale`, truncated towards minus infinity when the target is coarser."""
    shift = target_scale - scale
    return value * int(10**shift) if shift >= 0 else value // int(10**-shift)
