"""RecvWindow (25000): how old an order may be."""

import pytest

from tidings.fix_gateway.client_session import is_over

MS = 1_000_000


@pytest.mark.parametrize(
    ("window", "age_ns", "past"),
    [
        (b"5000", 5000 * MS, False),
        (b"5000", 5000 * MS + 1, True),
        (b"0.5", 400_000, False),
        (b"0.5", 600_000, True),
        (b".5", 600_000, True),
        (b"5.", 6 * MS, True),
        (b"0", -3 * MS, True),  # a client's clock may be ahead of ours
        (b"-0", -3 * MS, True),
        (b"-1", -3 * MS, True),
        (b"0" * 5000 + b"1", 2 * MS, True),
        (b"5000", -3 * MS, False),
    ],
)
def test_a_window_is_counted_in_fractions_of_milliseconds(window, age_ns, past):
    assert is_over(window, age_ns) is past
