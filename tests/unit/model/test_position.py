"""Positions counted from our own executions, beside what the venue says."""

from tidings.model.enums import PosSide, Side
from tidings.model.position import Position, Positions


def test_executions_move_the_net_quantity():
    position = Position("BTCUSDT")
    position.tell(5, is_snapshot=True)
    position.apply_fill(Side.BUY, 3)
    position.apply_fill(Side.SELL, 10)
    assert (position.net_qty_lots, position.bought_qty_lots, position.sold_qty_lots) == (-2, 3, 10)


def test_venues_word_is_kept_beside_ours():
    position = Position("BTCUSDT")
    position.tell(5, is_snapshot=True)
    position.tell(8, is_snapshot=False)
    assert (position.net_qty_lots, position.venue_qty_lots, position.agrees) == (5, 8, False)
    position.apply_fill(Side.BUY, 3)
    assert position.agrees


def test_first_word_and_each_snapshot_are_where_counting_starts():
    position = Position("BTCUSDT")
    assert not position.is_known
    position.tell(5, is_snapshot=False)
    assert (position.net_qty_lots, position.is_known) == (5, True)
    position.apply_fill(Side.BUY, 1)
    position.tell(9, is_snapshot=True)
    assert (position.net_qty_lots, position.bought_qty_lots) == (9, 1)


def test_each_symbol_and_side_has_its_own():
    positions = Positions()
    positions.of("BTCUSDT", PosSide.LONG).apply_fill(Side.BUY, 2)
    positions.of("BTCUSDT", PosSide.SHORT).apply_fill(Side.SELL, 3)
    positions.of("BTCUSDT", 1).apply_fill(Side.BUY, 1)
    assert [(p.pos_side, p.net_qty_lots) for p in positions] == [(PosSide.LONG, 3), (PosSide.SHORT, -3)]
