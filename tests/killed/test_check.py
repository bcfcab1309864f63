"""The kill runs' own check finds what is planted: an order lost, doubled, believed open or done, a wrong position."""

from pathlib import Path

import pytest

from tests.killed.check import Account, differences

FIRST, SECOND = "T1M82Y8T1N0000000001", "T1M82Y8T1N0000000002"


def row(cl_ord_id=FIRST, **changes):
    return {
        "user_id": 7, "symbol": "BTCUSDT", "cl_ord_id": cl_ord_id, "ord_status": "New", "cum_qty": 5, "leaves_qty": 15,
        **changes,
    }  # fmt: skip


def found(directory: Path, *, orders, open_orders, positions=None, held=(), written=(FIRST, SECOND)):
    (directory / "00000001.journal").write_bytes(b"\0".join(name.encode() for name in written))
    dump = {
        "orders": orders,
        "positions": [{"user_id": 7, "symbol": "BTCUSDT", "net_qty": qty} for qty in held],
        "scales": {"BTCUSDT": {"qty": 3}},
    }
    view = {"open": open_orders, "positions": positions or {}}
    return differences(Account(view, directory, 7), dump)[0]


def test_agreement_is_silent_and_others_orders_do_not_count(tmp_path):
    orders = [row(), row(SECOND, ord_status="Filled"), row("X", user_id=8)]
    open_orders = {FIRST: ["0.005", "0.015"]}
    assert found(tmp_path, orders=orders, open_orders=open_orders, positions={"BTCUSDT": "-0.002"}, held=(-2,)) == []


@pytest.mark.parametrize(
    ("planted", "word"),
    [
        ({"orders": [row()], "open_orders": {FIRST: ["0.005", "0.015"]}, "written": (SECOND,)}, "LOST"),
        ({"orders": [row(ord_status="Filled")] * 2, "open_orders": {}}, "DOUBLED"),
        ({"orders": [row()], "open_orders": {}}, "we say done"),
        ({"orders": [row(ord_status="Canceled")], "open_orders": {FIRST: ["0.005", "0.015"]}}, "exchange says done"),
        ({"orders": [row()], "open_orders": {FIRST: ["0.004", "0.016"]}}, "OPEN"),
        ({"orders": [], "open_orders": {}, "held": (4,)}, "POSITION"),
    ],
)
def test_what_is_planted_is_found(tmp_path, planted, word):
    assert [difference for difference in found(tmp_path, **planted) if word in difference]
