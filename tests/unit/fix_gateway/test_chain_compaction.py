"""The chains' log is made shorter: it stays short, knows what it knew, and a kill at any write loses nothing."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tidings.errors import JournalDamaged
from tidings.fix_gateway import chain_log, order_chains
from tidings.fix_gateway.chain_log import BASE_NAME, IDS_NAME, NAME, OLD_NAME, FileChainLog
from tidings.fix_gateway.order_chains import OrderChains

ECHO = {40: "2", 59: "1"}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A few hundred bytes are long, a few orders are many."""
    monkeypatch.setattr(chain_log, "COMPACT_BYTES", 600)
    monkeypatch.setattr(order_chains, "DONE_ORDERS_KEPT", 4)
    monkeypatch.setattr(order_chains, "DONE_ORDERS_IN_BASE", 2)


def opened(directory: Path) -> OrderChains:
    return OrderChains(FileChainLog(directory))


def begin(chains: OrderChains, first_id: str):
    return chains.begin(first_id, "C1", f"T-{first_id}", "BTCUSDT", "1", ECHO)


def end(chains: OrderChains, chain, status: str = "4") -> None:
    chain.told_status = status
    chains.note_told(chain)


def live(chains: OrderChains, number: int) -> None:
    """An order's whole life, with a replace and a refused cancel; every fifth stays open."""
    chain = begin(chains, f"o{number}")
    chains.accept(chain, chains.ask(chain, f"r{number}", is_replace=True))
    chains.refuse(chain, chains.ask(chain, f"x{number}", is_replace=False))
    chain.told_status, chain.told_cum_lots, chain.exec_count = "1", number, 2
    chains.note_told(chain, f"e{number}")
    if number % 5:
        end(chains, chain, "2")
    else:
        chains.ask(chain, f"c{number}", is_replace=False)


def wait(chains: OrderChains) -> None:
    """Until the thread that writes the base is through."""
    if chains._log._work is not None:
        chains._log._work.join()


def facts_of(chains: OrderChains) -> dict[str, tuple]:
    """Everything a restart must know of open orders."""
    return {
        chain.first_id: (chain.owner, chain.engine_id, chain.symbol, chain.side, chain.echo, chain.head_id,
                         chain.told_status, chain.told_cum_lots, chain.exec_count, chain.exec_ids,
                         chain.cancel, chain.replace)
        for chain in chains.open_chains()
    }  # fmt: skip


def test_the_log_stays_short_and_everything_is_known(tmp_path):
    chains = opened(tmp_path)
    chains.note_armed("C1", "S")
    longest = 0
    for number in range(300):
        live(chains, number)
        chains.sync()
        wait(chains)
        longest = max(longest, (tmp_path / NAME).stat().st_size)
    base_bytes = (tmp_path / BASE_NAME).stat().st_size
    assert longest < 2 * base_bytes + 2_000  # one life beyond the limit; 300 lives are some 200,000 bytes
    before = facts_of(chains)
    assert len(before) == 60
    chains.close()

    again = opened(tmp_path)
    assert facts_of(again) == before
    assert again.armed == {"C1": "S"}
    for number in range(300):
        for letter in "orx":
            assert again.is_used(f"{letter}{number}"), (letter, number)
    assert not again.is_used("o300")
    assert again.find("c295") is again.find("o295") is again.find("r295")
    again.close()
    assert (tmp_path / IDS_NAME).stat().st_size < 240 * 40  # what remains of an order that is over


def test_an_order_that_is_long_over_may_come_back_to_life(tmp_path):
    chains = opened(tmp_path)
    lost = begin(chains, "lost")
    end(chains, lost, "8")
    for number in range(1, 4):
        live(chains, number)
    chains.sync()
    wait(chains)
    assert b"lost" in (tmp_path / IDS_NAME).read_bytes()
    lost.told_status = "0"
    chains.note_told(lost)
    before = facts_of(chains)
    chains.close()
    again = opened(tmp_path)
    assert facts_of(again) == before
    assert "lost" in before
    again.close()


def test_a_late_word_about_a_forgotten_order_changes_nothing(tmp_path):
    chains = opened(tmp_path)
    old = begin(chains, "old")
    end(chains, old)
    for number in range(1, 30):
        live(chains, number)
    chains.sync()
    wait(chains)
    chains.note_told(old, "late-fill")
    chains.close()
    again = opened(tmp_path)
    assert again.is_used("old")
    assert "old" not in facts_of(again)
    again.close()


def test_a_full_disk_is_survived_and_tried_again(tmp_path, monkeypatch):
    chains = opened(tmp_path)
    for number in range(10):
        live(chains, number)
    real = os.fsync

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(chain_log.os, "fsync", full)
    chains.sync()
    wait(chains)
    live(chains, 11)
    before = facts_of(chains)
    assert not (tmp_path / BASE_NAME).exists()
    monkeypatch.setattr(chain_log.os, "fsync", real)
    chains.sync()
    wait(chains)
    chains.sync()
    wait(chains)
    assert (tmp_path / BASE_NAME).exists()
    chains.close()
    again = opened(tmp_path)
    assert facts_of(again) == before
    again.close()


def test_orders_that_end_while_the_disk_is_full_keep_their_ids(tmp_path, monkeypatch):
    """What is tried again is the base of then: those that have left it since are of a later one."""
    chains = opened(tmp_path)
    for number in (1, 2, 3):
        live(chains, number)
    with monkeypatch.context() as patch:
        patch.setattr(chains._log, "_write_base", lambda ids, base: _raise(OSError(28, "No space left on device")))
        chains.sync()
        wait(chains)
    assert (tmp_path / OLD_NAME).exists()
    for number in (4, 6, 7):  # those of the base that is not written are not among the last any more
        live(chains, number)
    chains.sync()
    wait(chains)
    assert not (tmp_path / OLD_NAME).exists()
    for number in range(8, 20):
        live(chains, number)
    chains.sync()
    wait(chains)
    chains.close()
    again = opened(tmp_path)
    names = [f"{letter}{number}" for number in (1, 2, 3, 4, 6, 7) for letter in "orx"]
    assert [name for name in names if not again.is_used(name)] == []
    again.close()


def _raise(error):
    raise error


@pytest.mark.parametrize("name", [BASE_NAME, IDS_NAME, NAME])
def test_damage_is_refused(tmp_path, name):
    chains = opened(tmp_path)
    for part in range(3):
        for number in range(10):
            live(chains, 10 * part + number)
        chains.sync()
        wait(chains)
    live(chains, 99)
    chains.close()
    data = bytearray((tmp_path / name).read_bytes())
    data[12] ^= 1
    (tmp_path / name).write_bytes(data)
    with pytest.raises(JournalDamaged, match=f"{name}: byte 0 is damaged"):
        opened(tmp_path)


class Killed(BaseException):
    """The process ends here."""


class Kill:
    """Ends the process at the `at`-th call to the disk: before it, or in the middle of a write."""

    def __init__(self, monkeypatch, at: int, *, tears: bool) -> None:
        self.calls, self._at, self._tears = 0, at, tears
        for owner, name in [(os, "write"), (os, "open"), (os, "fsync"), (os, "ftruncate"),
                            (Path, "rename"), (Path, "unlink")]:  # fmt: skip
            monkeypatch.setattr(owner, name, self._counted(name, getattr(owner, name)))

    def _counted(self, name, real):
        def call(*arguments, **words):
            self.calls += 1
            if self.calls >= self._at:
                if name == "write" and self._tears and self.calls == self._at:
                    real(arguments[0], arguments[1][: len(arguments[1]) // 2])
                raise Killed
            return real(*arguments, **words)

        return call


def story(directory: Path, told: list[dict]) -> None:
    """Orders, with the log made shorter in between, at a start too. `told` has what was known after each step."""
    chains = opened(directory)
    told.append(facts_of(chains))
    for number in range(16):
        live_told(chains, number, told)
        if number % 6 == 5:
            begin_shortening(chains)
            told.append(facts_of(chains))
    os.close(chains._log._file)
    chains = opened(directory)
    live_told(chains, 16, told)
    os.close(chains._log._file)


def live_told(chains: OrderChains, number: int, told: list[dict]) -> None:
    chain = begin(chains, f"o{number}")
    told.append(facts_of(chains))
    chain.told_status = "0"
    chains.note_told(chain)
    told.append(facts_of(chains))
    if number % 3:
        end(chains, chain)
        told.append(facts_of(chains))


def begin_shortening(chains: OrderChains) -> None:
    """As `sync` does it, with the thread's work in this one, where it can be killed."""
    log = chains._log
    begin_thread = chain_log.threading.Thread
    try:
        chain_log.threading.Thread = Inline
        chains._shorten()
    finally:
        chain_log.threading.Thread = begin_thread
    log._work = None


class Inline:
    """A thread that is through before anything else happens."""

    def __init__(self, target, args, name):
        self._run = lambda: target(*args)

    def start(self):
        self._run()


def test_a_kill_at_any_write_loses_no_chain(tmp_path):
    """Every call to the disk is the last one once, whole or in the middle of a write."""
    at, is_through = 1, False
    while not is_through:
        for tears in (False, True):
            directory = tmp_path / f"{at}-{tears}"
            told: list[dict] = []
            with pytest.MonkeyPatch.context() as patch:
                kill = Kill(patch, at, tears=tears)
                try:
                    story(directory, told)
                    is_through = True
                except Killed:
                    pass
            again = opened(directory)
            found = facts_of(again)
            # What was known when the last step was through; or that step's outcome, if its fact was written.
            assert told == [] or found == told[-1] or is_one_step_on(told[-1], found), (at, tears, kill.calls)
            for name in {name for step in told for name in step}:
                assert again.is_used(name), (at, tears, name)
            again.close()
        at += 1
    assert at > 80


def is_one_step_on(before: dict, after: dict) -> bool:
    """At most one chain is new, gone or different."""
    names = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    return len(names) == 1


WRITER = """
import sys
from pathlib import Path
from tidings.fix_gateway import chain_log, order_chains
from tidings.fix_gateway.order_chains import OrderChains

chain_log.COMPACT_BYTES = 2_000
order_chains.DONE_ORDERS_KEPT, order_chains.DONE_ORDERS_IN_BASE = 20, 5
chains = OrderChains(chain_log.FileChainLog(Path(sys.argv[1])))
number = int(sys.argv[2])
while True:
    chain = chains.begin(f"o{number}", "C1", "T", "BTCUSDT", "1", {})
    print(f"o{number}", end=" ", flush=True)
    if number % 50:
        chain.told_status = "2"
        chains.note_told(chain)
        print(f"-{number}", end=" ", flush=True)
    chains.sync()
    number += 1
"""


def test_real_kills_lose_no_chain(tmp_path):
    """A process that begins and ends orders as fast as it can, killed at random moments; a thread shortens its log."""
    randomness = random.Random(5)
    begun, ended, last = set(), set(), set()
    number = 0
    for _ in range(10):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.read(1) == "o"
            time.sleep(randomness.uniform(0.05, 0.3))
            process.kill()
            words = ("o" + process.stdout.read()).split(" ")[:-1]
        begun |= {int(word[1:]) for word in words if word[0] == "o"}
        ended |= {int(word[1:]) for word in words if word[0] == "-"}
        chains = opened(tmp_path)
        is_open = {int(chain.first_id[1:]) for chain in chains.open_chains()}
        assert all(chains.is_used(f"o{one}") for one in begun)
        last.add(max(begun))  # of each process; it may be a step further than the words that came out of it
        assert begun - ended - last <= is_open
        assert not is_open & (ended - last)
        chains.close()
        number = max(begun) + 2
    assert len(begun) > 500
    assert not (tmp_path / OLD_NAME).exists()
