"""Where tidings keeps what must outlive a process: below $XDG_STATE_HOME, else ~/.local/state."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def state_directory(environ: Mapping[str, str] | None = None) -> Path:
    """The directory; it need not exist yet. Make it with mode 0700."""
    variables = os.environ if environ is None else environ
    chosen = Path(variables.get("XDG_STATE_HOME", ""))
    if chosen.is_absolute():  # relative ones count as unset (XDG 0.8)
        return chosen / "tidings"
    return Path(variables.get("HOME") or Path.home()) / ".local" / "state" / "tidings"
