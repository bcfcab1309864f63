"""`tidings fix-print`: files, stdin, JSON, and what it says when something is wrong."""

import io
import json
import sys
from types import SimpleNamespace

import pytest
from fix_text import ORDER, REPORT, soh

from tidings.cli.main import main


def test_file_is_printed(tmp_path, capsys) -> None:
    path = tmp_path / "capture.bin"
    path.write_bytes(ORDER + REPORT)
    assert main(["fix-print", str(path)]) == 0
    told = capsys.readouterr().out
    assert told.count("BeginString") == 2
    assert "54 Side          1  BUY\n" in told


def test_stdin_is_printed_as_json(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(ORDER.replace(b"\x01", b"|"))))
    assert main(["fix-print", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (len(answer["messages"]), answer["garbled"]) == (1, 0)
    message = answer["messages"][0]
    assert (message["msg_type"], message["name"], message["garbled"]) == ("D", "NewOrderSingle", None)
    side = next(field for field in message["fields"] if field["tag"] == 54)
    assert side == {"tag": 54, "name": "Side", "value": "1", "meaning": "BUY", "depth": 0, "begins_entry": False}


def test_garbled_message_is_failure(tmp_path, capsys) -> None:
    path = tmp_path / "log"
    path.write_bytes(ORDER + soh("8=FIX.4.4|9=5|35=0|10=000|"))
    assert main(["fix-print", str(path)]) == 1
    printed = capsys.readouterr()
    assert "Heartbeat (0), garbled: its CheckSum (10) is wrong" in printed.out
    assert printed.err == "tidings fix-print: 1 of 2 messages are garbled\n"


def test_nothing_to_print_is_told(tmp_path, capsys) -> None:
    path = tmp_path / "empty"
    for make, words in ((lambda: None, "cannot be read"), (lambda: path.write_bytes(b"x"), "no FIX message in")):
        make()
        assert main(["fix-print", str(path)]) == 2
        assert words in capsys.readouterr().err
