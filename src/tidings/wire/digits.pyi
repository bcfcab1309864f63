"""Integers and scaled decimals ⇄ ASCII, exactly. A scaled decimal is an int64 mantissa and its number of decimals."""

def format_int(value: int) -> str:
    """`value` (int64) in decimal."""

def format_fixed(value: int, width: int) -> str:
    """`value` (unsigned 64 bits) in exactly `width` digits, zeros in front; ValueError if it has more."""

def format_decimal(mantissa: int, scale: int) -> str:
    """mantissa / 10**scale in plain digits, trailing zeros dropped as the venue drops them: (612500, 4) → "61.25"."""

def format_uuid(high: int, low: int) -> str:
    """The 36 characters of the UUID whose 128 bits are `high`, `low`."""

def parse_int(text: bytes) -> int:
    """The int64 that `text` spells (JSON's grammar); ValueError, or OverflowError beyond 64 bits."""

def parse_scaled(text: bytes, scale: int) -> int:
    """`text` × 10**scale, exponents included: (b"0E-8", 8) → 0.

    ValueError if it is not a number or has more decimals than `scale`, OverflowError beyond 64 bits.
    """
