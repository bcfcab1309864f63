"""A signal trips the switches that listen, and nobody else's handler is touched."""

import asyncio
import os
import signal
import threading

from tidings.app.kill.kill_signal import listen


class Switch:
    def __init__(self):
        self.tripped = []

    def trip(self, reason, source):
        self.tripped.append((reason, source))


async def test_every_switch_that_listens_is_tripped():
    switches = [Switch(), Switch(), Switch()]
    stops = [listen("SIGUSR2", switch) for switch in switches]
    stops[2]()
    os.kill(os.getpid(), signal.SIGUSR2)
    while not switches[0].tripped:
        await asyncio.sleep(0)
    assert [switch.tripped for switch in switches] == [[("signal SIGUSR2", "signal")]] * 2 + [[]]
    for stop in stops[:2]:
        stop()
    assert signal.getsignal(signal.SIGUSR2) == signal.SIG_DFL


async def test_a_handler_of_the_programs_own_is_left_alone():
    def own(number, frame):
        pass

    signal.signal(signal.SIGUSR2, own)
    try:
        listen("SIGUSR2", Switch())()
        assert signal.getsignal(signal.SIGUSR2) is own
    finally:
        signal.signal(signal.SIGUSR2, signal.SIG_DFL)


async def test_no_signal_where_none_is_wanted_or_can_be():
    listen("none", Switch())()
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(listen("SIGUSR2", Switch())()))
    thread.start()
    thread.join()
    assert (outcome, signal.getsignal(signal.SIGUSR2)) == ([None], signal.SIG_DFL)
