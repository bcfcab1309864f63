"""What commands print, into streams of their own."""

import io
import json
import os

import orjson
import pytest

from tidings.cli.screen import Screen, counted
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


def test_table_is_plain_in_a_pipe(streams) -> None:
    out, progress = streams

    Screen(as_json=False, out=out, progress=progress).table("Orders", ("n", "p"), [(1, 2.25), (None, 3.0)])

    assert out.getvalue() == "Orders\n  n    p\n  -  ---\n  1  2.2\n     3.0\n"


@pytest.mark.parametrize("width", [80, 120])
def test_table_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    out = Terminal()
    monkeypatch.setattr("os.get_terminal_size", lambda descriptor: os.terminal_size((width, 24)))
    monkeypatch.setattr(out, "fileno", lambda: 1)

    Screen(as_json=False, out=out).table("Orders", ("symbol", "text"), [("BTCUSD", "word " * 40)])

    lines = out.getvalue().splitlines()
    assert "───" in lines[2]
    assert width - 10 < max(map(len, lines)) <= width


def test_terminal_that_says_no_width_has_80() -> None:
    out = Terminal()

    Screen(as_json=False, out=out).table("Orders", ("symbol", "text"), [("BTCUSD", "word " * 40)])

    assert 70 < max(map(len, out.getvalue().splitlines())) <= 80


def test_complaint_is_on_stderr_with_json_too(streams, capsys: pytest.CaptureFixture[str]) -> None:
    out, progress = streams

    Screen(as_json=True, out=out, progress=progress).complain("tidings kill", "nothing verified")

    assert (out.getvalue(), progress.getvalue()) == ("", "")
    assert capsys.readouterr().err == "tidings kill: nothing verified\n"


@pytest.mark.parametrize(("count", "title"), [(0, "0 open orders"), (1, "1 open order"), (2, "2 open orders")])
def test_one_of_a_thing_is_told_in_the_singular(count: int, title: str) -> None:
    assert counted(count, "open order") == title


def test_bytes_of_a_command_line_that_are_no_text_are_still_one_object(streams) -> None:
    """Python keeps them as lone surrogates (PEP 383), which UTF-8 has no form for."""
    out, progress = streams
    Screen(as_json=True, out=out, progress=progress).json({"symbol": b"BTC\xff".decode("utf-8", "surrogateescape")})

    assert json.loads(out.getvalue()) == {"symbol": "BTC\udcff"}
