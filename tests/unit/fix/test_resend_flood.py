"""Who asks for everything again and again gets it, and not as often as he asks."""

from fix_text import framed

from tidings.fix.message_store import MemoryStore
from tidings.fix.reader import FixReader
from tidings.fix.session import FixSession
from tidings.fix.session_settings import SessionSettings

TIME, NOW_NS, WALL_NS = "20260801-12:00:00.000", 10**12, 1_785_585_600 * 10**9
REPORTS, REQUESTS = 250, 1000


class Silent:
    def on_logon(self, session, logon):
        return None

    def on_ready(self, session):
        pass


def numbers_in(data: bytes) -> list[int]:
    reader, found = FixReader(), []
    for message in data.split(b"8=FIX.4.4\x01")[1:]:
        assert not reader.read(b"8=FIX.4.4\x01" + message)
        found.append(reader.get_int(34))
    return found


def test_requests_that_wait_for_a_replay_are_answered_by_one():
    session = FixSession(SessionSettings(our_comp_id="VENUE", client_comp_id="C1"), MemoryStore(), Silent())
    session.connected(NOW_NS, WALL_NS)
    for _ in range(REPORTS):
        session.send(b"8", [(37, b"x")], NOW_NS, WALL_NS)
    header = f"49=C1|52={TIME}|56=VENUE|"
    session.receive(framed(f"35=A|34=1|{header}98=0|108=30|"), NOW_NS, WALL_NS)
    session.take_output()
    for number in range(REQUESTS):
        begin = 200 if number < REQUESTS // 2 else 1
        request = framed(f"35=2|34={number + 2}|{header}7={begin}|16={249 if number % 2 else 0}|")
        session.receive(request, NOW_NS, WALL_NS)
    session.send(b"8", [(37, b"live")], NOW_NS, WALL_NS)
    found = []
    while data := session.take_output():
        found += numbers_in(data)
    # Two slices go at once, the third request begins the queue, and the others are the one behind it.
    assert found == [*range(200, 252), *range(200, 250), *range(200, 252), *range(1, 252), 252]
