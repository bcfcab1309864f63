"""Picks fields from JSON text without building the rest: the Python face of the compiled cursor."""

from decimal import Decimal

class JsonPicker:
    """Picks the same keys from many texts of one shape; faster each time their order stays the same."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None: ...
    def pick(self, text: bytes) -> dict[str, bool | int | Decimal | str | bytes | None]:
        """As the function `pick`."""

def pick(text: bytes, *names: str) -> dict[str, bool | int | Decimal | str | bytes | None]:
    """The values of up to 64 keys of the outermost object, for those it holds.

    Numbers come exactly, as int or as Decimal if they have a fraction or exponent; objects and arrays come as their
    own bytes. The whole text is checked: raises PeerError if it is not one JSON object, ends too early, nests deeper
    than 32, holds one of `names` twice or has a backslash in one of the outermost keys.
    """

def scaled(text: bytes, scale: int) -> int | None:
    """The JSON scalar `text` (a number, or a string that spells one) × 10**scale: (b'"0.25"', 3) → 250.

    None if it is no number, has more decimals than `scale` (0 to 18), or does not fit 64 bits. PeerError if not JSON.
    """
