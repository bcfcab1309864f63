"""The local exchange as a child process, or one that is already running and named by its ready file."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidings.errors import ConfigError, ConnectionLost

READY_FILE_VARIABLE = "TIDINGS_EXCHANGE"
START_LIMIT_S = 20.0
STOP_LIMIT_S = 5.0


@dataclass(frozen=True, slots=True)
class ReadyExchange:
    """What a running exchange tells about itself (its ready line). `repr` hides the accounts' secrets."""

    rest_url: str
    ws_url: str
    ca_file: str | None
    admin_url: str
    accounts: tuple[dict[str, Any], ...]
    pid: int

    @classmethod
    def parse(cls, text: str, where: str) -> ReadyExchange:
        """Read a ready object. Raises ConfigError that says what it is instead."""
        try:
            ready = json.loads(text)
            if not isinstance(ready, dict):
                raise TypeError
            return cls(
                rest_url=ready["rest"],
                ws_url=ready["ws"],
                ca_file=ready["ca_file"],
                admin_url=ready.get("admin", ""),
                accounts=tuple(ready["accounts"]),
                pid=int(ready["pid"]),
            )
        except KeyError as missing:
            why = f"it has no {missing.args[0]!r}"
        except (ValueError, TypeError):
            why = "it is empty: the exchange is not ready yet" if not text.strip() else "it is not the JSON that one is"
        raise ConfigError(
            f"{where} is no ready file of a running `tidings exchange`: {why}; name the one that its --ready-file wrote"
        )

    def account(self, index: int) -> dict[str, Any]:
        if not 0 <= index < len(self.accounts):
            raise ConfigError(f"the local exchange has accounts 0 to {len(self.accounts) - 1}: was {index}")
        return self.accounts[index]

    def __repr__(self) -> str:
        return f"ReadyExchange(rest_url={self.rest_url!r}, accounts={len(self.accounts)}, pid={self.pid})"


def running_exchange(ready_file: str | os.PathLike[str] | None) -> ReadyExchange | None:
    """The exchange that `ready_file`, else the variable TIDINGS_EXCHANGE, names; None when neither does.

    Raises ConfigError.
    """
    path = ready_file or os.environ.get(READY_FILE_VARIABLE)
    if not path:
        return None
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"ready file {os.fspath(path)!r} cannot be read ({error.strerror}):"
            " start `tidings exchange --ready-file` first"
        ) from None
    return ReadyExchange.parse(text, f"ready file {os.fspath(path)!r}")


class ExchangeProcess:
    """A child exchange of our own, for as long as we need one. It ends with us, even when we are killed."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self._directory = tempfile.TemporaryDirectory(prefix="tidings-")
        self.ready_file = str(Path(self._directory.name) / "ready.json")
        self._process: asyncio.subprocess.Process | None = None
        self._stderr: Any = None

    async def start(self) -> ReadyExchange:
        """Start it and wait until it accepts connections. Raises ConnectionLost with what it said."""
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the process
        command = [
            sys.executable,
            "-m",
            "tidings.exchange",
            "--port",
            "0",
            "--parent-pid",
            str(os.getpid()),
            "--ready-file",
            self.ready_file,
            *self._options,
        ]
        self._process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=self._stderr,
            start_new_session=True,  # a Ctrl-C at the terminal is for us; we end it when we are done with it
        )
        assert self._process.stdout is not None
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), START_LIMIT_S)
        except TimeoutError:
            line = b""
        if not line:
            await self.stop()
            raise ConnectionLost(f"the local exchange did not start within {START_LIMIT_S:g} s: {self._complaint()}")
        return ReadyExchange.parse(line.decode(), "the local exchange's first line")

    async def stop(self) -> None:
        """End it: gently, then not."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_LIMIT_S)
            except TimeoutError:
                process.kill()
                await process.wait()
        self._directory.cleanup()

    def _complaint(self) -> str:
        self._stderr.seek(0)
        text: str = self._stderr.read()[-2000:].decode("utf-8", "replace").strip()
        return text or "it said nothing"
