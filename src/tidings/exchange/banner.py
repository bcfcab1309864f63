"""What a person at a terminal is told when the exchange is ready. Programs read the ready line instead."""

from collections.abc import Mapping
from pathlib import Path


def banner(ready: Mapping[str, object], ready_file: Path | None) -> str:
    """Where everything is and how to stop it, without any key or secret."""
    accounts = ready["accounts"]
    count = len(accounts) if isinstance(accounts, list) else 0
    place = "in the JSON line on stdout" + (f" and in {ready_file}" if ready_file else "")
    rows = {
        "REST": ready["rest"],
        "streams": ready["ws"],
        "CA file": ready["ca_file"] or "none: plain HTTP",
        "accounts": f"{count}; their keys are {place}",
        "admin": f"{ready['admin']}  (GET /dump, POST /price, /faults, /rules)",
        "docs": "docs/exchange.md; options and rules: tidings exchange --help",
        "stop": "Ctrl-C",
    }
    lines = [f"  {name:<10}{value}" for name, value in rows.items()]
    return "\n".join(["A local Phemex is ready.", *lines, ""])
