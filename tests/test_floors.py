"""Which room may import which: the floors of docs/architecture.md, read from every import and cimport.

Four rules, all data on this page. A change here is a design decision and takes a page in docs/decisions.
Python files are read by their syntax tree, Cython files line by line after strings and comments are blanked out.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
TREES = ("src", "ext")
SUFFIXES = {".py", ".pyi", ".pyx", ".pxd", ".pxi"}

# Rule 1. A room imports from lower floors and from itself. Rooms of one floor never import each other.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors", "clock", "metrics"),
    ("model", "wire"),
    ("market", "fix", "journal"),
    ("engine", "net", "recorder"),
    ("venue.phemex", "exchange"),
    ("app", "session", "blocking", "config", "watchdog", "fix_gateway", "fix_client", "export"),
    ("cli",),
)
# The faces of floor 5 stand on each other, in this order only: config carries app, app carries session, and so on.
STAIRS = ("config", "app", "watchdog", "fix_gateway", "session", "blocking")
# The package's front door shows names of all floors; nobody inside goes through it.
DOORS = ("__init__", "__main__")
DOOR_CONSTANTS = {"tidings.__version__"}

# Rule 2. A local exchange that shared our encoders would confirm our own mistakes.
ONLY_IMPORTS = {"exchange": {"exchange", "errors", "metrics"}}

# Rule 3. Rooms that may import a module; C headers count like modules.
SOCKET_ROOMS = {"net", "exchange"}
LOOP_ROOMS = SOCKET_ROOMS | {"app", "watchdog", "fix_gateway", "fix_client", "session", "blocking", "cli"}
RESERVED = {
    "socket": SOCKET_ROOMS,
    "ssl": SOCKET_ROOMS,
    "selectors": SOCKET_ROOMS,
    "sys/socket.h": SOCKET_ROOMS,
    "openssl/ssl.h": SOCKET_ROOMS,
    "asyncio": LOOP_ROOMS,
    "uvloop": LOOP_ROOMS,
}

# Rule 4. Rooms without a clock are given `now_ns`; nothing there can ask what time it is.
CLOCKLESS = {"model", "market", "wire", "fix", "engine"}
CLOCK_MODULES = {"time", "posix.time", "libc.time", "time.h", "sys/time.h", "tidings.clock"}
CLOCK_CALLS = re.compile(
    r"\b(clock_gettime|gettimeofday|__rdtsc|perf_counter(_ns)?|monotonic(_ns)?)\s*\(|\.(now|utcnow|today)\(\)"
)

# Rooms that know no venue: its name in their code (not in their prose) means a port is missing.
VENUE_NEUTRAL = CLOCKLESS | {"net", "recorder", "metrics", "clock", "errors"}
VENUE_WORD = re.compile(r"phemex", re.IGNORECASE)

ROOM_FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
STRING_OR_COMMENT = re.compile(
    r"\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|#[^\n]*", re.DOTALL
)
CYTHON_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<base>[\w.]+)[ \t]+c?import[ \t]+(?P<names>\([^)]*\)|(?:[^\n\\]|\\\n)*)"
    r"|c?import[ \t]+(?P<modules>(?:[^\n\\]|\\\n)*))",
    re.MULTILINE,
)
EXTERN_HEADER = re.compile(r"^[ \t]*cdef[ \t]+extern[ \t]+from[ \t]+[\"']<?([^\"'>]+)", re.MULTILINE)


class Import(NamedTuple):
    """One thing a file imports: `target` is dotted and absolute, or the path of a C header."""

    file: str
    line: int
    room: str
    target: str


def blank(text: str) -> str:
    """`text` with strings and comments emptied, every line kept in its place."""
    return STRING_OR_COMMENT.sub(lambda match: "\n" * match.group().count("\n"), text)


def room_of(dotted: str) -> str:
    """The room a dotted name below `tidings` lies in: `tidings.wire.http1` → `wire`; "" for the front door."""
    parts = dotted.split(".")[1:]
    for length in (2, 1):
        room = ".".join(parts[:length])
        if room in ROOM_FLOOR:
            return room
    return parts[0] if parts and parts[0] not in DOORS else ""


def module_of(path: Path) -> str:
    """`ext/tidings/wire/http1.pyx` → `tidings.wire.http1`, given the path below its tree."""
    return ".".join(path.with_suffix("").parts)


def absolute(base: str, level: int, module: str, is_package: bool) -> str:
    """The module named by `from {'.' * level}{base} import …` inside `module`."""
    if level == 0:
        return base
    parts = module.split(".")
    parts = parts[: len(parts) - level + is_package]
    return ".".join([*parts, base] if base else parts)


def python_targets(text: str, module: str, is_package: bool) -> Iterator[tuple[int, str]]:
    """(line, dotted target) of every import in Python text, wherever it stands."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node.module or "", node.level, module, is_package)
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def cython_targets(text: str, module: str, is_package: bool) -> Iterator[tuple[int, str]]:
    """(line, dotted target or header) of every import, cimport and extern header in Cython text."""
    code = blank(text)
    for match in CYTHON_IMPORT.finditer(code):
        line = code.count("\n", 0, match.start()) + 1
        names = re.sub(r"[()\\]", " ", match["names"] or match["modules"] or "")
        targets = [name.split()[0] for name in names.split(",") if name.strip()]
        if match["base"] is None:
            yield from ((line, target) for target in targets)
            continue
        level = len(match["base"]) - len(match["base"].lstrip("."))
        base = absolute(match["base"].lstrip("."), level, module, is_package)
        yield from ((line, f"{base}.{target}") for target in targets)
    for match in EXTERN_HEADER.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match[1]


def sources(root: Path) -> Iterator[tuple[str, str, str]]:
    """(path below the root, dotted module, text) of every source of the package."""
    for tree in TREES:
        for path in sorted((root / tree / "tidings").rglob("*")):
            if path.suffix in SUFFIXES:
                yield path.relative_to(root).as_posix(), module_of(path.relative_to(root / tree)), path.read_text()


def imports(root: Path) -> Iterator[Import]:
    """Every import of every source of the package."""
    for file, module, text in sources(root):
        read = python_targets if file.endswith((".py", ".pyi")) else cython_targets
        is_package = module.endswith(".__init__")
        own = module.removesuffix(".__init__")
        for line, target in read(text, own, is_package):
            yield Import(file, line, room_of(own), target)


def is_inside(target: str, module: str) -> bool:
    """Whether `target` is `module` or something in it."""
    return target == module or target.startswith(module + ".")


def may_import(room: str, other: str) -> bool:
    """Rule 1 for two known rooms."""
    if room == other:
        return True
    if room in STAIRS and other in STAIRS:
        return STAIRS.index(other) < STAIRS.index(room)
    return ROOM_FLOOR[other] < ROOM_FLOOR[room]


def floor_violations(root: Path) -> list[str]:
    """Rules 1 and 2, one sentence for each import that breaks them."""
    found = []
    for item in imports(root):
        if not is_inside(item.target, "tidings") or not item.room or item.target in DOOR_CONSTANTS:
            continue
        where, other = f"{item.file}:{item.line}", room_of(item.target)
        if item.room not in ROOM_FLOOR:
            found.append(f"{where}: room `{item.room}` stands on no floor: add it to FLOORS")
        elif other not in ROOM_FLOOR:
            found.append(f"{where}: {item.target} is no room of FLOORS; import what you need from its own room")
        elif not may_import(item.room, other):
            found.append(
                f"{where}: {item.room} (floor {ROOM_FLOOR[item.room]}) imports {item.target} "
                f"(floor {ROOM_FLOOR[other]}); only lower floors may be imported"
            )
        elif other not in ONLY_IMPORTS.get(item.room, {other}):
            allowed = ", ".join(sorted(ONLY_IMPORTS[item.room] - {item.room}))
            found.append(f"{where}: {item.room} imports {item.target}; of tidings it may import only {allowed}")
    return found


def reserved_violations(root: Path) -> list[str]:
    """Rule 3."""
    return [
        f"{item.file}:{item.line}: {item.room} imports {item.target}; only {', '.join(sorted(rooms))} may"
        for item in imports(root)
        for module, rooms in RESERVED.items()
        if item.room and is_inside(item.target, module) and item.room not in rooms
    ]


def clock_violations(root: Path) -> list[str]:
    """Rule 4: imports of clocks, and calls that read one."""
    found = [
        f"{item.file}:{item.line}: {item.room} imports {item.target}; it has no clock, take `now_ns` as a parameter"
        for item in imports(root)
        if item.room in CLOCKLESS and any(is_inside(item.target, module) for module in CLOCK_MODULES)
    ]
    for file, module, text in sources(root):
        if room_of(module) in CLOCKLESS:
            code = blank(text)
            found += [
                f"{file}:{code.count(chr(10), 0, match.start()) + 1}: reads a clock ({match.group()}); take `now_ns`"
                for match in CLOCK_CALLS.finditer(code)
            ]
    return found


def venue_violations(root: Path) -> list[str]:
    """Code of venue-neutral rooms that names the venue."""
    return [
        f"{file}:{code.count(chr(10), 0, match.start()) + 1}: {room_of(module)} knows no venue, yet its code says so"
        for file, module, text in sources(root)
        if room_of(module) in VENUE_NEUTRAL
        for code in [blank(text)]
        for match in VENUE_WORD.finditer(code)
    ]


RULES = [floor_violations, reserved_violations, clock_violations, venue_violations]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_package_keeps(rule) -> None:
    assert not (found := rule(ROOT)), "\n" + "\n".join(found)


def test_every_source_is_read() -> None:
    assert {"src/tidings/errors.py", "ext/tidings/clock.pxd"} <= {file for file, _, _ in sources(ROOT)}


PLANTED = [
    (floor_violations, "src/tidings/wire/a.py", "from tidings.engine import risk\n", "only lower floors"),
    (floor_violations, "src/tidings/wire/a.py", "def f():\n    import tidings.model.order\n", "only lower floors"),
    (floor_violations, "src/tidings/wire/a.pyi", "from ..net import pool\n", "only lower floors"),
    (floor_violations, "ext/tidings/wire/a.pyx", "from tidings.net.lane cimport (\n    Lane,\n)\n", "only lower"),
    (floor_violations, "ext/tidings/wire/a.pxd", "cimport tidings.market.book as b\n", "only lower floors"),
    (floor_violations, "src/tidings/engine/a.py", "from tidings import session\n", "only lower floors"),
    (floor_violations, "src/tidings/config.py", "from tidings.app import run\n", "only lower floors"),
    (floor_violations, "src/tidings/engine/a.py", "from tidings import connect\n", "no room"),
    (floor_violations, "src/tidings/attic/a.py", "import tidings.errors\n", "no floor"),
    (floor_violations, "src/tidings/exchange/a.py", "from tidings.wire import digits\n", "only errors, metrics"),
    (reserved_violations, "src/tidings/engine/a.py", "import socket\n", "net may"),
    (reserved_violations, "src/tidings/venue/phemex/a.py", "from ssl import SSLContext\n", "net may"),
    (reserved_violations, "src/tidings/market/a.py", "import asyncio.events\n", "asyncio.events"),
    (reserved_violations, "ext/tidings/wire/a.pyx", 'cdef extern from "<sys/socket.h>":\n    pass\n', "sys/socket.h"),
    (clock_violations, "src/tidings/model/a.py", "import time\n", "no clock"),
    (clock_violations, "ext/tidings/engine/a.pyx", "from tidings.clock cimport Clock\n", "no clock"),
    (clock_violations, "ext/tidings/engine/a.pyx", "from posix.time cimport clock_gettime\n", "no clock"),
    (clock_violations, "src/tidings/market/a.py", "x = datetime.now()\n", "reads a clock"),
    (venue_violations, "src/tidings/engine/a.py", "class PhemexRisk: ...\n", "knows no venue"),
]


@pytest.mark.parametrize(("rule", "file", "text", "words"), PLANTED)
def test_planted_violation_is_found(tmp_path: Path, rule, file: str, text: str, words: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert [words in line for line in rule(tmp_path)] == [True]


ALLOWED = [
    ("src/tidings/engine/a.py", '"""Never import socket; time.time() neither."""\nfrom tidings.model import order\n'),
    ("ext/tidings/engine/a.pyx", "# import phemex\nfrom tidings.model.order cimport Order\nfrom . import ports\n"),
    ("src/tidings/__init__.py", "from tidings.session import connect\nfrom tidings.cli.main import main\n"),
    ("src/tidings/session.py", "import asyncio\nfrom tidings.app import run\nimport tidings.venue.phemex\n"),
    ("src/tidings/exchange/a.py", "import socket, ssl\nfrom tidings.exchange import matching\nimport tidings.errors\n"),
]


@pytest.mark.parametrize(("file", "text"), ALLOWED)
def test_allowed_import_is_let_through(tmp_path: Path, file: str, text: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert [line for rule in RULES for line in rule(tmp_path)] == []
