"""Positions counted from our own executions, beside what the venue says."""

from tidings.model.enums import PosSide, Side
from tidings.model.position import Position, Positions


def test_executions_move_the_net_quantity():
    position = Position("BTCUSDT")
    position.tell(5)
    position.apply_fill(Side.BUY, 3)
    position.apply_fill(Side.SELL, 10)
    assert (position.net_qty_lots, position.bought_qty_lots, position.sold_qty_lots) == (-2, 3, 10)


def test_venues_word_is_kept_beside_ours():
    position = Position("BTCUSDT")
    position.tell(5)
    position.tell(8)
    assert (position.net_qty_lots, position.venue_qty_lots, position.agrees) == (5, 8, False)
    position.apply_fill(Side.BUY, 3)
    assert position.agrees


def test_a_word_that_comes_late_takes_no_newer_one_back():
    """Messages change places, and the venue's lists are behind its stream."""
    heard = []
    position = Position("BTCUSDT", on_change=lambda position: heard.append(position.venue_qty_lots))
    position.tell(0, 1000)
    position.apply_fill(Side.BUY, 5, 2000)
    position.apply_fill(Side.SELL, 5, 3000)
    position.tell(0, 3000)
    position.tell(5, 2000)
    position.hear(5, 2000)
    assert (position.net_qty_lots, position.venue_qty_lots, position.agrees, heard[-2:]) == (0, 0, True, [0, 0])
    position.hear(4, 3000)
    assert position.venue_qty_lots == 4, "as old as the last"
    position.hear(0, 2000)
    assert position.agrees, "the venue's clock was set back"


def test_a_person_who_accepts_does_so_by_another_clock():
    position = Position("BTCUSDT")
    position.tell(5, 1000)
    position.accept(5, 9000)
    position.tell(7, 2000)
    assert (position.net_qty_lots, position.venue_qty_lots) == (5, 7)


def test_the_first_word_is_where_counting_starts():
    position = Position("BTCUSDT")
    assert not position.is_known
    position.tell(5, 1000)
    assert (position.net_qty_lots, position.is_known, position.base_time_ns) == (5, True, 1000)
    position.apply_fill(Side.BUY, 1, 1001)
    position.tell(9, 2000)
    assert (position.net_qty_lots, position.bought_qty_lots, position.agrees) == (6, 1, False)


def test_an_execution_that_the_first_word_has_counted_is_not_counted_again():
    position = Position("BTCUSDT")
    position.tell(5, 1000)
    position.apply_fill(Side.SELL, 2, 1000)
    assert (position.net_qty_lots, position.sold_qty_lots) == (5, 2)


def test_executions_before_the_first_word_count_if_they_are_younger():
    position = Position("BTCUSDT")
    position.apply_fill(Side.BUY, 2, 900)
    position.apply_fill(Side.BUY, 4, 1100)
    assert position.net_qty_lots == 6
    position.tell(2, 1000)
    assert position.net_qty_lots == 6


def test_a_position_never_traded_takes_back_no_execution_however_late_it_is_told():
    position = Position("BTCUSDT")
    position.apply_fill(Side.BUY, 2, 900)
    position.tell(0)
    assert position.net_qty_lots == 2
    position.apply_fill(Side.BUY, 1, 950)
    assert position.net_qty_lots == 3


def test_a_flat_position_that_was_traded_covers_the_executions_before():
    position = Position("BTCUSDT")
    position.apply_fill(Side.BUY, 2, 900)
    position.tell(0, 900)
    assert position.net_qty_lots == 0


def test_executions_of_others_move_it_and_are_kept_apart():
    position = Position("BTCUSDT")
    assert not position.apply_external(Side.SELL, 3, 500)
    position.tell(5, 1000)
    assert not position.apply_external(Side.SELL, 3, 1000)
    assert position.apply_external(Side.SELL, 3, 1001)
    assert (position.net_qty_lots, position.external_qty_lots, position.sold_qty_lots) == (2, -3, 0)


def test_what_somebody_accepts_is_counted_on_from():
    position = Position("BTCUSDT")
    position.tell(5, 1000)
    position.accept(7, 3000)
    position.apply_fill(Side.BUY, 1, 2000)
    position.apply_fill(Side.BUY, 1, 3001)
    assert position.net_qty_lots == 8


def test_each_symbol_and_side_has_its_own():
    positions = Positions()
    positions.of("BTCUSDT", PosSide.LONG).apply_fill(Side.BUY, 2)
    positions.of("BTCUSDT", PosSide.SHORT).apply_fill(Side.SELL, 3)
    positions.of("BTCUSDT", 1).apply_fill(Side.BUY, 1)
    assert [(p.pos_side, p.net_qty_lots) for p in positions] == [(PosSide.LONG, 3), (PosSide.SHORT, -3)]


def test_a_position_reads_as_one_line():
    position = Position("BTCUSDT", on_change=lambda position: None)
    assert repr(position) == (
        "<Position BTCUSDT: flat 0 lots, the venue has not told it yet; bought 0, sold 0 by this session>"
    )
    position.tell(-7)
    position.apply_fill(Side.BUY, 4)
    assert repr(position) == "<Position BTCUSDT: short 3 lots, the venue says -7; bought 4, sold 0 by this session>"
    assert repr(Position("BTCUSDT", PosSide.LONG)).startswith("<Position BTCUSDT (long side): flat")
