"""A signal that trips every kill switch of the process, as long as one of them listens.

Only in the main thread, and only where the program has no handler of its own: what it does with a signal is its own
matter.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable

from tidings.app.kill.kill_switch import KillSwitch

_listening: dict[int, set[KillSwitch]] = {}  # by signal number


def listen(name: str, switch: KillSwitch) -> Callable[[], None]:
    """Trip `switch` when signal `name` ("SIGUSR1", "none") comes; call the result to stop listening."""
    number = getattr(signal, name, None)
    if number is None or threading.current_thread() is not threading.main_thread():
        return lambda: None
    switches = _listening.setdefault(number, set())
    if not switches:
        if signal.getsignal(number) not in (signal.SIG_DFL, signal.SIG_IGN):
            return lambda: None
        asyncio.get_running_loop().add_signal_handler(number, _trip_all, number)
    switches.add(switch)
    loop = asyncio.get_running_loop()

    def stop_listening() -> None:
        switches.discard(switch)
        if not switches and not loop.is_closed():
            loop.remove_signal_handler(number)

    return stop_listening


def _trip_all(number: int) -> None:
    for switch in list(_listening.get(number, ())):
        switch.trip(f"signal {signal.Signals(number).name}", "signal")
