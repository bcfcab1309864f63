"""Exact conversion between decimal text and integers scaled by a power of ten.

Inside the exchange every price, quantity and amount is an integer; text appears only at its faces. No float takes part.
"""

def from_text(text: str, scale: int) -> int:
    """Give `text`, a plain decimal such as "61250.5", as an integer in units of 10^-`scale`.

    Raises ValueError if `text` is not a plain decimal or is finer than the scale can hold.
    """

def to_text(value: int, scale: int) -> str:
    """Give the integer `value` in units of 10^-`scale` as a plain decimal without trailing zeros: "61250.5", "0"."""

def quoted(value: int, scale: int) -> str:
    """`to_text` as a JSON string."""

def eight_places(value: int, scale: int) -> str:
    """The real number beside a scaled integer, as the COIN-M services print it: eight places, `32000.00000000`.

    They are Java's BigDecimal.toString (zero is `0E-8`, tiny ones are `1.0E-7`), whose rule Python's Decimal shares.
    """

def rescale(value: int, scale: int, target_scale: int) -> int:
    """Give `value` in units of 10^-`target_scale`, truncated towards minus infinity when the target is coarser."""
