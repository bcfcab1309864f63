"""The shortest way through validation: plain, sound messages, recognised in place."""

from tidings.fix.dictionary import Dictionary
from tidings.fix.reader import FixReader

class PlainShapes:
    """Of one dictionary's messages, each made when first needed."""

    def __init__(self, dictionary: Dictionary) -> None: ...
    def lets_pass(self, reader: FixReader) -> bool:
        """Whether the message is sound for certain: `validation.long_check` would let it pass. False says nothing."""
