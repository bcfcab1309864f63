"""ByteBuffer: grows to its limit and no further, keeps order, leaves no trace of a refused write."""

import pytest

from tidings.wire.buffer import ByteBuffer


def test_starts_empty_with_its_capacity():
    buffer = ByteBuffer(16, 64)

    assert (bytes(buffer), len(buffer), buffer.capacity_bytes) == (b"", 0, 16)


def test_grows_and_keeps_what_it_holds():
    buffer = ByteBuffer(4, 1000)

    for piece in (b"abc", b"", b"defgh", b"i" * 100):
        buffer.write(piece)

    assert bytes(buffer) == b"abcdefgh" + b"i" * 100
    assert 108 <= buffer.capacity_bytes <= 1000


def test_takes_exactly_its_limit_and_refuses_one_more():
    buffer = ByteBuffer(3, 10)
    buffer.write(b"0123456789")

    with pytest.raises(BufferError, match="limited to 10 bytes"):
        buffer.write(b"x")

    assert bytes(buffer) == b"0123456789"


@pytest.mark.parametrize(("count", "left"), [(0, b"abcdef"), (2, b"cdef"), (6, b""), (7, b""), (-1, b"abcdef")])
def test_drop_takes_from_the_front(count, left):
    buffer = ByteBuffer(8, 8)
    buffer.write(b"abcdef")

    buffer.drop(count)

    assert bytes(buffer) == left


def test_reset_keeps_the_block():
    buffer = ByteBuffer(4, 1000)
    buffer.write(b"x" * 500)
    capacity_bytes = buffer.capacity_bytes

    buffer.reset()

    assert (len(buffer), buffer.capacity_bytes) == (0, capacity_bytes)


@pytest.mark.parametrize(("capacity_bytes", "limit_bytes"), [(0, 10), (-1, 10), (11, 10)])
def test_refuses_senseless_sizes(capacity_bytes, limit_bytes):
    with pytest.raises(ValueError, match="capacity_bytes"):
        ByteBuffer(capacity_bytes, limit_bytes)
