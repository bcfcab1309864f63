"""A long replay of one session, and what the others notice of it: nothing."""

import re
import threading
import time

from fix_client import FixClient

from tidings.fix.file_store import FileStore
from tidings.fix.session import FixSession
from tidings.fix.session_settings import SessionSettings

STORED = 100_000
REPORT = [
    (6, b"0"), (11, b"o1"), (14, b"0"), (17, b"x"), (37, b"ab90a08c-b728-4b6b-97c4-36fa497335bf"), (38, b"0.01"),
    (39, b"0"), (40, b"2"), (44, b"64321.5"), (54, b"1"), (55, b"BTCUSDT"), (60, b"20260801-12:34:56.793"),
    (150, b"0"), (151, b"0.01"),
]  # fmt: skip
RUNS_MAX = 3
LIMIT_S = 0.5  # of a round trip; a replay in one go takes several times as long
SEQ = re.compile(rb"\x0134=(\d+)\x0143=Y\x01")


def fill_store(directory) -> None:
    """What was told to a client while it was away for long."""
    store = FileStore(directory)
    session = FixSession(SessionSettings(our_comp_id="PHEMEX", client_comp_id="C1"), store, None)
    for _ in range(STORED):
        session.send(b"8", REPORT, 0, 1_785_585_600_000_000_000)
    store.close()


class Reader(threading.Thread):
    """Takes a replay from the socket, after a pause in which it reads nothing."""

    def __init__(self, client: FixClient, pause_s: float) -> None:
        super().__init__(daemon=True)
        self.client, self.pause_s = client, pause_s
        self.seqs: list[int] = []
        self.start()

    def run(self) -> None:
        time.sleep(self.pause_s)
        rest = b""
        while len(self.seqs) < STORED:
            data = self.client.socket.recv(1 << 20)
            if not data:
                return
            rest += data
            cut = rest.rfind(b"\x018=FIX.4.4\x01")
            if cut > 0:
                self.seqs += map(int, SEQ.findall(rest[:cut]))
                rest = rest[cut:]


def ask_while_it_replays(away: FixClient, other: FixClient, run: int) -> float:
    """The longest that an answer to the other took during a whole replay."""
    away.send("2", (7, 1), (16, 0))
    reader = Reader(away, pause_s=1.0)  # longer than the gateway's buffer lasts
    trips_s: list[float] = []
    while reader.is_alive():
        order = f"o{run}-{len(trips_s)}"
        began_s = time.monotonic()
        other.send("1", (112, "x"))
        assert other.next()[35] == "0"
        trips_s.append(time.monotonic() - began_s)
        began_s = time.monotonic()
        other.order(order, t44="1000")
        other.expect("8", t150="0")
        trips_s.append(time.monotonic() - began_s)
        other.change("F", f"c{order}", order)
        other.expect("8", t150="4")
    assert reader.seqs[:STORED] == list(range(1, STORED + 1))
    assert len(trips_s) > 20
    return max(trips_s)


def test_a_replay_of_100_000_messages_holds_nobody_up(start_gateway, tmp_path):
    """A machine that stands still does so in one of three replays; one that is made in one go holds up in each."""
    fill_store(tmp_path / "store" / "PHEMEX-C1")
    gateway = start_gateway(C1=f'store = "{tmp_path}/store"\n', C2=f'store = "{tmp_path}/store"\n')
    away, other = gateway.connect("C1"), gateway.connect("C2")
    other.logon()
    away.send("A", (98, 0), (108, 30))
    longest_s: list[float] = []
    while not longest_s or longest_s[-1] >= LIMIT_S:
        assert len(longest_s) < RUNS_MAX, longest_s
        longest_s.append(ask_while_it_replays(away, other, len(longest_s)))
