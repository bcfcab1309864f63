"""Style that a machine can check: lengths, names, units, twins of compiled modules, and what lies at the top.

Every rule takes the root of a tree and returns one sentence per violation, so that planted files can prove it.
"""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

LINE_CHARACTERS_MAX = 120
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
# What may be longer, by how much, and why. An entry that is no longer needed is a violation too.
LONGER_FILES: dict[str, tuple[int, str]] = {}
LONGER_FUNCTIONS: dict[str, tuple[int, str]] = {}

TOP_LEVEL = {
    *("pyproject.toml", "setup.py", "README.md", "LICENSE", "CHANGELOG.md"),
    *("src", "ext", "benchmarks", "tests", "docs", "examples"),
}
BUILD_RESULTS = {"build", "dist", "__pycache__"}

TREES = ("src", "ext", "benchmarks", "tests", "examples")
PYTHON = {".py", ".pyi"}
CYTHON = {".pyx", ".pxd"}
CODE = PYTHON | CYTHON | {".h", ".c"}
TEXT = CODE | {".md", ".toml", ".yml", ".yaml", ".sh", ""}

# A word that says nothing about the thing it names. Split where control flow ends and name the part.
BANNED_WORDS = {"util", "utils", "helper", "helpers", "manager", "misc", "data2"}
BANNED_IN_PATHS = BANNED_WORDS | {"common"}
UNNAMED_TODO = re.compile(r"\b(?:TODO(?!\(\w+\): \S)|FIXME|XXX+)\b")
# Paths of somebody's machine. Written apart here so that this file does not break its own rule.
MACHINE_PATH = re.compile(r"(?<![\w.:<{$/-])/(?:" + "work|root|home|Users|mnt|private" + r")/\w")

# Durations and moments are ambiguous without a unit as the last word: `timeout_ns`, `expiry_s`, `age_ms`.
UNITLESS = ("timeout", "expiry", "deadline", "delay", "interval", "duration", "latency", "elapsed", "age", "backoff")
UNITLESS_NAME = re.compile(rf"(?:^|_)(?:{'|'.join(UNITLESS)})$")
NUMBER_TYPES = {"int", "float"}
CYTHON_NUMBER = re.compile(r"\b(?:u?int(?:\d+_t)?|long|double|float|Py_ssize_t|size_t)\s+(\w+)\b(?!\()")
UNITLESS_ALLOWED = {("src/tidings/blocking/connection.py", "request_timeout"): "the original package's argument name"}

DEFINITION = re.compile(r"^(?P<indent>[ \t]*)(?:async )?(?:def|cpdef|cdef(?! class))\b[^\n=(]*?(?P<name>\w+)\(")


def files(root: Path, suffixes: set[str]) -> Iterator[tuple[str, Path]]:
    """(path below the root, path) of every file of the project's trees with one of `suffixes`."""
    for tree in TREES:
        for path in sorted((root / tree).rglob("*")):
            if path.suffix in suffixes and path.is_file() and not BUILD_RESULTS & set(path.parts):
                yield path.relative_to(root).as_posix(), path


def text_files(root: Path) -> Iterator[tuple[str, Path]]:
    """Every text file: those of the trees, the documents, the ones at the top, and CI's."""
    yield from files(root, TEXT - {""})
    for pattern in ("*", "docs/**/*", ".ci/*", ".github/**/*"):
        for path in sorted(root.glob(pattern)):
            if path.is_file() and path.suffix in TEXT and path.name != ".git":
                yield path.relative_to(root).as_posix(), path


def long_lines(root: Path) -> list[str]:
    return [
        f"{name}:{number}: {len(line)} characters; at most {LINE_CHARACTERS_MAX}"
        for name, path in text_files(root)
        if path.suffix != ".md"  # tables
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > LINE_CHARACTERS_MAX
    ]


def untidy_ends(root: Path) -> list[str]:
    found = []
    for name, path in text_files(root):
        text = path.read_text()
        if text and not text.endswith("\n"):
            found.append(f"{name}: no newline at its end")
        for number, line in enumerate(text.splitlines(), 1):
            if line != line.rstrip() or "\t" in line:
                found.append(f"{name}:{number}: a tab, or blanks at the line's end")
    return found


def long_files(root: Path) -> list[str]:
    counts = {name: len(path.read_text().splitlines()) for name, path in files(root, CODE)}
    return sized(counts, FILE_LINES_MAX, LONGER_FILES if root == ROOT else {}, "split it where control flow ends")


def long_functions(root: Path) -> list[str]:
    counts = {}
    for name, path in files(root, CODE - {".h", ".c"}):
        measure = python_functions if path.suffix in PYTHON else cython_functions
        counts |= {f"{name}::{function}": lines for function, lines in measure(path.read_text())}
    return sized(counts, FUNCTION_LINES_MAX, LONGER_FUNCTIONS if root == ROOT else {}, "name its parts")


def sized(counts: dict[str, int], limit: int, longer: dict[str, tuple[int, str]], remedy: str) -> list[str]:
    """Violations among `counts`, with `longer` naming exceptions, and exceptions that are not needed any more."""
    found = [
        f"{name}: {lines} lines; at most {longer.get(name, (limit,))[0]}: {remedy}"
        for name, lines in counts.items()
        if lines > longer.get(name, (limit,))[0]
    ]
    return found + [f"{name}: needs no exception any more" for name in longer if counts.get(name, 0) <= limit]


def python_functions(text: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def cython_functions(text: str) -> Iterator[tuple[str, int]]:
    """(name, lines) of each function: from its definition to the last line indented deeper than it."""
    lines = text.splitlines()
    for start, line in enumerate(lines):
        if not (match := DEFINITION.match(line)):
            continue
        last, in_signature = start, not line.rstrip().endswith(":")
        for number in range(start + 1, len(lines)):
            body = lines[number]
            if in_signature:
                in_signature, last = not body.rstrip().endswith(":"), number
            elif body.strip():
                if len(body) - len(body.lstrip()) <= len(match["indent"]):
                    break
                last = number
        yield match["name"], last - start + 1


def words(name: str) -> set[str]:
    """`OrderManager` and `order_manager` → {"order", "manager"}."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+\d*|[A-Z]+(?![a-z])|\d+", name)}


def defined_names(text: str, suffix: str) -> Iterator[tuple[int, str]]:
    """(line, name) of the classes, functions and variables a file defines."""
    if suffix in PYTHON:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.lineno, node.name
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.lineno, node.id
    else:
        pattern = re.compile(r"^\s*(?:cdef\s+class|class|def|cdef|cpdef)\b[^\n(:]*?(\w+)\s*[(:]", re.MULTILINE)
        yield from ((text.count("\n", 0, match.start(1)) + 1, match[1]) for match in pattern.finditer(text))


def empty_words(root: Path) -> list[str]:
    found = []
    for name, path in files(root, CODE):
        if bad := BANNED_IN_PATHS & set().union(*(words(part) for part in Path(name).with_suffix("").parts)):
            found.append(f"{name}: the file is called {', '.join(sorted(bad))}; what is it about?")
        if path.suffix in PYTHON | CYTHON:
            found += [
                f"{name}:{line}: `{defined}`: name what it does"
                for line, defined in defined_names(path.read_text(), path.suffix)
                if BANNED_WORDS & words(defined)
            ]
    return found


def unnamed_todos(root: Path) -> list[str]:
    return [
        f"{name}:{number}: write TODO(name): what, and what would make it due"
        for name, path in text_files(root)
        if path.name != Path(__file__).name
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if UNNAMED_TODO.search(line)
    ]


def machine_paths(root: Path) -> list[str]:
    return [
        f"{name}:{number}: the path of somebody's machine"
        for name, path in text_files(root)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]


def number_names(text: str, suffix: str) -> Iterator[tuple[int, str]]:
    """(line, name) of parameters, fields and constants that are plain numbers."""
    if suffix in CYTHON:
        for number, line in enumerate(text.splitlines(), 1):
            yield from ((number, name) for name in CYTHON_NUMBER.findall(line.split("#")[0]))
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.arg | ast.AnnAssign):
            target = node.arg if isinstance(node, ast.arg) else getattr(node.target, "id", "")
            if isinstance(node.annotation, ast.Name) and node.annotation.id in NUMBER_TYPES:
                yield node.lineno, target
        elif isinstance(node, ast.Assign) and type(getattr(node.value, "value", None)) in (int, float):
            yield from ((node.lineno, target.id) for target in node.targets if isinstance(target, ast.Name))


def missing_units(root: Path) -> list[str]:
    return [
        f"{name}:{line}: `{number}`: in what unit? Write {number}_ns, {number}_ms or {number}_s"
        for name, path in files(root, PYTHON | CYTHON)
        for line, number in number_names(path.read_text(), path.suffix)
        if UNITLESS_NAME.search(number.lower()) and (name, number) not in UNITLESS_ALLOWED
    ]


def missing_twins(root: Path) -> list[str]:
    """Each compiled module has a face for users (.pyi), one for neighbours (.pxd), and a test."""
    found = []
    for name, path in files(root, {".pyx"}):
        if not name.startswith("ext/"):
            continue
        below = Path(name).relative_to("ext/tidings")
        room, module = below.parent, below.stem
        face = root / "src/tidings" / below.with_suffix(".pyi")
        tests = [f"test_{module}.py", f"test_{room.name}_{module}.py"]
        if not path.with_suffix(".pxd").exists():
            found.append(f"{name}: no .pxd beside it")
        if not face.exists():
            found.append(f"{name}: no {face.relative_to(root)} for users")
        if not any((root / "tests/unit" / room / test).exists() for test in tests):
            found.append(f"{name}: no tests/unit/{room / tests[0]}")
    return found


def same_test_names(root: Path) -> list[str]:
    """pytest imports test files by their bare name: two of one name hide each other."""
    seen: dict[str, str] = {}
    found = []
    for name, path in files(root, {".py"}):
        if path.name.startswith("test_") and (first := seen.setdefault(path.name, name)) != name:
            found.append(f"{name}: same name as {first}; call it test_<room>_<module>.py")
    return found


def strays_at_the_top(root: Path) -> list[str]:
    names = {name for name in names_at_the_top(root) if not name.startswith(".")} - BUILD_RESULTS
    return [f"{name}: does not belong at the top" for name in sorted(names - TOP_LEVEL)] + [
        f"{name}: missing at the top" for name in sorted(TOP_LEVEL - names) if root == ROOT
    ]


def names_at_the_top(root: Path) -> set[str]:
    """What the repository holds; an environment or a recording beside it is the user's. Without git: all there is."""
    try:
        tracked = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return {path.name for path in root.iterdir()}
    return {name.partition("/")[0] for name in tracked.split("\0") if name}


RULES = [
    *(long_lines, untidy_ends, long_files, long_functions, empty_words, unnamed_todos, machine_paths),
    *(missing_units, missing_twins, same_test_names, strays_at_the_top),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_project_has_no(rule) -> None:
    assert not (found := rule(ROOT)), "\n" + "\n".join(found)


def test_every_tree_is_read() -> None:
    assert {Path(name).parts[0] for name, _ in files(ROOT, CODE)} >= {"src", "ext", "tests"}


LONG_FUNCTION = "def f(a):\n" + "    a += 1\n" * 60
LONG_METHOD = "cdef class A:\n    cdef int f(self,\n               int a) except -1:\n" + "        a += 1\n\n" * 30
PLANTED = [
    (long_lines, "src/tidings/a.py", "#" * 121 + "\n"),
    (long_lines, "ext/tidings/a.pyx", "#" * 121 + "\n"),
    (untidy_ends, "src/tidings/a.pyi", "x: int"),
    (untidy_ends, "ext/tidings/a.pxd", "cdef int x \n"),
    (long_files, "ext/tidings/a.h", "//\n" * 401),
    (long_functions, "src/tidings/a.py", LONG_FUNCTION),
    (long_functions, "ext/tidings/a.pyx", LONG_METHOD),
    (empty_words, "src/tidings/common/a.py", ""),
    (empty_words, "src/tidings/a.py", "class OrderManager: ...\n"),
    (empty_words, "src/tidings/a.py", "def parse_helper(): ...\n"),
    (empty_words, "ext/tidings/a.pyx", "cdef class FooUtils:\n    pass\n"),
    (unnamed_todos, "src/tidings/a.py", "# TODO write this\n"),
    (unnamed_todos, "docs/a.md", "FIXME\n"),
    (machine_paths, "tests/a.py", "PATH = '/" + "work/x'\n"),
    (machine_paths, "docs/a.md", "see `/" + "home/me/x`\n"),
    (missing_units, "src/tidings/a.py", "def f(timeout: float) -> None: ...\n"),
    (missing_units, "src/tidings/a.py", "PING_INTERVAL = 5\n"),
    (missing_units, "src/tidings/a.pyi", "class A:\n    deadline: int\n"),
    (missing_units, "ext/tidings/a.pxd", "cdef struct A:\n    int64_t max_age\n"),
    (strays_at_the_top, "notes.txt", "\n"),
]


@pytest.mark.parametrize(("rule", "file", "text"), PLANTED)
def test_planted_violation_is_found(tmp_path: Path, rule, file: str, text: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert len(rule(tmp_path)) == 1, rule(tmp_path)


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_stray_is_found_where_it_is_tracked(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / "day").mkdir()
    (tmp_path / "day/notes.txt").touch()
    assert not strays_at_the_top(tmp_path)
    subprocess.run(["git", "add", "day"], cwd=tmp_path, check=True)
    assert strays_at_the_top(tmp_path) == ["day: does not belong at the top"]


def test_compiled_module_without_twins_is_found(tmp_path: Path) -> None:
    path = tmp_path / "ext/tidings/wire/a.pyx"
    path.parent.mkdir(parents=True)
    path.write_text("")
    missing = [line.split(": no ")[1].split()[0] for line in missing_twins(tmp_path)]
    assert missing == [".pxd", "src/tidings/wire/a.pyi", "tests/unit/wire/test_a.py"]


def test_two_tests_of_one_name_are_found(tmp_path: Path) -> None:
    for room in ("wire", "net"):
        path = tmp_path / "tests/unit" / room / "test_a.py"
        path.parent.mkdir(parents=True)
        path.write_text("")
    assert len(same_test_names(tmp_path)) == 1


TIDY = [
    ("src/tidings/a.py", "# TODO(ann): raise the cap when lanes grow.\ndef f(timeout_s: float) -> None: ...\n"),
    ("src/tidings/b.py", "def wait(deadline: object, timeouts: int) -> None: ...\n"),
    ("src/tidings/c.py", "URL = 'https://example.com/home/x'\n"),
    ("ext/tidings/a.pxd", "cdef class A:\n    cdef int64_t age_ns      # int64_t age\n"),
    ("ext/tidings/c.pxd", "cdef Keys KEYS = Keys(\n" + "    1,\n" * 61 + ")\n"),
    ("ext/tidings/b.pxd", "cdef class A(B):\n" + "    cdef int f(self)\n" * 61),
]


@pytest.mark.parametrize(("file", "text"), TIDY)
def test_tidy_file_is_let_through(tmp_path: Path, file: str, text: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert [line for rule in RULES for line in rule(tmp_path)] == []
