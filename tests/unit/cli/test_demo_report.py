"""When the demo has passed, and what it prints."""

import io

import orjson

from tidings.cli.demo_report import shortcomings, show_report
from tidings.cli.screen import Screen

ROW = {"orders": 9, "acks": 9, "fills": 3, "rejects": 0, "unknown": 0, "amends": 4, "cancels": 5, "open_left": 0}


def report(**changes: object) -> dict[str, object]:
    by_symbol = {symbol: {**ROW, "position": "0"} for symbol in ("BTCUSD", "BTCUSDT", "sBTCUSDT")}
    marks = {"p50": 1.25, "p99": 2.0, "p99.9": 3.0, "max": 4.0}
    made = {
        "open_left": 0,
        "seconds": 5.2,
        "by_symbol": by_symbol,
        "rate_budget": {"contract": {"used": 37, "capacity": 500}},
        "latency_us": {"encode": marks, "write": marks, "reply": marks, "stream": marks},
    }
    return made | changes


def test_good_run_has_no_shortcomings() -> None:
    assert shortcomings(report()) == []


def test_line_without_an_event_is_named() -> None:
    for name in ("acks", "fills", "amends", "cancels"):
        poor = report()
        poor["by_symbol"]["sBTCUSDT"][name] = 0

        assert shortcomings(poor) == [f"sBTCUSDT had no {name[:-1]} in 5 s: give it more --seconds"]


def test_order_left_open_is_a_shortcoming() -> None:
    assert shortcomings(report(open_left=2)) == ["2 orders are still open"]


def test_rejects_and_unknown_alone_are_none() -> None:
    busy = report()
    busy["by_symbol"]["BTCUSD"] |= {"rejects": 1, "unknown": 1}

    assert shortcomings(busy) == []


def test_tables_show_positions_budget_and_stages() -> None:
    out = io.StringIO()

    show_report(Screen(as_json=False, out=out), report())

    text = out.getvalue()
    for word in ("BTCUSDT", "position", "contract", "500", "encode", "p99.9"):
        assert word in text


def test_json_is_the_report_itself() -> None:
    out = io.StringIO()

    show_report(Screen(as_json=True, out=out, progress=io.StringIO()), report())

    assert orjson.loads(out.getvalue()) == report()
