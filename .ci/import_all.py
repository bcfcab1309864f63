"""Import every module of the installed tidings: `import_all.py CHECKOUT`, which must not be where it comes from."""

import importlib
import pkgutil
import sys
from pathlib import Path

import tidings

where = Path(tidings.__file__)
if where.is_relative_to(Path(sys.argv[1]).resolve()):
    sys.exit(f"imported {where}: the checkout, not the installed wheel")
names = [module.name for module in pkgutil.walk_packages(tidings.__path__, "tidings.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(f"{len(names)} modules import from the wheel")
