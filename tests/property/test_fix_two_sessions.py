"""An initiator and an acceptor over a link that breaks anywhere: each application message arrives once, in order.

The link carries bytes in both directions, delivers any part of them, and is cut at any moment, which loses what is on
its way. Either side may be killed and started again with what its files say; numbers are never reset.
"""

import tempfile

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tidings.fix.file_store import FileStore
from tidings.fix.session import FixSession
from tidings.fix.session_settings import SessionSettings
from tidings.fix.session_state import State

SECOND_NS = 10**9
BEGIN_NS = 1_785_600_000 * SECOND_NS


class Side:
    """One session with its application: what it sent, what it got."""

    def __init__(self, ours: str, theirs: str, *, is_initiator: bool) -> None:
        self.is_initiator = is_initiator
        self.settings = SessionSettings(our_comp_id=ours, client_comp_id=theirs, heartbeat_s=5)
        self.directory = tempfile.TemporaryDirectory()
        self.store = FileStore(self.directory.name)
        self.sent: list[bytes] = []
        self.got: list[bytes] = []
        self.session = self.new_session()

    def new_session(self) -> FixSession:
        return FixSession(self.settings, self.store, self, is_initiator=self.is_initiator)

    def restart(self) -> None:
        """A process killed: its files are all that is left."""
        self.store.close()
        self.store = FileStore(self.directory.name)
        self.session = self.new_session()

    def end(self) -> None:
        self.store.close()
        self.directory.cleanup()

    def on_logon(self, session, logon):
        return None

    def on_ready(self, session):
        pass

    def on_logout(self, session, reason):
        pass

    def on_message(self, session, message):
        self.got.append(message.find(11))


class TwoSessions(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now_ns = SECOND_NS
        self.left = Side("LEFT", "RIGHT", is_initiator=True)
        self.right = Side("RIGHT", "LEFT", is_initiator=False)
        self.sides = (self.left, self.right)
        self.wires = {self.left: b"", self.right: b""}  # bytes on their way to that side
        self.is_up = False

    def times(self) -> tuple[int, int]:
        return self.now_ns, BEGIN_NS + self.now_ns

    def other(self, side: Side) -> Side:
        return self.right if side is self.left else self.left

    def collect(self) -> None:
        for side in self.sides:
            while data := side.session.take_output():
                if self.is_up:
                    self.wires[self.other(side)] += data
        if self.is_up and any(side.session.wants_close for side in self.sides):
            self.settle_close()

    def settle_close(self) -> None:
        """One side closes in good order: what it has written still arrives, then the link is gone."""
        for side in self.sides:
            data, self.wires[side] = self.wires[side], b""
            side.session.receive(data, *self.times())
        self.cut()

    @rule()
    def connect(self) -> None:
        if not self.is_up:
            self.is_up = True
            self.right.session.connected(*self.times())
            self.left.session.connected(*self.times())
            self.collect()

    @rule()
    def cut(self) -> None:
        if self.is_up:
            self.is_up = False
            for side in self.sides:
                self.wires[side] = b""
                side.session.disconnected(*self.times())

    @rule(is_left=st.booleans())
    def restart(self, is_left: bool) -> None:
        self.cut()
        (self.left if is_left else self.right).restart()

    @rule(is_left=st.booleans(), count=st.integers(1, 4))
    def send(self, is_left: bool, count: int) -> None:
        side = self.left if is_left else self.right
        for _ in range(count):
            name = b"%d" % len(side.sent)
            fields = [(11, name), (38, b"1"), (40, b"1"), (54, b"1"), (55, b"X"), (60, b"20260801-00:00:00")]
            side.sent.append(name)
            side.session.send(b"D", fields, *self.times())
        self.collect()

    @rule(is_left=st.booleans(), share=st.floats(0, 1))
    def deliver(self, is_left: bool, share: float) -> None:
        side = self.left if is_left else self.right
        count = round(len(self.wires[side]) * share)
        data, self.wires[side] = self.wires[side][:count], self.wires[side][count:]
        if data:
            side.session.receive(data, *self.times())
            self.collect()

    @rule(tenths=st.integers(1, 70))
    def wait(self, tenths: int) -> None:
        self.now_ns += tenths * SECOND_NS // 10
        for side in self.sides:
            side.session.on_timer(*self.times())
        self.collect()

    @rule(is_left=st.booleans())
    def logout(self, is_left: bool) -> None:
        side = self.left if is_left else self.right
        side.session.logout("bye", *self.times())
        self.collect()

    @invariant()
    def nothing_is_lost_doubled_or_swapped(self) -> None:
        for side in self.sides:
            assert side.got == self.other(side).sent[: len(side.got)]

    @invariant()
    def nobody_is_expelled(self) -> None:
        for side in self.sides:
            assert "too low" not in side.session.close_reason
            assert side.store.next_in <= self.other(side).store.next_out

    def teardown(self) -> None:
        """On a link that holds, everything arrives."""
        self.cut()
        self.connect()
        for _ in range(200):
            for side in self.sides:
                data, self.wires[side] = self.wires[side], b""
                side.session.receive(data, *self.times())
            self.collect()
            self.now_ns += SECOND_NS
            for side in self.sides:
                side.session.on_timer(*self.times())
            self.collect()
            if not self.is_up:
                self.connect()
        try:
            for side in self.sides:
                assert side.session.state is State.LOGGED_ON
                assert side.got == self.other(side).sent
        finally:
            for side in self.sides:
                side.end()


TwoSessions.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestTwoSessions = TwoSessions.TestCase
