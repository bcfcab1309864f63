"""A cancel whose answer was lost is made again until there is one, whatever goes wrong on the way."""

import asyncio
from types import SimpleNamespace

from tidings.clock import ManualClock
from tidings.fix_gateway import lost_cancels
from tidings.fix_gateway.lost_cancels import LostCancels


class Entry:
    """In place of OrderEntry: the first cancel meets a fault of ours, the third has its answer."""

    def __init__(self, chain):
        self.chain, self.asked = chain, []

    def cancel_order(self, order, now_ns):
        self.asked.append((order, now_ns))
        if len(self.asked) == 1:
            raise ZeroDivisionError("a fault")
        if len(self.asked) == 3:
            self.chain.cancel = None


async def test_a_fault_does_not_end_them(monkeypatch, caplog):
    monkeypatch.setattr(lost_cancels, "PAUSE_S", 0.001)
    order, request = SimpleNamespace(is_cancel_pending=False), SimpleNamespace(is_repeated=False)
    chain = SimpleNamespace(first_id="C1-7", order=order, cancel=request)
    entry = Entry(chain)
    engine = SimpleNamespace(is_open=True, clock=ManualClock(5))
    LostCancels(SimpleNamespace(entry=entry, engine=engine)).begin(chain)
    async with asyncio.timeout(30):
        while chain.cancel is not None:
            await asyncio.sleep(0.001)
    await asyncio.sleep(0.05)
    assert (entry.asked, request.is_repeated) == ([(order, 5)] * 3, True)
    assert "C1-7: its cancel could not be made again" in caplog.text
