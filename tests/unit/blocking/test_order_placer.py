"""What a cancel-all of the original's placer leaves behind."""

import asyncio
import gc
import logging
from types import SimpleNamespace

from tidings.blocking import order_placer
from tidings.blocking.order_placer import OrderPlacer
from tidings.errors import OrderUnknown


class Ticket:
    """One of ours, whose end is unknown, or never comes."""

    is_done = False

    def __init__(self, is_told: bool) -> None:
        self.order = SimpleNamespace(symbol="BTCUSD")
        self.is_told, self.was_left = is_told, False

    async def done(self) -> None:
        if self.is_told:
            raise OrderUnknown("it may be live")
        try:
            await asyncio.Event().wait()
        finally:
            self.was_left = True


class Session:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def cancel_all(self, symbol: str) -> None:
        self.asked.append(symbol)


async def test_no_wait_and_no_unheard_error_outlives_a_cancel_all(monkeypatch, caplog) -> None:
    monkeypatch.setattr(order_placer, "LAST_REPORTS_S", 0.01)
    caplog.set_level(logging.ERROR)
    session, tickets = Session(), [Ticket(is_told=True), Ticket(is_told=False)]

    async def entered() -> Session:
        return session

    placer = OrderPlacer(SimpleNamespace(session=entered))  # type: ignore[arg-type]
    placer._tickets.update(tickets)  # type: ignore[arg-type]
    await placer._cancel_all("BTCUSD")
    gc.collect()
    await asyncio.sleep(0)

    assert session.asked == ["BTCUSD"]
    assert tickets[1].was_left
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert caplog.text == ""  # "Task exception was never retrieved"
