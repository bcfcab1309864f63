"""QuickFIX at the other end of sessions: the processes of `quickfix_engine`, and what they have said so far."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tidings.fix.dictionary import plain_fix44
from tidings.fix.dictionary_xml import quickfix_xml

LIMIT_S = 30.0
PROGRAM = Path(__file__).with_name("quickfix_engine.py")


def dictionary_in(directory: Path) -> Path:
    """QuickFIX's own, named by FIX44_XML; else what our tables say of plain FIX 4.4."""
    if named := os.environ.get("FIX44_XML"):
        return Path(named)
    path = directory / "FIX44.xml"
    path.write_text(quickfix_xml(plain_fix44()))
    return path


class QuickFixProcess:
    """One engine with sessions `names`. `on_message` is called in a thread, under `lock`."""

    def __init__(
        self, kind: str, directory: Path, dictionary: Path, address: str, names: list[str], theirs: str,
        on_message: Callable[[str, dict[int, str]], object],
    ) -> None:  # fmt: skip
        self.lock = threading.Lock()
        self.logged_on: set[str] = set()
        self.logon_count = 0
        self.rejects: list[str] = []  # Rejects (3), whoever sent them
        self._on_message = on_message
        directory.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, PROGRAM, kind, directory, dictionary, address, ",".join(names), theirs]
        with (directory / "stderr.txt").open("w") as log:
            self._process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            with self.lock:
                self._take(told["session"], told["news"], told["what"])

    def _take(self, session: str, news: str, what: object) -> None:
        if news == "logon":
            self.logged_on.add(session)
            self.logon_count += 1
        elif news == "logout":
            self.logged_on.discard(session)
        elif news == "reject":
            self.rejects.append(str(what))
        elif isinstance(what, dict):
            self._on_message(session, {int(tag): value for tag, value in what.items()})

    def say(self, **command: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def send(self, name: str, msg_type: str, fields: Mapping[int, object], *groups: tuple[int, int, str]) -> None:
        self.say(to=name, send=msg_type, fields={tag: str(value) for tag, value in fields.items()}, groups=groups)

    def wait(self, condition: Callable[[], object], shown: Callable[[], object] = lambda: "") -> None:
        deadline_s = time.monotonic() + LIMIT_S
        while not condition():
            assert self._process.poll() is None, "QuickFIX has ended"
            assert time.monotonic() < deadline_s, f"rejects: {self.rejects}, {shown()}"
            time.sleep(0.005)

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(LIMIT_S)
        finally:
            self._process.kill()
            self._process.wait()


class QuickFixClient:
    """One stock QuickFIX initiator with one session to our gateway."""

    def __init__(self, directory: Path, dictionary: Path, address: str, client: str) -> None:
        self.received: list[dict[int, str]] = []
        self._client, self._read = client, 0
        self.process = QuickFixProcess(
            "initiator", directory, dictionary, address, [client], "PHEMEX",
            lambda _, message: self.received.append(message),
        )  # fmt: skip

    def wait(self, condition: Callable[[], object]) -> None:
        self.process.wait(condition, lambda: self.received[-2:])

    def wait_until_logged_on(self, *, is_there: bool = True) -> None:
        self.wait(lambda: (self._client in self.process.logged_on) is is_there)

    def send(self, msg_type: str, fields: Mapping[int, object], *groups: tuple[int, int, str]) -> None:
        self.process.send(self._client, msg_type, fields, *groups)

    def next_kinds(self, count: int) -> list[str]:
        """The types of the next application messages, once so many are there."""
        self.wait(lambda: len(self.received) >= self._read + count)
        return [message[35] for message in self.received[self._read : self._read + count]]

    def expect(self, msg_type: str, **fields: str) -> dict[int, str]:
        """The next application message, which must be of this type and have these fields (t150="0")."""
        self.next_kinds(1)
        message = self.received[self._read]
        self._read += 1
        assert message[35] == msg_type, message
        for name, value in fields.items():
            assert message.get(int(name[1:])) == value, f"{name[1:]} is not {value} in {message}"
        return message


class QuickFixVenue:
    """A stock QuickFIX acceptor VENUE for client ME."""

    def __init__(self, directory: Path, dictionary: Path, port: int) -> None:
        self.received: list[dict[int, str]] = []
        self.process = QuickFixProcess(
            "acceptor", directory, dictionary, f"127.0.0.1:{port}", ["VENUE"], "ME",
            lambda _, message: self.received.append(message),
        )  # fmt: skip

    def report(self, cl_ord_id: str, kind: str) -> None:
        """An ExecutionReport with this ExecType, now."""
        self.process.say(report=[cl_ord_id, kind])
