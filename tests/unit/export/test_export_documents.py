"""docs/export.md shows the columns there are, with their units and meanings."""

import re
from pathlib import Path

import pytest

from tidings.cli.export import FORMS as OFFERED
from tidings.export.conversion import FORMS
from tidings.export.tables import TABLES, Kind, Table

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs/export.md").read_text()
TYPES = {
    Kind.INTEGER: "int64", Kind.TIME_NS: "int64", Kind.FLAG: "boolean", Kind.WORD: "text", Kind.SYMBOL: "text",
    Kind.PRICE: "decimal", Kind.QTY: "decimal", Kind.EXACT: "decimal",
}  # fmt: skip


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_columns_are_documented(table: Table) -> None:
    section = DOCUMENT.split(f"### {table.name}\n")[1].split("\n#")[0]
    assert re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) ?\| (.*) \|$", section, re.MULTILINE) == [
        (column.name, TYPES[column.kind], column.unit, column.meaning) for column in table.columns
    ]


def test_the_command_offers_the_forms_there_are() -> None:
    assert set(OFFERED) == set(FORMS)
