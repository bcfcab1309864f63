"""`tidings fix-dictionary`: both dialects, to stdout, to a file, and as JSON."""

import json
from xml.etree import ElementTree

import pytest

from tidings.cli.main import main


def names(xml: str) -> tuple[set[str], set[str]]:
    root = ElementTree.fromstring(xml)
    return {message.get("msgtype") for message in root.find("messages")}, {
        field.get("number") for field in root.find("fields")
    }


@pytest.mark.parametrize(("arguments", "has_own"), [((), True), (("--dialect", "extended"), True),
                                                    (("--dialect", "strict44"), False)])  # fmt: skip
def test_the_dialect_decides_whether_our_own_tags_are_in_it(arguments, has_own, capsys) -> None:
    assert main(["fix-dictionary", *arguments]) == 0
    messages, fields = names(capsys.readouterr().out)
    assert ({"XLQ", "XLR"} <= messages) is has_own
    assert ({"8013", "20010", "1107", "25016"} <= fields) is has_own
    assert {"D", "8", "AP", "AE", "N"} <= messages


def test_a_file_is_written_and_json_says_what_is_in_it(tmp_path, capsys) -> None:
    path = tmp_path / "dialect.xml"
    assert main(["fix-dictionary", "--out", str(path)]) == 0
    assert "95 messages" in capsys.readouterr().out
    assert names(path.read_text())[0] >= {"XLQ"}
    assert main(["fix-dictionary", "--dialect", "strict44", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["dialect"], told["messages"], told["fields"], told["file"]) == ("strict44", 93, 912, None)
    assert names(told["xml"])[0] >= {"D"}


def test_what_cannot_be_written_is_said(tmp_path, capsys) -> None:
    assert main(["fix-dictionary", "--out", str(tmp_path / "none" / "x.xml")]) == 2
    assert "cannot be written" in capsys.readouterr().err
