"""Where a running gateway can be asked: one socket per process, in the state directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from tidings.app.state_directory import state_directory
from tidings.errors import ConfigError, ConnectionLost, UsageError
from tidings.net.local_line import ask

SUFFIX = ".sock"
FINDING_LIMIT_S = 2.0


def socket_directory() -> Path:
    return state_directory() / "gateway"


def socket_path(pid: int) -> Path:
    return socket_directory() / f"{pid}{SUFFIX}"


async def running_gateways() -> list[int]:
    """Process ids of this user's gateways that answer; sockets that killed ones left are removed."""
    found = []
    for path in sorted(socket_directory().glob(f"*{SUFFIX}")):
        try:
            await ask(path, msgspec.json.encode({"ask": "ping"}), FINDING_LIMIT_S)
        except ConnectionLost as error:
            if isinstance(error.__cause__, ConnectionRefusedError):
                path.unlink(missing_ok=True)
            continue
        found.append(int(path.stem))
    return found


async def chosen_gateway(pid: int | None, ready_file: Path | None) -> int:
    """By process id, by its ready file, or the only one there is. Raises UsageError; ConnectionLost: there is none."""
    if pid is not None:
        return pid
    if ready_file is not None:
        return _pid_in(ready_file)
    running = await running_gateways()
    if not running:
        raise ConnectionLost(f"no gateway runs: none answers in {socket_directory()}")
    if len(running) > 1:
        pids = ", ".join(map(str, running))
        raise UsageError(f"{len(running)} gateways run, with the process ids {pids}: choose one with --pid")
    return running[0]


async def ask_gateway(pid: int, question: dict[str, Any], limit_s: float) -> dict[str, Any]:
    """Its answer. Raises ConnectionLost: it is not there; UsageError: it refuses, with its words."""
    try:
        line = await ask(socket_path(pid), msgspec.json.encode(question), limit_s)
    except ConnectionLost as error:
        raise ConnectionLost(f"no gateway with process id {pid} answers: {error}") from None
    answer: dict[str, Any] = msgspec.json.decode(line)
    if "error" in answer:
        raise UsageError(answer["error"])
    return answer


def _pid_in(ready_file: Path) -> int:
    try:
        ready = json.loads(ready_file.read_text(encoding="utf-8"))
        return int(ready["pid"])
    except FileNotFoundError:
        raise ConnectionLost(f"no gateway runs: there is no {ready_file}, which one removes when it ends") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"{ready_file} is no ready file of a gateway: {error}") from None
