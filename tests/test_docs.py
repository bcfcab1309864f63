"""What the documents say is true: every Python block and every example runs, every command parses, every link and every
file they name exists, and the README lists exactly the commands there are.

Blocks and examples run as scripts of their own against one local exchange.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.markdown import SECTION
from tidings.cli.main import make_parser

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md")])
RUN_LIMIT_S = 60

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
ADDRESS = re.compile(r"\w+://\S+")
# A path below the root, or as the architecture writes it: a room and what is in it, without src/tidings and suffix.
ROOMS = "app|cli|engine|exchange|fix|market|metrics|model|net|session|venue|wire"
FILE_NAME = re.compile(rf"(?<![\w./-])((?:\.ci|src|ext|tests|docs|benchmarks|examples|{ROOMS})/[\w./-]*\w)")
MODULE_NAME = re.compile(r"\btidings(?:\.\w+)+")
PLACES = ("", "src/tidings/", "ext/tidings/")
SUFFIXES = ("", ".py", ".pyx", ".pyi")


def blocks(document: Path, language: str) -> list[str]:
    return [text for name, text in FENCE.findall(document.read_text()) if name == language]


def name_of(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


SCRIPTS = [
    *(
        pytest.param(text, id=f"{name_of(document)}#{number}")
        for document in DOCUMENTS
        for number, text in enumerate(blocks(document, "python"), 1)
    ),
    *(pytest.param(path.read_text(), id=name_of(path)) for path in sorted(ROOT.glob("examples/*.py"))),
]
COMMAND_LINES = sorted(
    {
        line.split(" #")[0].strip()
        for document in DOCUMENTS
        for block in blocks(document, "sh")
        for line in block.splitlines()
        if line.startswith("tidings ")
    }
)


@pytest.fixture(scope="module")
def exchange_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The ready file of a running exchange, with BTCUSD below 10,000 as the original package's example wants it."""
    ready_file = tmp_path_factory.mktemp("exchange") / "ready.json"
    options = ["--price", "BTCUSD=9000", "--ready-file", str(ready_file), "--parent-pid", str(os.getpid())]
    command = [sys.executable, "-m", "tidings.exchange", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        json.loads(process.stdout.readline())
        yield ready_file
        process.terminate()


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_runs(script: str, exchange_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(script)
    state = tmp_path / "state"
    environment = {**os.environ, "TIDINGS_EXCHANGE": str(exchange_file), "XDG_STATE_HOME": str(state)}
    done = subprocess.run(
        [sys.executable, str(path)], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=RUN_LIMIT_S
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
    assert not [path.name for path in state.rglob("*.journal")], "it ended before it had heard the end of its orders"


def test_original_api_without_an_exchange_is_a_sentence() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TIDINGS_EXCHANGE"}
    done = subprocess.run(
        [sys.executable, "examples/original_api.py"], env=environment, cwd=ROOT, capture_output=True, text=True,
        timeout=RUN_LIMIT_S,
    )  # fmt: skip
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "TIDINGS_EXCHANGE" in done.stderr


def test_there_are_scripts_to_run() -> None:
    assert len(blocks(ROOT / "README.md", "python")) >= 2
    assert len(SCRIPTS) >= 6


def test_first_order_has_ten_lines() -> None:
    first = blocks(ROOT / "README.md", "python")[0]
    assert len([line for line in first.splitlines() if line.strip()]) <= 10


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_command_line_is_understood(line: str) -> None:
    arguments = shlex.split(line.removesuffix("&"))[1:]
    assert make_parser().parse_args(arguments).command == arguments[0]


def test_readme_lists_the_commands_of_the_help() -> None:
    subparsers = next(a for a in make_parser()._actions if isinstance(a, argparse._SubParsersAction))
    listed = re.findall(r"^\| `tidings ([\w-]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert listed == list(subparsers.choices)


def test_readme_has_the_two_commands_for_a_fresh_machine() -> None:
    commands = [line.split(" #")[0].strip() for line in blocks(ROOT / "README.md", "sh")[0].splitlines()]
    assert len(commands) == 2
    assert commands[0].endswith("tidings demo")
    assert commands[1].endswith("python -m pytest -n 4 --dist loadfile")


def test_measured_figures_of_the_readme_are_those_of_the_page() -> None:
    readme, page = (SECTION.search((ROOT / name).read_text()).group() for name in ("README.md", "docs/measured.md"))
    tables = [table.splitlines() for table in page.split("\n\n") if table.startswith("| ")]
    medians = {cells(head)[0]: {cells(row)[1] for row in rows} for head, _, *rows in tables}
    shown = [cells(row) for row in readme.splitlines() if row.startswith("| ")][1:]
    assert shown
    for title, *figures in shown:
        named = {figure.split()[-1] for cell in figures for figure in cell.split("; ")}
        assert any(named <= found for head, found in medians.items() if head.startswith(f"{title} (")), title


def cells(row: str) -> list[str]:
    return row.strip("| ").split(" | ")


def broken_links(document: Path) -> list[str]:
    found = []
    for target in LINK.findall(FENCE.sub("", document.read_text())):
        path, _, heading = target.partition("#")
        if not ADDRESS.match(target):
            aim = document.parent / path if path else document
            if not aim.exists() or (heading and heading not in headings(aim)):
                found.append(target)
    return found


def headings(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def missing_files(document: Path) -> list[str]:
    text = ADDRESS.sub("", LINK.sub("", document.read_text()))
    return [name for name in FILE_NAME.findall(text) if "ROOM" not in name and not exists(name)]


def missing_venue_modules(document: Path) -> list[str]:
    """docs/phemex.md writes venue/phemex/order_fields as *order_fields*."""
    names = re.findall(r"(?<!\*)\*([a-z_]+)\*(?!\*)", document.read_text())
    return [name for name in names if not exists(f"venue/phemex/{name}")]


def exists(name: str) -> bool:
    return any((ROOT / (place + name + suffix)).exists() for place in PLACES for suffix in SUFFIXES)


def missing_modules(document: Path) -> list[str]:
    return [name for name in MODULE_NAME.findall(document.read_text()) if not is_there(name)]


def is_there(name: str) -> bool:
    """Whether `name` is a module, or something in one."""
    module, _, attribute = name.rpartition(".")
    try:
        import_module(name)
    except ImportError:
        return bool(module) and is_there(module) and hasattr(import_module(module), attribute)
    return True


RULES = [broken_links, missing_files, missing_modules]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_document_has_no(rule, document: Path) -> None:
    assert rule(document) == []


def test_venue_facts_name_modules_that_exist() -> None:
    assert missing_venue_modules(ROOT / "docs/phemex.md") == []


PLANTED = [
    (broken_links, "see [there](nowhere.md)\n"),
    (broken_links, "# Here\n\nsee [below](#there)\n"),
    (missing_files, "in `src/tidings/nothing.py`\n"),
    (missing_files, "```\nf()      engine/nothing\n```\n"),
    (missing_venue_modules, "| a fact | D | *nothing* |\n"),
    (missing_modules, "`tidings.nothing`\n"),
    (missing_modules, "`tidings.errors.Nothing`\n"),
]


@pytest.mark.parametrize(("rule", "text"), PLANTED)
def test_planted_mistake_is_found(tmp_path: Path, rule, text: str) -> None:
    document = tmp_path / "a.md"
    document.write_text(text)
    assert len(rule(document)) == 1
