"""Who listens to what: the subscriptions of every stream client, and their limit.

A `Key` names one subscription. Clients with equal keys share one feed; the last one to leave takes it along.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from tidings.exchange.streams.session import StreamLimits, StreamSession


class Key(NamedTuple):
    """One subscription. Account channels have no symbol, nor have those that tell of all symbols."""

    channel: str
    symbol: str = ""
    detail: tuple[int, ...] = ()  # numbers that tell two subscriptions of a symbol apart: depth and pace, resolution


class Subscriptions:
    """The subscriptions of all clients, by client and by key."""

    def __init__(self, limits: StreamLimits) -> None:
        self.limits = limits
        self._keys: dict[StreamSession, set[Key]] = {}
        self._listeners: dict[Key, set[StreamSession]] = {}

    @property
    def sessions(self) -> Collection[StreamSession]:
        """Every client that is served."""
        return self._keys.keys()

    def add(self, session: StreamSession) -> None:
        """Begin to keep the subscriptions of a client."""
        self._keys[session] = set()

    def remove(self, session: StreamSession) -> list[Key]:
        """Forget a client; gives the keys that nobody listens to any more."""
        return [key for key in self._keys.pop(session, set()) if self._drop(session, key)]

    def has_room(self, session: StreamSession, keys: Iterable[Key]) -> bool:
        """Whether a client may have all of `keys` besides what it has."""
        return len(self._keys[session].union(keys)) <= self.limits.subscriptions

    def attach(self, session: StreamSession, key: Key) -> None:
        """Subscribe a client."""
        self._keys[session].add(key)
        self._listeners.setdefault(key, set()).add(session)

    def detach(self, session: StreamSession, key: Key) -> bool:
        """Unsubscribe a client; True if nobody listens any more."""
        self._keys[session].discard(key)
        return self._drop(session, key)

    def of(self, session: StreamSession) -> tuple[Key, ...]:
        """What a client listens to."""
        return tuple(self._keys[session])

    def listeners(self, key: Key) -> tuple[StreamSession, ...]:
        """Who listens to `key`."""
        return tuple(self._listeners.get(key, ()))

    def _drop(self, session: StreamSession, key: Key) -> bool:
        listeners = self._listeners.get(key)
        if listeners is None:
            return False
        listeners.discard(session)
        if listeners:
            return False
        del self._listeners[key]
        return True
