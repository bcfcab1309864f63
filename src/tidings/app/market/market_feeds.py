"""Subscriptions spread over as many connections as they need, within the venue's limits.

One is filled before the next is opened, so that what is followed together mostly comes over one wire, in its order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator

from tidings.app.market.market_feed import MarketFeed
from tidings.errors import ConnectionLost, UsageError
from tidings.venue.phemex.market_topics import Topic
from tidings.venue.phemex.rate_groups import STREAM_SUBSCRIPTIONS_MAX

START_LIMIT_S = 10.0


class MarketFeeds:
    """`make_feed(number)` makes the connection of a number, from 1; a number that was given up is used again."""

    def __init__(self, make_feed: Callable[[int], MarketFeed], connections_max: int) -> None:
        self._make_feed, self._connections_max = make_feed, connections_max
        self._feeds: dict[int, MarketFeed] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._has_stopped = False

    def __iter__(self) -> Iterator[MarketFeed]:
        return iter([*self._feeds.values()])  # whoever hears of one's books may leave them, and so end it

    def of(self, topic: Topic) -> MarketFeed | None:
        """The connection that brings it; None if it is not followed."""
        return next((feed for feed in self._feeds.values() if topic in feed.topics), None)

    def place(self, topics: Iterable[Topic]) -> None:
        """Subscribe to what is not followed yet. Raises UsageError beyond the venue's limits, and once all has stopped:
        nothing changes then.
        """
        new = [topic for topic in dict.fromkeys(topics) if self.of(topic) is None]
        if self._has_stopped:  # nobody would ever end the connection
            raise UsageError("the session has ended: nothing can be followed any more")
        self._check_room(new)
        for topic in new:
            self._feed_with_room(topic).follow(topic)

    async def answered(self, topics: Iterable[Topic]) -> None:
        """Until the venue has answered all of these.

        Raises ConnectionLost when a connection does not come up in time, PeerError for what the venue refuses.
        """
        feeds = {topic: feed for topic in topics if (feed := self.of(topic)) is not None}
        try:
            async with asyncio.timeout(START_LIMIT_S):
                await asyncio.gather(*(feed.answered(topic) for topic, feed in feeds.items()))
        except TimeoutError:
            late = next((feed for feed in feeds.values() if feed.up_ns is None), next(iter(feeds.values())))
            raise ConnectionLost(
                f"the {late.feed.name} stream did not come up within {START_LIMIT_S:g} s: "
                f"{late.feed.down_cause or 'no answer'}"
            ) from None

    def drop(self, topic: Topic) -> None:
        """Nobody follows it any more; a connection that brings nothing is closed."""
        feed = self.of(topic)
        if feed is None:
            return
        feed.drop(topic)
        if not feed.topics:
            del self._feeds[feed.number]
            self._end(feed)

    async def stop(self) -> None:
        self._has_stopped = True
        for feed in self._feeds.values():
            self._end(feed)
        self._feeds.clear()
        if self._ending:  # an engine that is dropped with its loop has none, and gather wants a loop
            await asyncio.gather(*self._ending)

    def _end(self, feed: MarketFeed) -> None:
        task = asyncio.get_running_loop().create_task(feed.end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _check_room(self, new: list[Topic]) -> None:
        followed = sum(len(feed.topics) for feed in self._feeds.values())
        most = self._connections_max * STREAM_SUBSCRIPTIONS_MAX
        if followed + len(new) > most:
            raise UsageError(
                f"{len(new)} more subscriptions, {followed} there are: the venue allows {most} "
                f"({self._connections_max} connections of {STREAM_SUBSCRIPTIONS_MAX} each); "
                f"order book and trades of a symbol are two"
            )

    def _feed_with_room(self, topic: Topic) -> MarketFeed:
        feeds = sorted(self._feeds.values(), key=lambda feed: topic not in feed.lingering)
        for feed in feeds:
            if topic in feed.lingering or feed.room > 0:
                return feed
        number = next((n for n in range(1, self._connections_max + 1) if n not in self._feeds), 0)
        if not number:
            feed = max(self._feeds.values(), key=lambda feed: len(feed.lingering))
            feed.make_room()
            return feed
        feed = self._feeds[number] = self._make_feed(number)
        feed.feed.begin()
        return feed
