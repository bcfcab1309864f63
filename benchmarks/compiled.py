"""The C loops of *loops.pyx, compiled once per run into a temporary directory against the declarations in ext/."""

import atexit
import functools
import importlib.util
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

HERE = Path(__file__).resolve().parent
EXT = HERE.parent / "ext"


@functools.cache
def loops(name: str = "loops") -> ModuleType:
    """The module of `name`.pyx; RuntimeError with the reason if it cannot be compiled here."""
    try:
        from Cython.Build import cythonize
        from Cython.Compiler.Errors import CompileError
        from setuptools import Distribution, Extension
        from setuptools.errors import BaseError
    except ImportError as error:
        raise RuntimeError(f"needs Cython and setuptools to compile its loops ({error})") from error
    directory = TemporaryDirectory(prefix=f"tidings-{name}-")
    atexit.register(directory.cleanup)
    with redirect_stdout(sys.stderr if "VERBOSE" in os.environ else Path(os.devnull).open("w")):
        try:
            extension = Extension(name, [str(HERE / f"{name}.pyx")], extra_compile_args=["-O2"])
            modules = cythonize([extension], include_path=[str(EXT)], build_dir=directory.name, language_level=3)
            command = Distribution({"ext_modules": modules}).get_command_obj("build_ext")
            command.build_lib = command.build_temp = directory.name
            command.ensure_finalized()
            command.run()
        except (CompileError, BaseError) as error:
            raise RuntimeError(f"{name}.pyx does not compile: {error}") from error
    spec = importlib.util.spec_from_file_location(name, command.get_ext_fullpath(name))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
