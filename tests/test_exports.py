"""What the built package shows: one symbol per compiled module, hardened binaries, and the public names.

A second exported symbol would let two extension modules of one process bind to each other's functions; hardening
flags get lost silently when a build environment overrides CFLAGS. Both are read from the binaries themselves.
"""

import importlib
import importlib.machinery
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tidings

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = Path(tidings.__file__).parent
SOURCES = sorted((ROOT / "ext").rglob("*.pyx"))
SUFFIX = importlib.machinery.EXTENSION_SUFFIXES[0]

# Nothing but the C library: whatever else we need is resolved at run time, so that wheels fit every distribution.
LIBRARIES = re.compile(r"^(lib(c|m|dl|pthread|rt)\.so\.\d|libc\.musl-\w+\.so\.1|ld-linux.*\.so\.\d)$")
# Some interpreters are built to add the path of their own libpython to every extension; that is theirs, not ours.
INTERPRETER = sys.base_prefix

PUBLIC_NAMES = {
    "tidings": [
        *("connect", "sign_request", "Strategy"),
        *("Side", "OrdType", "TimeInForce", "OrdStatus", "ExecType", "DenyReason", "Trigger", "PosSide"),
        *("TidingsError", "OrderDenied", "OrderNotSent", "OrderRejected", "OrderUnknown", "OrderDone"),
        *("GridError", "UnknownSymbol", "VenueError", "RateLimited", "AuthenticationError", "ConnectionLost"),
    ],
    "tidings.blocking": [
        *("PhemexConnection", "AuthCredentials", "PublicCredentials"),
        *("Side", "TimeInForce", "Contract", "Condition", "Trigger", "ConditionalOrder"),
    ],
}
# Slow to import (up to a second) and needed by a few commands only, which import them when called.
NEVER_WITH_TIDINGS = ("rich", "textual", "pyarrow", "matplotlib", "cryptography", "aiohttp", "requests", "ccxt")

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads ELF binaries")


def readelf(binary: Path, *options: str) -> str:
    assert shutil.which("readelf"), "readelf (package binutils) is needed to look into the binaries"
    return subprocess.run(["readelf", "-W", *options, binary], capture_output=True, text=True, check=True).stdout


def dynamic_symbols(binary: Path) -> tuple[set[str], set[str]]:
    """(defined, undefined) names of the dynamic symbol table, without versions."""
    defined, undefined = set(), set()
    for line in readelf(binary, "--dyn-syms").splitlines():
        if (fields := line.split()) and len(fields) >= 8 and fields[4] in ("GLOBAL", "WEAK", "UNIQUE"):
            (undefined if fields[6] == "UND" else defined).add(fields[7].split("@")[0])
    return defined, undefined


def soft_spots(binary: Path) -> list[str]:
    """Every protection this binary lacks."""
    headers, dynamic = readelf(binary, "--program-headers"), readelf(binary, "--dynamic")
    _, undefined = dynamic_symbols(binary)
    stack = re.search(r"GNU_STACK.*\s(RW?E?)\s", headers)
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic)
    searched = ":".join(re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.+)\]", dynamic)).split(":")
    checks = {
        "no RELRO segment": "GNU_RELRO" in headers,
        "lazy binding, so RELRO is only partial": "BIND_NOW" in dynamic or re.search(r"FLAGS_1.*\bNOW\b", dynamic),
        "executable stack": stack and "E" not in stack[1],
        "no stack canary": "__stack_chk_fail" in undefined,
        "a library search path of the build machine": all(path.startswith(INTERPRETER) for path in searched if path),
        "relocations in code": "TEXTREL" not in dynamic,
        f"linked to {', '.join(needed)}": all(LIBRARIES.match(library) for library in needed),
    }
    return [spot for spot, is_fine in checks.items() if not is_fine]


def built(source: Path) -> Path:
    """The binary of a compiled module's source."""
    return PACKAGE / source.relative_to(ROOT / "ext/tidings").with_suffix(SUFFIX)


@pytest.fixture(params=SOURCES, ids=lambda source: source.stem)
def binary(request: pytest.FixtureRequest) -> Path:
    path = built(request.param)
    assert path.exists(), f"{path.name} is not built: run `pip install -e .` or `python setup.py build_ext --inplace`"
    return path


@on_linux
def test_compiled_module_exports_only_its_init_function(binary: Path) -> None:
    defined, _ = dynamic_symbols(binary)
    assert defined == {f"PyInit_{binary.name.split('.')[0]}"}


@on_linux
def test_compiled_module_is_hardened(binary: Path) -> None:
    assert soft_spots(binary) == []


@on_linux
def test_copies_into_known_buffers_are_checked() -> None:
    """FORTIFY replaces only copies it can bound, so not every module has one; all together must."""
    undefined = set().union(*(dynamic_symbols(built(source))[1] for source in SOURCES))
    assert [name for name in undefined if re.fullmatch(r"__\w+_chk", name)], "built without _FORTIFY_SOURCE"


@pytest.mark.parametrize("module", sorted(PUBLIC_NAMES))
def test_public_names_exist(module: str) -> None:
    face = importlib.import_module(module)
    assert [name for name in PUBLIC_NAMES[module] if not hasattr(face, name)] == []


def test_all_lists_what_is_there() -> None:
    assert [name for name in tidings.__all__ if not hasattr(tidings, name)] == []


def test_importing_tidings_loads_nothing_slow() -> None:
    script = f"import sys, tidings; print([name for name in {NEVER_WITH_TIDINGS!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def compiled(directory: Path, *options: str) -> Path:
    """A small shared library that needs protection, built with `options`."""
    source, library = directory / "soft.c", directory / "soft.so"
    source.write_text(
        "#include <stdio.h>\nint first(FILE *f) { char a[64]; return puts(fgets(a, 64, f)); }\nint second;\n"
    )
    compiler = shutil.which("cc") or pytest.skip("no C compiler")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", *options, source, "-o", library], check=True)
    return library


@on_linux
def test_second_symbol_is_seen(tmp_path: Path) -> None:
    assert dynamic_symbols(compiled(tmp_path))[0] == {"first", "second"}


PLANTED = [
    (("-fno-stack-protector",), "no stack canary"),
    (("-Wl,-z,lazy",), "lazy binding, so RELRO is only partial"),
    (("-Wl,-z,norelro",), "no RELRO segment"),
    (("-Wl,-z,execstack",), "executable stack"),
    (("-Wl,-rpath,.",), "a library search path of the build machine"),
    (("-Wl,--no-as-needed", "-lresolv"), "linked to libresolv.so.2, libc.so.6"),
]


@on_linux
@pytest.mark.parametrize(("options", "spot"), PLANTED, ids=lambda value: value if isinstance(value, str) else "")
def test_missing_protection_is_seen(tmp_path: Path, options: tuple[str, ...], spot: str) -> None:
    hard = ("-fstack-protector-strong", "-Wl,-z,relro,-z,now,-z,noexecstack")
    assert soft_spots(compiled(tmp_path, *hard)) == []
    assert soft_spots(compiled(tmp_path, *hard, *options)) == [spot]
