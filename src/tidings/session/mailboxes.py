"""What waits for an iterator that has not come yet: bounded, whatever the market does."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

NewsT = TypeVar("NewsT")


class Mailbox(Protocol[NewsT]):
    """Takes news at any pace; gives the oldest that is left."""

    conflated_count: int
    """News that a newer one of the same thing has replaced before they were read."""
    dropped_count: int
    """News that are lost because nobody read them in time."""

    def put(self, news: NewsT) -> None: ...
    def take(self) -> NewsT: ...
    def __len__(self) -> int: ...


class Newest(Generic[NewsT]):
    """The newest of each thing; what waits longest comes first, in its newest form."""

    def __init__(self, key_of: Callable[[NewsT], Hashable], most: int) -> None:
        self.conflated_count = self.dropped_count = 0
        self._key_of, self._most = key_of, most
        self._waiting: dict[Hashable, NewsT] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, news: NewsT) -> None:
        key = self._key_of(news)
        if key in self._waiting:
            self.conflated_count += 1
        elif len(self._waiting) >= self._most:
            del self._waiting[next(iter(self._waiting))]
            self.dropped_count += 1
        self._waiting[key] = news

    def take(self) -> NewsT:
        return self._waiting.pop(next(iter(self._waiting)))


class Queue(Generic[NewsT]):
    """Every one, in order; of too many the oldest are lost."""

    def __init__(self, most: int) -> None:
        self.conflated_count = self.dropped_count = 0
        self._waiting: deque[NewsT] = deque(maxlen=most)

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, news: NewsT) -> None:
        self.dropped_count += len(self._waiting) == self._waiting.maxlen
        self._waiting.append(news)

    def take(self) -> NewsT:
        return self._waiting.popleft()
