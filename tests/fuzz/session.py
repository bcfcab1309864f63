"""A session under spoilt messages: its numbers never go back but by a reset, and its store has what it has sent."""

import random
import shutil
import tempfile
from pathlib import Path

from tests.fuzz.mutations import Mutator
from tests.property.test_fix_session_fuzz import TIME, WALL_NS, Peer, Silent
from tests.reference.fix_text import raw_frame
from tidings.fix.file_store import FileStore
from tidings.fix.message_store import MemoryStore
from tidings.fix.session import FixSession
from tidings.fix.session_settings import SessionSettings

STEPS_PER_LIFE = 400
OUTPUTS_MAX = 1000  # of one input: a slice of a replay each
FAR = 10**9  # a SequenceReset beyond leaves no room to go on


class SessionFuzz:
    """One seed's run, in lives: each ends with a look into the store. `step` is one execution: one input."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.directory = Path(tempfile.mkdtemp(prefix="tidings-fuzz-"))
        self.mutator = Mutator(seed)
        self.peer = Peer(seed)
        self.sound = 0  # inputs that met a session that is logged on
        self.number = 0
        self._begin()

    def close(self) -> None:
        self.store.close()
        shutil.rmtree(self.directory)

    def _begin(self) -> None:
        self.resets, self.left = 0, STEPS_PER_LIFE
        self.store = self._opened() if self.random.random() < 0.5 else MemoryStore()
        reset = self.store.reset
        self.store.reset = lambda wall_ns: (reset(wall_ns), setattr(self, "resets", self.resets + 1))
        self.sent = 0  # the last number the peer has seen
        lenient = self.random.random() < 0.5
        settings = SessionSettings(our_comp_id="VENUE", client_comp_id="C1", is_lenient=lenient, held_max=50)
        self.session = FixSession(settings, self.store, Silent())

    def _opened(self) -> FileStore:
        return FileStore(self.directory / "store")

    def step(self) -> str:
        """What is wrong; "" if nothing is."""
        self.number += 1
        self.left -= 1
        session, store = self.session, self.store
        if not session.is_connected:
            session.connected(self.number, WALL_NS)
            self._give(self._logon())
        self.sound += session.is_logged_on
        resets, before = self.resets, (store.next_in, store.next_out)
        data = b"".join(self._input() for _ in range(self.random.choice((1, 1, 1, 2, 3))))
        for part in self.mutator.cuts(data):
            self._give(part)
        found = self._look(before, self.resets != resets)
        if session.wants_close or self.random.random() < 0.01:
            session.disconnected(self.number, WALL_NS)
        if not found and (self.left <= 0 or store.next_in > FAR):
            found = self._end()
        return f"{found}: {data!r}" if found else ""

    def _input(self) -> bytes:
        if self.random.random() < 0.2:
            return self.mutator.message()
        return self.peer.message(self.store.next_in)

    def _logon(self) -> bytes:
        header = b"35=A\x0134=%d\x0149=C1\x0152=%b\x0156=VENUE\x01" % (self.store.next_in, TIME)
        return raw_frame(header + b"98=0\x01108=30\x01")

    def _give(self, data: bytes) -> None:
        self.session.receive(data, self.number, WALL_NS + self.number)

    def _look(self, before: tuple[int, int], was_reset: bool) -> str:
        """Whether numbers went on, and whether everything that leaves has a number that fits."""
        store = self.store
        if not was_reset and (store.next_in < before[0] or store.next_out < before[1]):
            return f"numbers went back from {before} to {store.next_in}, {store.next_out}"
        for _ in range(OUTPUTS_MAX):
            if not (data := self.session.take_output()):
                return ""
            for message in messages_of(data):
                if found := self._look_at(message, was_reset):
                    return found
        return "output without end"

    def _look_at(self, message: bytes, was_reset: bool) -> str:
        """One message on its way to the peer."""
        if raw_frame(message.split(b"\x01", 2)[2][: -len(b"10=000\x01")]) != message:
            return f"it sends {message!r}, whose frame is wrong"
        fields = dict(field.partition(b"=")[::2] for field in reversed(message[:-1].split(b"\x01")))
        seq = int(fields[b"34"])
        if fields.get(b"43") == b"Y":
            return ""
        if seq != self.sent + 1 and not (was_reset and seq == 1):
            return f"number {seq} behind {self.sent}"
        self.sent = seq
        return "" if was_reset or seq < self.store.next_out else f"number {seq} is not in the store"

    def _end(self) -> str:
        """A life is over: opened again, the store says the same, message by message."""
        numbers, store = (self.store.next_in, self.store.next_out), self.store
        if isinstance(store, FileStore):
            store.close()
            store = self._opened()
            if (store.next_in, store.next_out) != numbers:
                return f"opened again, the store says {store.next_in}, {store.next_out} instead of {numbers}"
        for seq, message in store.get(1, numbers[1]):
            if b"\x0134=%d\x01" % seq not in message:
                return f"number {seq} is kept as {message!r}"
        store.close()
        shutil.rmtree(self.directory / "store", ignore_errors=True)
        self._begin()
        return ""


def messages_of(data: bytes) -> list[bytes]:
    """Whole messages, one behind the other, as BodyLength says."""
    found = []
    while data:
        _, length, rest = data.split(b"\x01", 2)
        end = len(data) - len(rest) + int(length[2:]) + len(b"10=000\x01")
        found.append(data[:end])
        data = data[end:]
    return found
