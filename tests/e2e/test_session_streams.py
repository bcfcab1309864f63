"""The account stream lost and found again: what it had said counts once, what was missed is learnt, orders wait."""

import asyncio

import pytest
import pytest_asyncio
from fault_server import REFUSED, FaultServer
from session_lines import PATIENT, USD_M, placed, trade_back, until

import tidings
from tidings.app.engine import Engine
from tidings.app.links import feed
from tidings.exchange.server.certificates import Certificates
from tidings.model.enums import OrdStatus


async def drop_stream(phemex: tidings.Phemex) -> None:
    """Cut the account stream's connection without a word, as a network does."""
    phemex.engine.account._feed._socket.connection.close(tidings.ConnectionLost("cut by the test"))
    await until(lambda: not phemex.state.is_account_live)


async def test_after_a_drop_the_snapshot_tells_what_was_missed_and_executions_count_once(phemex, counterparty):
    done_before = await placed(phemex, USD_M, price=USD_M.price)
    await counterparty.market(USD_M.symbol, "sell", qty=USD_M.qty).done()
    await done_before.done()
    still_open = await placed(phemex, USD_M)
    missed = await placed(phemex, USD_M, price=USD_M.price)
    await drop_stream(phemex)
    assert phemex.state.reason.startswith("the account stream is down")
    with pytest.raises(tidings.OrderDenied) as denied:
        phemex.limit(USD_M.symbol, "buy", qty=USD_M.qty, price=USD_M.low)
    assert denied.value.reason == "NOT_READY"
    assert phemex.cancel(still_open.handle) == 0, "cancels are always taken"
    await counterparty.market(USD_M.symbol, "sell", qty=USD_M.qty).done()
    await until(lambda: phemex.state.is_ready, "the reconnect")
    await until(lambda: missed.status == OrdStatus.FILLED and still_open.status == OrdStatus.CANCELED)
    assert (missed.order.trade_count, done_before.order.trade_count) == (1, 1)
    assert phemex.entry.fill_count == 2
    assert phemex.engine.positions.of(USD_M.symbol).net_qty_lots == 20
    await trade_back(phemex, counterparty)


async def test_two_accounts_of_two_engines_do_not_hear_each_other(phemex, counterparty):
    heard = phemex.entry.foreign_count      # its snapshot told of earlier sessions' orders
    order = await placed(counterparty, USD_M)
    await until(lambda: order.status == OrdStatus.NEW)
    await asyncio.sleep(0.02)
    assert phemex.entry.foreign_count == heard


@pytest_asyncio.fixture
async def server(certificates):
    async with FaultServer(certificates.server_context()) as running:
        yield running


def connect_to(server: FaultServer, certificates: Certificates, **settings) -> tidings.Phemex:
    return tidings.connect(
        "local", api_url=server.rest_url, ws_url=server.ws_url, ca_file=str(certificates.ca_file), api_key="key",
        api_secret="secret", rate_limits=False, lanes=1, **PATIENT, **settings,
    )


async def test_a_login_refused_once_is_tried_again(server, certificates):
    server.login_errors.append(REFUSED)
    async with connect_to(server, certificates) as phemex:
        assert phemex.state.is_ready
        assert server.logins == 2


async def test_a_login_refused_again_and_again_is_an_error_with_advice(server, certificates):
    server.login_errors.extend([REFUSED] * 9)
    with pytest.raises(tidings.AuthenticationError, match=r"6012.*tidings doctor"):
        async with connect_to(server, certificates):
            pytest.fail("it must not connect")
    assert server.logins == 3


async def test_a_login_that_was_taken_before_is_tried_for_longer(server, certificates):
    """A machine that slept dates its logins in the past until it has asked the venue for the time."""
    async with connect_to(server, certificates) as phemex:
        server.login_errors.extend([REFUSED] * 3)
        await drop_stream(phemex)
        await until(lambda: server.logins >= 5, "the fifth login")
        await until(lambda: phemex.state.is_ready, "the reconnect")


async def test_a_stream_refused_for_good_while_running_ends_the_run_and_denies_orders(
    server, certificates, monkeypatch
):
    monkeypatch.setattr(feed, "LOGIN_PATIENCE_S", 0.5)
    async with connect_to(server, certificates) as phemex:
        running = asyncio.create_task(phemex.run(tidings.Strategy()))
        await asyncio.sleep(0)
        server.login_errors.extend([REFUSED] * 9)
        await drop_stream(phemex)
        with pytest.raises(tidings.AuthenticationError):
            await running
        assert not phemex.state.is_ready
        assert "6012" in phemex.state.reason


async def test_a_silent_stream_is_left_for_a_new_one(server, certificates):
    async with connect_to(server, certificates) as phemex:
        session = phemex.engine.account._feed.session
        session._ping_interval_ns, session._silence_limit_ns = 50_000_000, 200_000_000
        server.is_silent = True
        await until(lambda: phemex.engine.account.reconnect_count > 0, "the end of patience")
        server.is_silent = False
        await until(lambda: phemex.state.is_ready, "the reconnect")


@pytest.mark.parametrize("message", ["no json", '{"orders_p":[{"symbol":"BTCUSDT"', "[1,2", '{"id":[],"error":{}}'])
async def test_a_broken_message_ends_in_a_reconnect_or_is_left(server, certificates, message):
    async with connect_to(server, certificates) as phemex:
        await server.streams[0].send(message)
        await asyncio.sleep(0.05)
        await until(lambda: phemex.state.is_ready, "the reconnect")
        order = await phemex.limit("BTCUSDT", "buy", qty="0.01", price="50000").accepted()
        server.tell(order.cl_ord_id, server.asked[0].order_id)
        await until(lambda: order.status == OrdStatus.NEW)


async def test_a_bug_while_hearing_does_not_silence_the_account(server, certificates):
    async with connect_to(server, certificates) as phemex:
        feed = phemex.engine.account._feed
        decode = feed._decode

        def fail_once(message: bytes, now_ns: int) -> bool:
            feed._decode = decode
            raise KeyError("a bug")

        feed._decode = fail_once
        server.tell("somebody-elses", "5d1e7c02-93b4-4f6a-8c55-1e0b7a9d2f31")
        await until(lambda: phemex.engine.account.reconnect_count == 1, "the reconnect")
        await until(lambda: phemex.state.is_ready)


async def test_orders_before_and_after_the_session_are_denied(server, certificates):
    phemex = connect_to(server, certificates)
    assert (phemex.state.is_ready, phemex.state.lanes_up) == (False, 0)
    for call in (
        lambda: phemex.limit("BTCUSDT", "buy", qty="0.01", price="50000"),
        lambda: phemex.arm("BTCUSDT", "buy"),
        lambda: phemex.cancel(1),
        lambda: phemex.instrument("BTCUSDT"),
    ):
        with pytest.raises(tidings.OrderDenied, match="async with"):
            call()
    async with phemex:
        armed = phemex.arm("BTCUSDT", "buy")
        assert armed.fire(500_000, 10) > 0
    assert armed.fire(500_000, 10) == -tidings.DenyReason.NOT_READY
    assert isinstance(phemex.engine, Engine)
