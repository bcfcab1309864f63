"""The gateway's clock reaches every session and account, whatever happens to one of them."""

import asyncio

from tidings.fix_gateway.config import ClientSettings, GatewayConfig
from tidings.fix_gateway.gateway import Gateway

SESSION = ClientSettings(our_comp_id="P", client_comp_id="C1", account="0", store="memory")


class Timed:
    """A session, a client, an account's news and chains, all in one: counts the times it was given."""

    name = "P-C1"
    is_drop_copy = False

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.count, self.sync_count = error, 0, 0
        self.session = self.news = self.chains = self

    def on_timer(self, *_: int) -> None:
        self.count += 1
        if self.error is not None:
            raise self.error

    def sync(self) -> None:
        self.sync_count += 1


async def test_a_fault_stops_nobody_elses_clock(caplog):
    gateway = Gateway(GatewayConfig(session=(SESSION,)), None, "local")
    broken, sound = Timed(OSError(28, "No space left on device")), Timed()
    broken_desk, sound_desk = Timed(RuntimeError("a bug")), Timed()
    gateway.clients = {"broken": broken, "sound": sound}
    gateway.desks = {"broken": broken_desk, "sound": sound_desk}
    gateway.flush = lambda client: None
    task = asyncio.get_running_loop().create_task(gateway._keep_time())
    async with asyncio.timeout(30):
        while sound_desk.sync_count < 2:
            await asyncio.sleep(0.01)
    assert not task.done()
    task.cancel()
    assert min(broken.count, sound.count, broken_desk.count, sound_desk.count) >= 2
    assert "No space left on device" in caplog.text
    assert "a bug" in caplog.text
