"""What can befall a stream. Each kind acts on one symbol, on one connection or on all."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.stream_faults.venue import FarEnd, FeedVenue, frame_of

NS_PER_S = 1_000_000_000
GARBAGE = (
    *(b"", b"{", b"not json", b"[]", b"null", b"17", b'{"book":17,"symbol":"BTCUSD"}', b'{"type":"snapshot"}'),
    *(b'{"sequence":1}', b'{"book":{"asks":[],"bids":[]},"depth":30,"sequence":1,"symbol":"NOSUCH","type":"snapshot"}'),
    *(b'{"id":99,"error":null,"result":{}}', b'{"error":{"code":6001},"id":77}', b'{"data":[],"method":"x"}'),
)
BROKEN_FRAMES = (b"\xc1\x01x", b"\x81\x81\0\0\0\0x", b"\x83\x00", b"\x80\x01x", b"\x81\x02\xff\xfe", b"\x88\x01\x03")
MESSAGE_FAULTS_WEIGHT = 5
CLOSE_CODES = (1000, 1001, 1008, 1011, 1012, 4000)


class Weather:
    """What the wires ask: a constant way, dials that fail for a while, now and then a torn message."""

    is_rough = True

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.is_torn, self.refuses, self.swallows = chance, False, 0, 0

    def latency_ns(self) -> int:
        return 5_000_000

    def pieces(self, data: bytes) -> list[bytes]:
        if not self.is_torn or len(data) < 2:
            return [data]
        self.is_torn = False
        cuts = sorted(self.chance.sample(range(1, len(data)), min(len(data) - 1, self.chance.randrange(1, 20))))
        return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]

    def kernel_takes(self, wire: object, data: bytes) -> int:
        return len(data)

    def after_send(self, wire: object) -> None:
        """Nothing befalls what we say: it is little, and asked again."""

    def dial_delay_s(self) -> float:
        if self.refuses:
            self.refuses -= 1
            return -0.01
        if self.swallows:
            self.swallows -= 1
            return 60.0
        return 0.01


class Faults:
    """`strike` lets one of the kinds happen, and tells which."""

    def __init__(self, venue: FeedVenue, weather: Weather, chance: random.Random) -> None:
        self.venue, self.weather, self.chance = venue, weather, chance
        of_messages = (
            *(self.lost, self.twice, self.swapped, self.spoilt, self.garbage, self.garbage_instead, self.torn),
            self.lost_snapshot,
        )
        of_more = (
            *(self.cut, self.broken_frame, self.reset, self.goodbye, self.dark, self.no_dial),
            *(self.silent_symbol, self.silent_all, self.mute),
        )
        # A new connection heals whatever else was wrong: with as many of both, little would last.
        self.kinds: list[Callable[[str], None]] = [*of_messages * MESSAGE_FAULTS_WEIGHT, *of_more]
        self.held: dict[str, bytes] = {}

    def strike(self) -> str:
        kind = self.chance.choice(self.kinds)
        kind(self.chance.choice(list(self.venue.truths)))
        return kind.__name__

    def _trap(self, symbol: str, *traps: Callable[[FarEnd, str, bytes], list[bytes]]) -> None:
        self.venue.traps[symbol].extend(traps)

    # ---- Of messages ---------------------------------------------------------------------------------------------

    def lost(self, symbol: str) -> None:
        self._trap(symbol, *[lambda end, symbol, text: []] * self.chance.choice([1, 1, 1, 2, 5]))

    def twice(self, symbol: str) -> None:
        self._trap(symbol, lambda end, symbol, text: [frame_of(text)] * 2)

    def swapped(self, symbol: str) -> None:
        def hold(end: FarEnd, symbol: str, text: bytes) -> list[bytes]:
            self.held[symbol] = text
            return []

        self._trap(symbol, hold, lambda end, symbol, text: [frame_of(text), frame_of(self.held[symbol])])

    def spoilt(self, symbol: str) -> None:
        """One byte is another: still JSON or not, a price off the grid, or another right one."""
        def spoil(end: FarEnd, symbol: str, text: bytes) -> list[bytes]:
            place = self.chance.randrange(len(text))
            return [frame_of(text[:place] + bytes((self.chance.randrange(32, 127),)) + text[place + 1 :])]

        self._trap(symbol, spoil)

    def garbage(self, symbol: str) -> None:
        self._trap(symbol, lambda end, symbol, text: [frame_of(self.chance.choice(GARBAGE)), frame_of(text)])

    def garbage_instead(self, symbol: str) -> None:
        self._trap(symbol, lambda end, symbol, text: [frame_of(self.chance.choice(GARBAGE))])

    def torn(self, symbol: str) -> None:
        """A message in many pieces: harmless."""
        def tear(end: FarEnd, symbol: str, text: bytes) -> list[bytes]:
            self.weather.is_torn = True
            return [frame_of(text)]

        self._trap(symbol, tear)

    def lost_snapshot(self, symbol: str) -> None:
        """A message, and the next whole books, of which the first would have healed it."""
        self.lost(symbol)
        self.venue.snapshot_traps[symbol] = self.chance.choice([1, 1, 2])

    # ---- Of connections ------------------------------------------------------------------------------------------

    def cut(self, symbol: str) -> None:
        """Some bytes of the message, then the end."""
        def cut_off(end: FarEnd, symbol: str, text: bytes) -> list[bytes]:
            frame = frame_of(text)
            end.send(frame[: self.chance.randrange(len(frame))])
            end.wire.down.finish()
            return []

        self._trap(symbol, cut_off)

    def broken_frame(self, symbol: str) -> None:
        self._trap(symbol, lambda end, symbol, text: [self.chance.choice(BROKEN_FRAMES), frame_of(text)])

    def reset(self, symbol: str) -> None:
        for end in tuple(self.venue.ends):
            end.wire.reset()

    def goodbye(self, symbol: str) -> None:
        for end in tuple(self.venue.ends):
            end.close(self.chance.choice(CLOSE_CODES))

    def dark(self, symbol: str) -> None:
        """Nothing passes any more, and nobody is told."""
        for end in tuple(self.venue.ends):
            end.wire.go_dark()

    def no_dial(self, symbol: str) -> None:
        """The connection ends, and for some tries there is no other."""
        self.weather.refuses, self.weather.swallows = self.chance.randrange(4), self.chance.randrange(3)
        self.reset(symbol)

    # ---- Of what is behind the gateway ---------------------------------------------------------------------------

    def silent_symbol(self, symbol: str) -> None:
        self.venue.silent_until_ns[symbol] = self.venue.timeline.now_ns + self.chance.randrange(200) * NS_PER_S

    def silent_all(self, symbol: str) -> None:
        """No data, while pings and subscriptions are answered."""
        until_ns = self.venue.timeline.now_ns + self.chance.randrange(90) * NS_PER_S
        for each in self.venue.truths:
            self.venue.silent_until_ns[each] = max(self.venue.silent_until_ns[each], until_ns)

    def mute(self, symbol: str) -> None:
        """The next connections are told pings alone: their subscriptions are never answered."""
        self.venue.mute_until_ns = self.venue.timeline.now_ns + self.chance.randrange(60) * NS_PER_S
        self.reset(symbol)
