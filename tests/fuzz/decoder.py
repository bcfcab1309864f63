"""The decoder under spoilt bytes: Framer, FixReader and groups never crash, and what they say adds up."""

from contextlib import suppress

from tests.fuzz.mutations import Mutator
from tidings.errors import FieldError
from tidings.fix.dictionary import FIX44
from tidings.fix.reader import FixReader, Framer

MESSAGE_BYTES_MAX = 2048  # some inputs are longer
GETTERS = ("get_bytes", "get_int", "get_fixed", "get_decimal", "get_bool", "get_char", "get_time_ns")
TAGS = (8, 9, 10, 34, 35, 38, 44, 52, 60, 95, 96, 112, 146, 269, 453, 0, -7, 65536, 2**31 - 1)


class DecoderFuzz:
    """One seed's run. `step` is one execution: one input through all of the decoder."""

    def __init__(self, seed: int) -> None:
        self.mutator = Mutator(seed)
        self.reader = FixReader()
        self.framer = Framer(MESSAGE_BYTES_MAX)
        self.fed_bytes = self.cut_bytes = 0
        self.sound = 0

    def step(self) -> str:
        """What is wrong; "" if nothing is."""
        data = self.mutator.message()
        self.fed_bytes += len(data)
        for part in self.mutator.cuts(data):
            self.framer.feed(part)
            while (message := self.framer.next()) is not None:
                self.cut_bytes += len(message)
                if found := self.read(message):
                    return f"{found}: {message!r}"
        if self.framer.is_over_limit:
            self.framer, self.fed_bytes, self.cut_bytes = Framer(MESSAGE_BYTES_MAX), 0, 0
        elif self.framer.waiting_bytes + self.framer.dropped_bytes + self.cut_bytes != self.fed_bytes:
            return f"the framer lost or made bytes: {data!r}"
        return self.read_fields(data) if self.mutator.below(4) == 0 else ""

    def read(self, message: bytes) -> str:
        reader = self.reader
        is_sound = not reader.read(message)
        self.sound += is_sound
        if is_sound and rejoined(reader) != message:
            return "the fields are not the message's"
        if is_sound and int(reader.value_at(len(reader) - 1)) != sum(message[: message.rindex(b"10=")]) % 256:
            return "a wrong checksum was let pass"
        return self.look() or self.look_at_groups()

    def read_fields(self, data: bytes) -> str:
        """The same bytes as fields without a frame, sound or not."""
        if not self.reader.read_fields(data) and rejoined(self.reader) != data.removesuffix(b"\x01") + b"\x01":
            return "the fields are not the bytes"
        return self.look()

    def look(self) -> str:
        """At some field of whatever was read, by some type."""
        reader, below = self.reader, self.mutator.below
        count = len(reader)
        tag = TAGS[below(len(TAGS))] if not count or below(2) else reader.tag_at(below(count))
        values = [value for found, value in reader.fields() if found == tag]
        nth = below(3)
        if reader.find(tag, nth) != (values[nth] if nth < len(values) else None):
            return f"field {tag} was not found where it is"
        with suppress(FieldError):
            getattr(reader, GETTERS[below(len(GETTERS))])(tag)
        return ""

    def look_at_groups(self) -> str:
        """Of its type: every entry begins with its first field, whatever the count says."""
        rule = FIX44.messages.get(self.reader.msg_type)
        for layout in rule.groups.values() if rule is not None and self.mutator.below(5) == 0 else ():
            try:
                entries = self.reader.groups(layout)
            except FieldError:
                continue
            if any(entry.fields()[0][0] != layout.delimiter for entry in entries):
                return f"an entry of group {layout.count_tag} without its first field"
        return ""


def rejoined(reader: FixReader) -> bytes:
    return b"".join(b"%d=%b\x01" % field for field in reader.fields())
