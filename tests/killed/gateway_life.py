"""One life of a FIX gateway: forked warm, it takes up what its directory remembers, and serves until it is killed."""

from __future__ import annotations

import asyncio
import gc
import json
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tidings.fix_gateway.config import GatewayConfig
from tidings.fix_gateway.gateway import Gateway
from tidings.net.event_loop import run
from tidings.session.phemex import connect

TRADER, COPY = "C1", "DC"


@dataclass(frozen=True, slots=True)
class GatewayAssignment:
    """Which account, where its memory lies, and the port that its clients know."""

    ready_file: Path
    account: int
    directory: Path
    port: int


def serve(assignment: GatewayAssignment, report_fd: int, go_fd: int) -> None:
    """The child's whole life; it says one line when clients can connect."""
    close_inherited({report_fd, go_fd})
    gc.freeze()  # what the parent left is not this process's to collect
    run(_serve(assignment, report_fd))


async def _serve(assignment: GatewayAssignment, report_fd: int) -> None:
    config = msgspec.convert(config_of(assignment), GatewayConfig)
    async with Gateway(config, connect, "local", exchange=str(assignment.ready_file)) as gateway:
        os.write(report_fd, (json.dumps({"port": gateway.port}) + "\n").encode())
        await asyncio.Event().wait()


def config_of(assignment: GatewayAssignment) -> dict[str, object]:
    """As the TOML file would have it."""
    engine = {
        "rate_limits": False, "duplicate_window_s": 1e-6, "expiry_s": 1, "deadline_s": 1.0, "lanes": 2,
        "order_memory": 1024, "journal_dir": str(assignment.directory / "journal"),
    }  # fmt: skip
    store = str(assignment.directory / "sessions")
    where = {"our_comp_id": "PHEMEX", "account": str(assignment.account), "store": store}
    sessions = [{"client_comp_id": TRADER, **where}, {"client_comp_id": COPY, "kind": "dropcopy", **where}]
    listen = {"host": "127.0.0.1", "port": assignment.port}
    return {"listen": listen, "session": sessions, "engine": engine}


def close_inherited(kept: set[int]) -> None:
    """A connection of the parent's must not stay open because a child has it too."""
    for name in os.listdir("/dev/fd"):  # noqa: PTH208  numbers are wanted, not paths
        descriptor = int(name)
        if descriptor > 2 and descriptor not in kept:
            try:
                os.close(descriptor)
            except OSError:
                continue  # the listing's own
