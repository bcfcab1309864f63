"""Keeps a running exchange's state in its file: read at the start, written now and then, when asked, and at the end.

Saves happen in a child process, which has a copy of everything as it was at the fork: clients do not wait for them.
Only the first one, before there are clients, is done by the exchange itself.
"""

import asyncio
import json
import logging
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tidings.exchange.rest.authentication import ApiKey, SecretEncoding, decode_secret
from tidings.exchange.saved.graph_words import StateError
from tidings.exchange.saved.state_file import read_state, write_state
from tidings.exchange.saved.venue_saving import restore_venue, venue_document
from tidings.exchange.venue import Venue

_LOGGER = logging.getLogger(__name__)

CHILD_POLL_S: Final = 0.01

Keys = Sequence[Mapping[str, object]]  # as in the ready object: api_key, api_secret, user_id


class StateKeeper:
    """The state file of one exchange."""

    def __init__(self, path: Path) -> None:
        """Reads the file. Raises StateError if there is one and it is not sound."""
        self.path = path
        self.found = read_state(path)  # what was saved before this run; None: nothing
        self._child_pid = 0
        self._turn = asyncio.Lock()  # one child at a time: an older state must not come after a newer one
        try:
            self._keys = [dict(key) for key in self.found["keys"]] if self.found else []
            self.user_count = len(self.found["user_ids"]) if self.found else 0
            self.seed = int(self.found["seed"]) if self.found else 0
            self.saved_ns = int(self.found["saved_ns"]) if self.found else 0
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(f"{path} is damaged: {type(error).__name__}: {error}") from error

    def key_pairs(self, encoding: SecretEncoding) -> list[tuple[ApiKey, str]]:
        """The keys that were found, each with the text of its secret."""
        return [
            (ApiKey(str(row["api_key"]), int(row["user_id"]), decode_secret(row["api_secret"], encoding)),
             row["api_secret"])
            for row in self._keys
        ]  # fmt: skip

    def restore(self, venue: Venue, now_ns: int) -> None:
        """Give a newly made venue what was found. Raises StateError."""
        if self.found is not None:
            try:
                restore_venue(venue, self.found, now_ns)
            except StateError as error:
                raise StateError(f"{self.path} cannot be restored: {error}") from error
            self.found = None

    def save(self, venue: Venue, keys: Keys, now_ns: int) -> int:
        """Write the state now, whoever has to wait; gives the file's length. Raises StateError."""
        return write_state(self.path, venue_document(venue, now_ns) | {"keys": list(keys)})

    async def save_aside(self, venue: Venue, keys: Keys, clock: Callable[[], int]) -> tuple[int, int]:
        """Write the state in a child process; gives the file's length and whose time it is of. Raises StateError."""
        async with self._turn:
            await self._end_of_child()  # that of a save which was cancelled
            saved_ns = clock()
            reading, writing = os.pipe()
            with os.fdopen(reading, "rb") as said:
                try:
                    self._child_pid = _in_child(lambda: self._save_and_say(venue, keys, saved_ns, writing))
                except OSError as error:
                    raise StateError(f"the state was not saved to {self.path}: {error.strerror}") from error
                finally:
                    os.close(writing)
                await self._end_of_child()
                return _length(said.read(), self.path), saved_ns

    def _save_and_say(self, venue: Venue, keys: Keys, now_ns: int, writing: int) -> None:
        try:
            word: object = self.save(venue, keys, now_ns)
        except StateError as error:
            word = str(error)
        os.write(writing, json.dumps(word).encode())

    async def _end_of_child(self) -> None:
        while self._child_pid:
            if os.waitpid(self._child_pid, os.WNOHANG)[0]:
                self._child_pid = 0
                return
            await asyncio.sleep(CHILD_POLL_S)


def _length(said: bytes, path: Path) -> int:
    """The file's length, from what a child has said."""
    word = json.loads(said or b"null")
    if isinstance(word, int):
        return word
    raise StateError(word or f"the state was not saved to {path}: the process that did it has failed")


def _in_child(action: Callable[[], object]) -> int:
    """Run `action` in a copy of this process; gives the copy's id."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        signal.set_wakeup_fd(-1)  # the loop's, which this copy shares with its parent
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        action()
        status = 0
    except BaseException:
        _LOGGER.exception("saving failed")
    finally:
        os._exit(status)
