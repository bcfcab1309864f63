"""Check what a wheel and an sdist hold: `check_package.py DIST...`, run from the checkout."""

import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path, PurePosixPath

COMPILED = sorted(Path("ext").rglob("*.pyx"))
PYTHON = sorted(Path("src").rglob("*.py"))
WHEEL_SUFFIXES = {".py", ".pyi", ".so", ".json", ".typed"}


def wheel_faults(names: list[str]) -> list[str]:
    """What a wheel lacks or should not hold, given the names of its files."""
    ours = [PurePosixPath(name) for name in names if ".dist-info/" not in name]
    faults = [f"{path} does not belong in a wheel" for path in ours if path.parts[0] != "tidings"]
    faults += [f"{path} does not belong in a wheel" for path in ours if path.suffix not in WHEEL_SUFFIXES]
    binaries = {str(path).split(".")[0] for path in ours if path.suffix == ".so"}
    faces = {str(path.with_suffix("")) for path in ours if path.suffix == ".pyi"}
    expected = {path.relative_to("ext").with_suffix("").as_posix() for path in COMPILED}
    faults += [f"{module}.so is missing" for module in sorted(expected - binaries)]
    faults += [f"{module}.so has no source in ext" for module in sorted(binaries - expected)]
    faults += [f"{module}.pyi is missing" for module in sorted(expected - faces)]
    modules = {path.relative_to("src").as_posix() for path in PYTHON if "egg-info" not in str(path)}
    faults += [f"{module} is missing" for module in sorted({*modules, "tidings/py.typed"} - set(map(str, ours)))]
    return faults + ([] if any(name.endswith("/LICENSE") for name in names) else ["LICENSE is missing"])


def sdist_faults(names: list[str]) -> list[str]:
    """What an sdist lacks: without any of these it does not build."""
    held = {name.split("/", 1)[1] for name in names if "/" in name}
    sources = [path for path in Path("ext").rglob("*") if path.suffix in {".pyx", ".pxd", ".h"}]
    needed = {"setup.py", "pyproject.toml", "README.md", "LICENSE", *(path.as_posix() for path in sources)}
    generated = {name for name in held if name.startswith("build/") or name.endswith((".so", ".html"))}
    return [f"{name} is missing" for name in sorted(needed - held)] + [f"{name} is generated" for name in generated]


def names_in(path: str) -> list[str]:
    """The files of a wheel or an sdist."""
    if path.endswith(".whl"):
        with zipfile.ZipFile(path) as wheel:
            return wheel.namelist()
    with tarfile.open(path) as sdist:
        return [member.name for member in sdist if member.isfile()]


def main(paths: list[str]) -> int:
    """Print one line for each fault and a count of suffixes for each file; 1 if there was a fault."""
    status = 0
    for path in paths:
        names = names_in(path)
        counts = Counter(PurePosixPath(name).suffix or PurePosixPath(name).name for name in names)
        print(f"{Path(path).name} ({Path(path).stat().st_size // 1024} KiB):", *(f"{n} {s}" for s, n in counts.items()))
        for fault in (wheel_faults if path.endswith(".whl") else sdist_faults)(names):
            status = 1
            print(f"  {fault}")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
