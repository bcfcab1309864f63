"""Picks fields from JSON text without building the rest: the Python face of the compiled cursor."""

from decimal import Decimal

def pick(text: bytes, *names: str) -> dict[str, None | bool | int | Decimal | str | bytes]:
    """The values of up to 64 keys of the outermost object, for those it holds.

    Numbers come exactly, as int or as Decimal if they have a fraction or exponent; objects and arrays come as their
    own bytes. The whole text is checked: raises PeerError if it is not one JSON object, ends too early, nests deeper
    than 32, holds one of `names` twice or has a backslash in one of the outermost keys.
    """

class JsonKeys:
    """A table of keys for compiled code; a key's slot is its place among `names`."""

    names: tuple[bytes, ...]

    def __init__(self, *names: str) -> None:
        """Raises ValueError for no names, more than 64, equal ones, or two that the hash cannot tell apart."""
