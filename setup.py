"""Compile every ext/**/*.pyx into the module of the same dotted path under src/.

Switches, all environment variables: TIDINGS_ANNOTATE=1 writes the annotated HTML to build/cython,
TIDINGS_DEBUG=1 keeps assertions and symbols, TIDINGS_SANITIZE=address,undefined builds with sanitizers,
TIDINGS_ONLY=wire,net compiles only the rooms named (an incremental developer build).
"""

import os
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

EXT = Path("ext")
ANNOTATE = os.environ.get("TIDINGS_ANNOTATE") == "1"
DEBUG = os.environ.get("TIDINGS_DEBUG") == "1"
SANITIZE = os.environ.get("TIDINGS_SANITIZE", "")
ONLY = tuple(filter(None, os.environ.get("TIDINGS_ONLY", "").split(",")))

# Never -march=native: AVX-512 moves beside SHA-NI made signing four times slower (measured).
# Tiers are chosen at run time.
COMPILE_ARGS = ["-O1" if DEBUG else "-O2", "-fvisibility=hidden", "-fstack-protector-strong", "-fno-strict-aliasing"]
LINK_ARGS: list[str] = []
if sys.platform == "linux":
    COMPILE_ARGS += ["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3", "-fstack-clash-protection"]
    COMPILE_ARGS += ["-fcf-protection=full"] if os.uname().machine == "x86_64" else []
    LINK_ARGS += ["-Wl,-z,relro,-z,now,-z,noexecstack"]
# Python's own flags ask for debug symbols: most of a module's size, and no use to who runs it.
COMPILE_ARGS += ["-g"] if DEBUG else ["-g0"]
if SANITIZE:
    COMPILE_ARGS += [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer", "-U_FORTIFY_SOURCE"]
    LINK_ARGS += [f"-fsanitize={SANITIZE}"]

# The sdist must carry what cythonize replaces or reads; as build dependencies they would rebuild everything.
INPUTS = {".pyx", ".pxd", ".h"}
SDIST_ONLY = [str(path) for path in sorted(EXT.rglob("*")) if path.suffix in INPUTS] if "sdist" in sys.argv else []


def extension(source: Path) -> Extension:
    """One compiled module, named by its path below ext/."""
    name = ".".join(source.relative_to(EXT).with_suffix("").parts)
    return Extension(
        name, [str(source)], depends=SDIST_ONLY, extra_compile_args=COMPILE_ARGS, extra_link_args=LINK_ARGS,
        define_macros=[] if DEBUG else [("CYTHON_WITHOUT_ASSERTIONS", "1")],
    )


def chosen(source: Path) -> bool:
    """Whether this build compiles `source` (all rooms unless TIDINGS_ONLY names some)."""
    return not ONLY or any(room in source.parts for room in ONLY)


setup(
    ext_modules=cythonize(
        [extension(source) for source in sorted(EXT.rglob("*.pyx")) if chosen(source)],
        include_path=[str(EXT)],
        build_dir="build/cython",
        annotate=ANNOTATE,
        compiler_directives={
            "language_level": "3",
            "embedsignature": True,
            "embedsignature.format": "python",
            "auto_pickle": False,
        },
    ),
    options={"build_ext": {"parallel": os.cpu_count()}},  # also under pip, which has no switch for it
)
