"""What the exchange says behind the engines' backs, and the faults it is told to have: its admin endpoint, asked
without stopping the loop.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit


class ExchangeAdmin:
    """One exchange's; each call is a connection of its own."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname, address.port
        self.scales: dict[str, dict[str, int]] = {}

    async def learn_scales(self) -> None:
        """On which scale each symbol's integers stand, for who reads rows."""
        self.scales = (await self.call("GET", "/dump"))["scales"]

    async def call(self, method: str, path: str, document: object = None) -> Any:
        """The JSON answer; one that is not 200 is an error."""
        body = b"" if document is None else json.dumps(document).encode()
        reader, writer = await asyncio.open_connection(self._host, self._port)
        fields = f"Host: 127.0.0.1\r\nConnection: close\r\nContent-Length: {len(body)}"
        head = f"{method} {path} HTTP/1.1\r\n{fields}\r\n\r\n"
        writer.write(head.encode() + body)
        answer_head, _, answer = (await reader.read(-1)).partition(b"\r\n\r\n")
        writer.close()
        if b" 200 " not in answer_head.split(b"\r\n")[0]:
            raise RuntimeError(f"{method} {path}: {answer_head[:40]!r} {answer[:200]!r}")
        return json.loads(answer)

    async def rows(self, section: str, user_id: int) -> list[dict[str, Any]]:
        """One account's rows of a section of the dump."""
        found: list[dict[str, Any]] = await self.call("GET", f"/{section}?user_id={user_id}")
        return found

    async def add_fault(self, **fault: object) -> int:
        """Put one fault in force; gives its number."""
        (fault_id,) = (await self.call("POST", "/faults", fault))["ids"]
        return int(fault_id)

    async def fault_happened(self, fault_id: int) -> bool:
        """Whether a fault in force has happened."""
        faults = (await self.call("GET", "/faults"))["faults"]
        return any(fault["id"] == fault_id and fault["did"] for fault in faults)

    async def remove_fault(self, fault_id: int) -> None:
        await self.call("DELETE", f"/faults?id={fault_id}")
