"""Keeps a running exchange's state in its file: read at the start, written now and then, when asked, and at the end.

The regular save happens in a child process, which has a copy of everything as it was at the fork: clients do not wait
for it. A save that is asked for, and the one at the end, are done before they return.
"""

import logging
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tidings.exchange.rest.authentication import ApiKey, SecretEncoding, decode_secret
from tidings.exchange.saved.graph_words import StateError
from tidings.exchange.saved.state_file import read_state, write_state
from tidings.exchange.saved.venue_saving import restore_venue, venue_document
from tidings.exchange.venue import Venue

_LOGGER = logging.getLogger(__name__)

Keys = Sequence[Mapping[str, object]]  # as in the ready object: api_key, api_secret, user_id


class StateKeeper:
    """The state file of one exchange."""

    def __init__(self, path: Path) -> None:
        """Reads the file. Raises StateError if there is one and it is not sound."""
        self.path = path
        self.found = read_state(path)  # what was saved before this run; None: nothing
        self._child_pid = 0
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
        """Write the state now; gives the file's length. Raises StateError."""
        self.reap(wait=True)  # an older state must not come after this one
        return self._write(venue, keys, now_ns)

    def save_aside(self, venue: Venue, keys: Keys, now_ns: int) -> None:
        """Write the state as it is now, in a child process; nothing if the one before is not done yet."""
        if self.reap():
            self._child_pid = _in_child(lambda: self._write(venue, keys, now_ns))

    def reap(self, *, wait: bool = False) -> bool:
        """Take note of a child that is done; whether there is none any more."""
        if self._child_pid:
            pid, status = os.waitpid(self._child_pid, 0 if wait else os.WNOHANG)
            if pid:
                self._child_pid = 0
                if status:
                    _LOGGER.error("the state was not saved to %s", self.path)
        return not self._child_pid

    def _write(self, venue: Venue, keys: Keys, now_ns: int) -> int:
        return write_state(self.path, venue_document(venue, now_ns) | {"keys": list(keys)})


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
