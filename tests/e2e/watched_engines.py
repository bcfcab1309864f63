"""Engines and watchdogs as processes, for tests that kill, stop and cut them off."""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exchange_process import RunningExchange
from session_lines import PATIENT
from tidings_command import clean_environment, command_line

LIMIT_S = 30.0  # a busy machine


@dataclass
class Lines:
    """A process, and the lines of JSON it has written so far."""

    process: "subprocess.Popen[str]"
    heard: list[dict[str, Any]] = field(default_factory=list)
    _lines: "queue.Queue[str | None]" = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def hear(self, limit_s: float = LIMIT_S) -> dict[str, Any]:
        """The next line."""
        line = self._lines.get(timeout=limit_s)
        assert line is not None, f"{self.process.args} ended: {self.process.wait()}"
        self.heard.append(json.loads(line))
        return self.heard[-1]

    def hear_event(self, name: str, limit_s: float = LIMIT_S) -> dict[str, Any]:
        """The next event of this name; those before it are kept in `heard`."""
        while (told := self.hear(limit_s))["event"] != name:
            pass
        return told

    def hears_nothing(self, seconds: float) -> bool:
        """Whether no line comes for a while."""
        try:
            self.hear(seconds)
        except queue.Empty:
            return True
        return False

    def say(self, words: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def ask(self, words: str) -> dict[str, Any]:
        self.say(words)
        return self.hear()

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def end(self) -> int:
        """Whatever it does, it is over; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait(LIMIT_S)


class Kennel:
    """One exchange, and the engines and watchdogs that a test starts at it; each account is one test's."""

    def __init__(self, exchange: RunningExchange, directory: Path, account: int) -> None:
        self.exchange, self.directory, self.account = exchange, directory, account
        self.user_id = exchange.ready["accounts"][account]["user_id"]
        self.environment = clean_environment() | {"XDG_STATE_HOME": str(directory / "state")}
        self.processes: list[Lines] = []

    def start(self, command: list[str], **variables: str) -> Lines:
        pipe = subprocess.PIPE
        with (self.directory / f"stderr{len(self.processes)}.txt").open("w") as log:
            process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=log, text=True, env=self.environment | variables
            )
        self.processes.append(Lines(process))
        return self.processes[-1]

    def watchdog(self, *options: object, is_ready: bool = True) -> Lines:
        where = ("--exchange", self.exchange.ready_file, "--account", self.account)
        watchdog = self.start(command_line("watchdog", *where, "--json", *options))
        if is_ready:
            watchdog.hear_event("ready")
        return watchdog

    def engine(self, symbols: int = 0, **settings: Any) -> Lines:
        """A session with these settings, and orders open in so many symbols."""
        told = json.dumps({"account": self.account, "watchdog": "required", "expiry_s": 1, **PATIENT, **settings})
        engine = self.start([sys.executable, "-m", "benchmarks.watched_engine", str(self.exchange.ready_file), told])
        engine.hear()
        if symbols:
            self.until_ready(engine)
            assert engine.ask(f"open {symbols}").get("open") == 2 * symbols
            assert len(self.open_orders()) == 2 * symbols
        return engine

    def until_ready(self, engine: Lines) -> None:
        deadline_s = time.monotonic() + LIMIT_S
        while reason := engine.ask("state")["reason"]:
            assert time.monotonic() < deadline_s, reason
            time.sleep(0.05)

    def open_orders(self) -> list[dict[str, Any]]:
        """What the exchange has open, by its own account of it."""
        url = f"{self.exchange.ready['admin']}/open-orders?user_id={self.user_id}"
        with urllib.request.urlopen(url) as answer:
            rows = json.load(answer)
        assert isinstance(rows, list)
        return rows

    def until_flat(self, limit_s: float = LIMIT_S) -> float:
        """Seconds until the exchange has nothing open."""
        start_s = time.monotonic()
        while self.open_orders():
            assert time.monotonic() - start_s < limit_s, self.open_orders()
            time.sleep(0.002)
        return time.monotonic() - start_s

    def end(self) -> None:
        for lines in self.processes:
            lines.end()


class Relay:
    """A TCP port in front of another one, until it is cut: then every connection through it is gone, and no new one."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
        self._listener.close()
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            self._sockets += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
