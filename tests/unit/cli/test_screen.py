"""What commands print, into streams of their own."""

import io

import orjson
import pytest

from tidings.cli.screen import Screen, plain_table
from tidings.errors import UnknownSymbol


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def streams() -> tuple[io.StringIO, io.StringIO]:
    return io.StringIO(), io.StringIO()


def test_json_puts_one_object_on_stdout_and_the_rest_elsewhere(streams) -> None:
    out, progress = streams
    screen = Screen(as_json=True, out=out, progress=progress)

    screen.note("working …")
    screen.line("for people")
    screen.table("Title", ("a",), [(1,)])
    screen.json({"a": 1})

    assert orjson.loads(out.getvalue()) == {"a": 1}
    assert progress.getvalue() == "working …\n"


def test_without_json_no_object_is_printed(streams) -> None:
    out, progress = streams
    screen = Screen(as_json=False, out=out, progress=progress)

    screen.json({"a": 1})
    screen.line("for people")

    assert out.getvalue() == "for people\n"


def test_error_is_one_line_and_with_json_an_object_too(streams, capsys: pytest.CaptureFixture[str]) -> None:
    out, progress = streams

    Screen(as_json=True, out=out, progress=progress).error("tidings order", UnknownSymbol("no\n  such thing"))

    assert orjson.loads(out.getvalue()) == {"error": {"type": "UnknownSymbol", "message": "no such thing"}}
    assert capsys.readouterr().err == "tidings order: no such thing\n"


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


def test_table_is_plain_in_a_pipe(streams) -> None:
    out, progress = streams

    Screen(as_json=False, out=out, progress=progress).table("Orders", ("n", "p"), [(1, 2.25), (None, 3.0)])

    assert out.getvalue() == "Orders\n  n    p\n  -  ---\n  1  2.2\n     3.0\n"


def test_table_is_pretty_on_a_terminal() -> None:
    pytest.importorskip("rich")
    out = Terminal()

    Screen(as_json=False, out=out).table("Orders", ("symbol", "n"), [("BTCUSD", 1)])

    assert "───" in out.getvalue()
    assert "BTCUSD" in out.getvalue()


def test_table_is_plain_where_rich_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "rich.table", None)
    out = Terminal()

    Screen(as_json=False, out=out).table("Orders", ("n",), [(1,)])

    assert out.getvalue() == "Orders\n  n\n  -\n  1\n"
