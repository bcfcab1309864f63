"""Tables of names with a perfect hash, for the compiled decoders."""

class JsonKeys:
    """Up to 64 names; a name's slot is its place among them."""

    def slot(self, name: str) -> int:
        """Place of `name`, -1 if it is none of them."""

    names: tuple[bytes, ...]

    def __init__(self, *names: str) -> None:
        """Raises ValueError for no names, more than 64, equal ones, or two that the hash cannot tell apart."""
