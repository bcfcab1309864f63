"""Every kind of message a gateway sends, against bytes from simplefix: written, read, cut anywhere, damaged."""

import pytest
from fix_shapes import SHAPES, encoded_by_simplefix, fields_of

from tidings.fix.dictionary import FIX44
from tidings.fix.framer import Framer
from tidings.fix.layout import FieldKind, MessageLayout
from tidings.fix.message import FixParser
from tidings.fix.pretty import pretty
from tidings.fix.reader import FixReader, ReadResult
from tidings.fix.writer import FixWriter


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest) -> tuple[list[tuple[int, bytes]], bytes]:
    fields = fields_of(request.param)
    return fields, encoded_by_simplefix(fields)


def test_writer_and_layout_write_the_same_bytes(shape) -> None:
    fields, text = shape
    writer = FixWriter()
    writer.begin(fields[0][1])
    for tag, value in fields[1:]:
        writer.put(tag, value)
    assert writer.end() == text
    layout = MessageLayout(fields[0][1], [(tag, FieldKind.BYTES) for tag, _ in fields[1:]])
    assert layout.encode(*(value for _, value in fields[1:])) == text


def test_reader_reads_the_same_fields(shape) -> None:
    fields, text = shape
    reader = FixReader()
    assert reader.read(text) is ReadResult.OK
    assert reader.fields()[2:-1] == fields
    assert reader.msg_type == fields[0][1]


def test_groups_have_as_many_entries_as_they_count(shape) -> None:
    fields, text = shape
    reader = FixReader()
    reader.read(text)
    for count_tag, layout in FIX44.groups(reader.msg_type).items():
        entries = reader.groups(layout)
        assert len(entries) == int(dict(fields).get(count_tag, b"0"))
        assert [entry.fields()[0][0] for entry in entries] == [layout.delimiter] * len(entries)


def test_every_split_gives_the_message_twice(shape) -> None:
    _, text = shape
    stream = text + text
    for cut in range(1, len(stream)):
        framer, parser = Framer(), FixParser()
        framed, parsed = [], []
        for piece in (stream[:cut], stream[cut:]):
            framer.feed(piece)
            parser.append_buffer(piece)
            framed += iter(framer.next, None)
            parsed += [message.encode() for message in iter(parser.get_message, None)]
        assert framed == parsed == [text, text], cut


def test_truncated_or_longer_is_garbled(shape) -> None:
    _, text = shape
    reader = FixReader()
    for end in range(len(text)):
        assert reader.read(text[:end]) is not ReadResult.OK, end
    for tail in (b"\x01", b"0", b"58=x\x01", b"8=FIX.4.4\x01", text):
        assert reader.read(text + tail) is not ReadResult.OK, tail
        assert reader.read(tail[:1] + text) is not ReadResult.OK, tail


def test_every_name_is_printed(shape) -> None:
    fields, text = shape
    told = pretty(text)
    assert [FIX44.name(tag) for tag, _ in fields if not FIX44.name(tag) or FIX44.name(tag) not in told] == []
    assert told.splitlines()[0] == f"{FIX44.message_name(fields[0][1])} ({fields[0][1].decode()})"
