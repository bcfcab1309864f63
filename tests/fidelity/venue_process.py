"""The exchange under test as a process of its own, and its accounts one after the other.

Every play gets an account nobody used before, so that histories are its own; account 0 takes the other side of every
trade. When the accounts are used up the exchange is started anew.
"""

import http.client
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.fidelity.raw_json import Number, loads
from tests.reference.phemex_client import RestClient, StreamClient

START_TIMEOUT_S = 60
ACCOUNTS = 64
QUIET = ("--no-tls", "--no-flow", "--matching-delay-ms", "0", "--seed", "11")
UNCOUNTED = (*QUIET, "--no-rate-limits", "--accounts", str(ACCOUNTS))
FUNDED = (*UNCOUNTED, "--funding-interval-s", "2")
LIVELY = tuple(argument for argument in UNCOUNTED if argument != "--no-flow")  # markets with a past


class VenueProcess:
    """One running exchange."""

    def __init__(self, *arguments: str) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="fidelity-")
        ready_file = Path(self._directory.name) / "ready.json"
        self._log = (Path(self._directory.name) / "stderr.txt").open("w+")
        command = [sys.executable, "-m", "tidings.exchange", "--ready-file", str(ready_file), *arguments]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=self._log)
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not ready_file.exists():
            if self._process.poll() is not None or time.monotonic() > deadline_s:
                self._log.seek(0)
                last = self._log.read().strip().rpartition("\n")[2]
                self.stop()
                raise RuntimeError(f"the exchange did not start: {last}")
            time.sleep(0.01)
        self.ready: dict[str, Any] = json.loads(ready_file.read_text())
        self._next_account = 1

    @property
    def has_accounts(self) -> bool:
        """Whether there is an unused account left."""
        return self._next_account < len(self.ready["accounts"])

    def next_account(self) -> int:
        """The number of an account that nobody has used."""
        self._next_account += 1
        return self._next_account - 1

    def admin(self, method: str, path: str, document: object = None) -> Any:
        """Ask the admin endpoint."""
        connection = http.client.HTTPConnection(urlsplit(self.ready["admin"]).netloc, timeout=10)
        connection.request(method, path, None if document is None else json.dumps(document))
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def stop(self) -> None:
        """End the process and remove its files."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()
        self._directory.cleanup()


class Message(dict[str, Any]):
    """A stream message as a dict, its numbers as they were written in `raw`."""

    raw: Any


class RawStream(StreamClient):
    """A stream client that keeps the spelling of numbers."""

    def _receive(self) -> dict[str, Any]:
        while not self._arrived:
            self._exchange()
        text = self._arrived.popleft()
        message = Message(json.loads(text))
        message.raw = loads(text)
        return message


def raw_answer(client: RestClient, request: dict[str, Any]) -> Any:
    """The answer to a sample's request, numbers as written; signed if the sample's was."""
    method, path, query = request["method"], request["path"], request.get("query", "")
    body = json.dumps(json_ready(request["body"])) if request.get("body") else ""
    if request.get("auth", True):
        return loads(client.call(method, path, query, body).text)
    return loads(client.send(method, path, query, body, {}).text)


def json_ready(value: Any) -> Any:
    """Parsed raw JSON with its numbers as numbers again."""
    if isinstance(value, Number):
        return json.loads(value)
    if isinstance(value, dict):
        return {key: json_ready(member) for key, member in value.items()}
    return [json_ready(item) for item in value] if isinstance(value, list) else value
