"""The example of each kind of fault in docs/faults.md, and the admin endpoint that takes faults."""

import json
import re
import tomllib
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
BLOCKS = re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
EXAMPLES: dict[str, dict[str, Any]] = {
    fault["kind"]: fault for block in BLOCKS for fault in tomllib.loads(block)["fault"]
}


class FaultAdmin:
    """The faults of a running exchange, over plain HTTP."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self._admin = ready["admin"]

    def set(self, kind: str, **changes: object) -> int:
        """Put the documented example of `kind` in force, with `changes`; gives its number."""
        (fault_id,) = self.call("POST", "/faults", EXAMPLES[kind] | changes)["ids"]
        return int(fault_id)

    def call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._admin + path, data, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def count(self, kind: str) -> int:
        """How often the kind has happened."""
        return int(self.call("GET", "/counters").get(f"fault.{kind}", 0))
