"""The enumerations exist twice, for Python and for compiled code: this keeps the two equal, name by name."""

import re
from enum import IntEnum
from pathlib import Path

import pytest

from tidings.model import enums

PXD = Path(__file__).resolve().parents[3] / "ext/tidings/model/enums.pxd"
ENUM = re.compile(r"^cdef enum (?P<name>\w+)Code:\n(?P<body>(?:[ \t]+[^\n]*\n|\n)+)", re.MULTILINE)
MEMBER = re.compile(r"^[ \t]+(\w+) = (-?\d+)", re.MULTILINE)

PREFIXES = {
    "ProductLine": "LINE",
    "Side": "SIDE",
    "PosSide": "POS",
    "OrdType": "ORD",
    "TimeInForce": "TIF",
    "ExecInst": "INST",
    "Trigger": "TRIGGER",
    "PegType": "PEG",
    "SelfTradePrevention": "STP",
    "OrdStatus": "STATUS",
    "ExecType": "EXEC",
    "ReportSource": "SOURCE",
    "TradeType": "TRADE_TYPE",
    "RequestKind": "REQUEST",
    "DenyReason": "DENY",
    "TradingState": "TRADING",
}


def compiled_enums(text: str) -> dict[str, dict[str, int]]:
    """{enumeration: {PREFIX_NAME: value}} of declarations in a .pxd."""
    return {
        match["name"]: {name: int(value) for name, value in MEMBER.findall(match["body"])}
        for match in ENUM.finditer(text)
    }


def python_enums() -> dict[str, type[IntEnum]]:
    return {name: item for name, item in vars(enums).items() if getattr(item, "__module__", "") == enums.__name__}


def test_both_files_declare_the_same_enumerations() -> None:
    assert set(compiled_enums(PXD.read_text())) == set(python_enums()) == set(PREFIXES)


@pytest.mark.parametrize("name", sorted(PREFIXES))
def test_members_and_values_are_equal(name: str) -> None:
    in_python = {f"{PREFIXES[name]}_{key}": int(value) for key, value in python_enums()[name].__members__.items()}
    assert compiled_enums(PXD.read_text())[name] == in_python


def test_reader_sees_a_changed_value() -> None:
    text = PXD.read_text().replace("SIDE_SELL = 2", "SIDE_SELL = 3  # planted")
    assert compiled_enums(text)["Side"] == {"SIDE_BUY": 1, "SIDE_SELL": 3}
