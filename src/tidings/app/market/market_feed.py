"""One market data connection: its subscriptions, its decoder with the books it brings, and its stalls."""

from __future__ import annotations

import asyncio
import logging

from tidings.app.links.feed import StreamFeed
from tidings.app.links.venue_access import VenueAccess
from tidings.app.market.resync import ASK_AGAIN_NS, StallRule, Verdict
from tidings.app.world import World
from tidings.errors import ConnectionLost, PeerError
from tidings.market.feed_state import FeedEvent
from tidings.venue.phemex.market_stream import MarketListener, MarketStream
from tidings.venue.phemex.market_topics import Topic
from tidings.venue.phemex.products import Products
from tidings.venue.phemex.rate_groups import STREAM_SUBSCRIPTIONS_MAX
from tidings.venue.phemex.stream_session import StreamSession, StreamState

log = logging.getLogger("tidings.market")


class MarketFeed:
    """`topics` are followed. `lingering` ones nobody wants any more: the venue documents no way to end them alone, so
    they are let run and not heard (docs/market_data.md, "Unsubscribing").
    """

    def __init__(
        self,
        number: int,
        access: VenueAccess,
        products: Products,
        listener: MarketListener,
        world: World,
        stall_ns: int,
    ) -> None:
        self.number = number
        self.topics: dict[Topic, asyncio.Future[None]] = {}  # → done when the venue has answered it
        self.lingering: set[Topic] = set()
        self._refused_ns: dict[Topic, int] = {}  # what it brought once and was refused when asked for again
        self.stall_count = 0
        self.up_ns: int | None = None  # since when every subscription has been answered; None: it is down
        self.stream = MarketStream(products.instruments, listener)
        self._clock = world.clock
        self._stall = StallRule(stall_ns)
        self.feed = StreamFeed(
            f"market {number}",
            dialer=world.make_dialer(access.stream, world.clock, access.tls),
            url=access.stream_url,
            session=StreamSession(on_answer=self._on_answer),
            decode=self.stream,
            clock=world.clock,
            random_source=world.chance,
            on_live=self._on_live,
            on_down=self._on_down,
        )

    @property
    def room(self) -> int:
        """Subscriptions that could be added."""
        return STREAM_SUBSCRIPTIONS_MAX - len(self.topics) - len(self.lingering)

    def follow(self, topic: Topic) -> None:
        """Subscribe; `answered` tells when the venue has."""
        self.topics[topic] = asyncio.get_running_loop().create_future()
        if topic in self.lingering:  # it never ended: what it brought meanwhile is all there
            self.lingering.remove(topic)
            self.topics[topic].set_result(None)
        self.feed.subscribe(*_request(topic))

    async def answered(self, topic: Topic) -> None:
        """Until the venue has answered the subscription. Raises PeerError if it refuses."""
        answer = self.topics.get(topic)
        if answer is not None:
            await asyncio.shield(answer)

    def drop(self, topic: Topic) -> None:
        """Nobody follows it any more."""
        answer = self.topics.pop(topic, None)
        if answer is None:
            return
        if not answer.done():
            answer.set_result(None)  # whoever still waits has taken its wish back
        self._refused_ns.pop(topic, None)
        self.feed.session.forget(*_request(topic))
        if self.feed.session.state is StreamState.CLOSED:
            return  # there is nothing to end: the next connection begins with what is followed
        if self._ends_alone(topic):
            whose = topic.channel, topic.symbol  # its other intervals, too, if they lingered
            self.lingering = {one for one in self.lingering if (one.channel, one.symbol) != whose}
            self.feed.unsubscribe(f"{topic.channel}.unsubscribe", list(topic.params[:1]))
            return
        self.lingering.add(topic)
        if not any(other.channel == topic.channel for other in self.topics):
            self._end_channel(topic.channel)

    def make_room(self) -> None:
        """End what lingers by ending its whole channel; the rest of that is subscribed anew, its books stale until."""
        ended = {topic.channel: topic.is_book for topic in self.lingering}
        for channel in ended:
            self._end_channel(channel)
            for topic in self.topics:
                if topic.channel == channel:
                    self.ask_again(topic)
        if any(ended.values()):
            self.stream.mark_stale(self._clock.read_now_ns())

    async def end(self) -> None:
        """Close the connection; who still waits for an answer hears of it."""
        for answer in self.topics.values():
            if not answer.done():
                answer.set_exception(ConnectionLost(f"the {self.feed.name} stream was closed before it was answered"))
                answer.exception()
        await self.feed.stop()

    def ask_again(self, topic: Topic) -> None:
        """A subscription asked for again begins with a snapshot."""
        self.feed.subscribe(*_request(topic))

    def on_timer(self, now_ns: int) -> None:
        """Find books that missed their regular snapshot, what was refused, and a connection that tells nothing."""
        self.stream.on_timer(now_ns)
        for topic in [topic for topic, since_ns in self._refused_ns.items() if now_ns - since_ns >= ASK_AGAIN_NS]:
            del self._refused_ns[topic]
            self.ask_again(topic)
        probe = next((topic for topic in self.topics if not topic.channel.startswith("tick")), None)
        if probe is None or self.up_ns is None:
            return
        verdict = self._stall.look(now_ns, self.feed.session.last_data_ns)
        if verdict is Verdict.PROBE:
            self.ask_again(probe)
        elif verdict is Verdict.GIVE_UP:
            self.stall_count += 1
            silent_s = (now_ns - self.feed.session.last_data_ns) / 1e9
            cause = f"no data for {silent_s:.1f} s while pings are answered"
            self.up_ns = None
            if self.feed.tap is not None:
                self.feed.tap.silent(cause)
            self.stream.mark_stale(now_ns, FeedEvent.SILENCE)
            self.feed.reconnect(PeerError(cause))

    def _ends_alone(self, topic: Topic) -> bool:
        """Whether the venue documents an unsubscription that ends this one and no other of ours."""
        if not topic.params:
            return True
        is_shared = any((other.channel, other.symbol) == (topic.channel, topic.symbol) for other in self.topics)
        return topic.channel.startswith(("trade", "kline")) and not is_shared

    def _end_channel(self, channel: str) -> None:
        """End what lingers of it, and with it all else of it. A book that is told no more must not look alive."""
        ended = {topic for topic in self.lingering if topic.channel == channel}
        self.lingering -= ended
        for topic in ended:
            book = self.stream.book(topic.symbol) if topic.is_book else None
            if book is not None:
                book.mark_stale(FeedEvent.DISCONNECTED)
        self.feed.unsubscribe(f"{channel}.unsubscribe", [])

    def _on_answer(self, method: str, params: list[object], refusal: str) -> None:
        channel, _, verb = method.rpartition(".")
        topic = Topic(channel, tuple(params))  # type: ignore[arg-type]  # we made them of one
        answer = self.topics.get(topic) if verb == "subscribe" else None
        if refusal:
            log.error("%s %s: %s", self.feed.name, " ".join(map(str, [method, *params])), refusal)
        if answer is None:
            return
        if answer.done():
            if refusal:  # after a reconnect, say: nobody waits for the answer, and all rely on what it brings
                self._refused_ns[topic] = self._clock.read_now_ns()
        elif refusal:
            answer.set_exception(PeerError(refusal))
            answer.exception()  # whoever waits gets it; nobody need
        else:
            answer.set_result(None)

    def _on_live(self) -> None:
        self.up_ns = self._clock.read_now_ns()

    def _on_down(self, cause: str) -> None:
        self.up_ns = None
        self.lingering.clear()  # the next connection begins with what is followed
        self.stream.mark_stale(self._clock.read_now_ns())


def _request(topic: Topic) -> tuple[str, list[object]]:
    return f"{topic.channel}.subscribe", list(topic.params)
