"""Whatever a peer sends, a session neither raises nor hangs, and its numbers never go back but by a reset."""

import random

import pytest
from fix_text import raw_frame

from tidings.fix.message_store import MemoryStore
from tidings.fix.session import FixSession
from tidings.fix.session_settings import SessionSettings

MESSAGES = 3000  # a run; ten runs
WALL_NS = 1_785_585_600 * 10**9
TIME = b"20260801-12:00:00.000"
ORDER = [(11, b"a"), (38, b"1"), (40, b"1"), (54, b"1"), (55, b"X"), (60, TIME)]
BODIES = {
    b"0": [],
    b"1": [(112, b"T")],
    b"2": [(7, b"1"), (16, b"0")],
    b"3": [(45, b"1")],
    b"4": [(36, b"3"), (123, b"Y")],
    b"5": [],
    b"A": [(98, b"0"), (108, b"30")],
    b"D": ORDER,
    b"V": [(262, b"r"), (263, b"1"), (264, b"0"), (267, b"1"), (269, b"0"), (146, b"1"), (55, b"X")],
}
TAGS = [0, -1, 7, 8, 9, 10, 16, 34, 35, 36, 43, 49, 52, 56, 89, 93, 95, 96, 97, 98, 108, 112, 115, 122, 123, 141, 146]
TAGS += [267, 269, 354, 355, 453, 448, 627, 628, 789, 999, 5000, 25000, 65535, 99999999999999999999]
VALUES = [b"", b"Y", b"N", b"0", b"1", b"2", b"-1", b"999999999999999999", b"99999999999999999999", b"x", b"A", b"5"]
VALUES += [b"00000101-00:00:00", b"99991231-23:59:59.999", b"20260801-12:01:00", b"\xff\xfe", b"a\x01b", b"=", b"1.5"]


class Peer:
    """Writes messages, most of them a little wrong."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def message(self, expected: int) -> bytes:
        choose = self.random
        msg_type = choice(choose, list(BODIES))
        seq = choice(choose, [expected] * 6 + [expected + 1, expected - 1, expected + 5, 1, 0])
        fields = [(34, b"%d" % seq), (49, b"C1"), (52, TIME), (56, b"VENUE")]
        if choose.random() < 0.2:
            fields += [(43, b"Y"), (122, TIME)]
        fields += BODIES[msg_type]
        for _ in range(choose.choice([0, 0, 1, 1, 2, 4])):
            self.spoil(fields)
        data = raw_frame(b"35=" + msg_type + b"\x01" + b"".join(b"%d=%b\x01" % field for field in fields))
        if choose.random() < 0.03:
            place = choose.randrange(len(data))
            data = data[:place] + bytes([choose.randrange(256)]) + data[place + 1 :]
        return data

    def spoil(self, fields: list[tuple[int, bytes]]) -> None:
        choose = self.random
        place = choose.randrange(len(fields)) if fields else 0
        how = choose.randrange(4)
        if how == 0 or not fields:
            fields.insert(place, (choice(choose, TAGS), choice(choose, VALUES)))
        elif how == 1:
            del fields[place]
        elif how == 2:
            fields[place] = (fields[place][0], choice(choose, VALUES))
        else:
            fields.append(fields[place])


def choice(source: random.Random, items: list):
    return items[source.randrange(len(items))]


class Silent:
    def on_logon(self, session, logon):
        return None

    def on_ready(self, session):
        pass

    def on_message(self, session, message):
        session.send(b"8", [(37, b"1")], 1, WALL_NS)

    def on_logout(self, session, reason):
        pass


@pytest.mark.parametrize("seed", range(10))
def test_numbers_never_go_back(seed: int) -> None:
    store = MemoryStore()
    lenient = bool(seed % 2)
    settings = SessionSettings(our_comp_id="VENUE", client_comp_id="C1", is_lenient=lenient, held_max=50)
    session = FixSession(settings, store, Silent())
    peer = Peer(seed)
    logons = 0
    for number in range(MESSAGES):
        if not session.is_connected:
            session.connected(number, WALL_NS)
            logon = b"35=A\x0134=%d\x0149=C1\x0152=%b\x0156=VENUE\x0198=0\x01108=30\x01" % (store.next_in, TIME)
            session.receive(raw_frame(logon), number, WALL_NS)
            logons += session.is_logged_on
        before = store.next_out, store.next_in, store.created_ns
        data = peer.message(store.next_in)
        session.receive(data, number, WALL_NS + number)
        for _ in range(1000):
            if not session.take_output():
                break
        else:
            pytest.fail("output without end")
        is_reset = store.created_ns != before[2]
        assert is_reset or (store.next_out >= before[0] and store.next_in >= before[1]), data
        if store.next_in > 10**12:
            store.reset(number)  # a SequenceReset that far leaves no room to go on
            session.disconnected(number, WALL_NS)
        if session.wants_close:
            session.disconnected(number, WALL_NS)
    assert logons > 50
