"""Clients that keep a server waiting, and until when they may: a half-sent request, answers that nobody reads.

A client has one deadline at a time. Whoever owns the clock calls `sweep` about once a second, so a client is cut at
most a second late.
"""

from typing import Final, Protocol

S_NS: Final = 1_000_000_000
UNFINISHED_NS: Final = 10 * S_NS  # from a request's first byte to its last, however steadily they come
UNREAD_NS: Final = 30 * S_NS  # from the moment we stopped reading because answers are not read, or have hung up


class Waiting(Protocol):
    """Something that can be cut."""

    def cut(self) -> None: ...


class Deadlines:
    """The deadlines of one listener's connections."""

    def __init__(self) -> None:
        self._due_ns: dict[Waiting, int] = {}
        self.cut_count = 0

    def __contains__(self, client: Waiting) -> bool:
        return client in self._due_ns

    def __len__(self) -> int:
        return len(self._due_ns)

    def put(self, client: Waiting, due_ns: int) -> None:
        """Give `client` until `due_ns`, instead of what it had."""
        self._due_ns[client] = due_ns

    def clear(self, client: Waiting) -> None:
        """`client` keeps nobody waiting any more."""
        self._due_ns.pop(client, None)

    def sweep(self, now_ns: int) -> None:
        """Cut those whose time is up."""
        for client in [client for client, due_ns in self._due_ns.items() if due_ns <= now_ns]:
            del self._due_ns[client]
            self.cut_count += 1
            client.cut()
