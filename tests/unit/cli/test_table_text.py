"""Tables as text: aligned where there is room, and never cut where there is none."""

import pytest

from tidings.cli.table_text import fitted_table, plain_table, size_text

COLUMNS = ("symbol", "side", "status", "qty", "filled", "price", "stop_px", "cl_ord_id", "order_id", "placed_by")
ORDERS = [
    ("BTCUSDT", "sell", "UNTRIGGERED", "0.01", "0", "", "50000", "T1M8MHM80C0000000001",
     "3980aeb4-c593-430d-9bdc-3d65853c0090", "another tidings session"),
    ("1000PEPEUSDT", "buy", "PARTIALLY_FILLED", "12345.678", "1.5", "55250.1", "", "T1M8MGDQ830000000001",
     "83d95bb2-a3d6-46d1-8ff4-10580406ed2e", "another program, or by hand"),
]  # fmt: skip


def test_plain_table_puts_numbers_to_the_right() -> None:
    rows = [("BTCUSD", "1", "9.5"), ("a", "20", "-10,000.0")]

    assert plain_table(("symbol", "n", "price"), rows) == [
        "symbol   n      price",
        "------  --  ---------",
        "BTCUSD   1        9.5",
        "a       20  -10,000.0",
    ]


def test_table_without_rows_shows_its_columns() -> None:
    assert plain_table(("symbol", "n"), []) == ["symbol  n", "------  -"]
    assert fitted_table(("symbol", "n"), [], 5) == ["symbol", "──────"]


@pytest.mark.parametrize("width", [60, 78, 100, 118, 200])
def test_orders_are_whole_at_any_width(width: int) -> None:
    lines = fitted_table(COLUMNS, ORDERS, width)

    assert max(map(len, lines)) <= width
    words = " ".join(lines).split()
    for order in ORDERS:
        for cell in order:
            assert set(cell.split()) <= set(words)


def test_what_does_not_fit_is_beneath_its_row_by_name() -> None:
    lines = fitted_table(COLUMNS, ORDERS[:1], 78)

    assert lines[0].split() == ["symbol", "side", "status", "qty", "filled", "stop_px", "cl_ord_id"]
    assert lines[2].split() == ["BTCUSDT", "sell", "UNTRIGGERED", "0.01", "0", "50000", "T1M8MHM80C0000000001"]
    assert lines[3:] == [
        "    order_id 3980aeb4-c593-430d-9bdc-3d65853c0090",
        "    placed_by another tidings session",
    ]


def test_column_that_says_nothing_goes_first() -> None:
    rows = [("a" * 30, "", "b" * 30)]

    assert fitted_table(("first", "empty", "last"), rows, 100)[0].split() == ["first", "empty", "last"]
    assert fitted_table(("first", "empty", "last"), rows, 62)[0].split() == ["first", "last"]


def test_prose_in_the_last_column_is_wrapped_there() -> None:
    rows = [("clock", "the venue is ahead of this machine by a lot"), ("mode", "one-way")]

    assert fitted_table(("check", "found"), rows, 40) == [
        "check  found",
        "─────  ──────────────────────────",
        "clock  the venue is ahead of this",
        "       machine by a lot",
        "mode   one-way",
    ]


def test_prose_without_room_goes_beneath_without_a_name() -> None:
    rows = [("2026-11-18 11:06:40", "decided: buy 0.01 BTCUSDT")]

    assert fitted_table(("time", "what happened"), rows, 30)[2:] == [
        "2026-11-18 11:06:40",
        "    decided: buy 0.01 BTCUSDT",
    ]


def test_word_longer_than_the_terminal_is_left_whole() -> None:
    path = "/" + "x" * 50

    assert [line.strip() for line in fitted_table(("n", "path"), [("1", path)], 30)] == ["n", "─", "1", "path", path]


def test_little_is_not_told_as_nothing():
    assert [size_text(size) for size in (31_900, 999_000, 1_000_000, 1_440_000)] == [
        "31.9 kB", "999.0 kB", "1.0 MB", "1.4 MB",
    ]  # fmt: skip
