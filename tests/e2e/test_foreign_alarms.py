"""Orders that another session of tidings left open: told once, as loud as fits, and only while they are open."""

import asyncio
import logging

from session_lines import PATIENT, USD_M, placed, until
from tidings_command import tidings

from tidings import connect

FOREIGN = "another one of tidings placed it"


def alarms(caplog) -> list[tuple[int, str]]:
    return [(one.levelno, one.getMessage()) for one in caplog.records if FOREIGN in one.getMessage()]


async def test_order_that_filled_in_two_steps_is_no_open_order(quiet_exchange, open_session, counterparty, caplog):
    first = await open_session(quiet_exchange, account=2)
    order = await first.limit(USD_M.symbol, "buy", qty="0.02", price=USD_M.price).accepted()
    for _ in range(2):
        await counterparty.limit(USD_M.symbol, "sell", qty="0.01", price=USD_M.price).accepted()
        await asyncio.sleep(0.05)
    await until(lambda: order.is_done, "the fills")

    second = await open_session(quiet_exchange, account=2)
    await asyncio.sleep(1.5)
    assert (second.foreign_orders(), alarms(caplog)) == ([], [])

    await first.limit(USD_M.symbol, "sell", qty="0.02", price=USD_M.price).accepted()
    await counterparty.limit(USD_M.symbol, "buy", qty="0.02", price=USD_M.price).done()
    await until(lambda: not first.open_orders(), "the way back")


async def test_order_that_filled_in_two_steps_is_no_alarm_of_the_journal(quiet_exchange, counterparty, caplog):
    """The account's snapshot tells its states one by one; the journal has it ended, and so has the venue."""
    options = {"exchange": str(quiet_exchange.ready_file), "account": 2, "rate_limits": False, **PATIENT}
    async with connect("local", **options) as first:
        await placed(first, USD_M)  # or the journal would go with the session
        order = await first.limit(USD_M.symbol, "buy", qty="0.02", price=USD_M.price).accepted()
        for _ in range(2):
            await counterparty.limit(USD_M.symbol, "sell", qty="0.01", price=USD_M.price).accepted()
            await asyncio.sleep(0.05)
        await until(lambda: order.is_done, "the fills")

    async with connect("local", **options) as second:
        await until(lambda: second.adopted_orders(), "the order that rests")
        await asyncio.sleep(1.5)
        told = [one.getMessage() for one in caplog.records if one.levelno == logging.CRITICAL]
        await second.cancel_all(USD_M.symbol)
        await second.limit(USD_M.symbol, "sell", qty="0.02", price=USD_M.price).accepted()
        await counterparty.limit(USD_M.symbol, "buy", qty="0.02", price=USD_M.price).done()
        await until(lambda: not second.open_orders(), "the way back")
    assert told == []


async def test_order_of_another_session_is_told_once(quiet_exchange, open_session, caplog):
    first = await open_session(quiet_exchange, account=2)
    order = await placed(first, USD_M)
    second = await open_session(quiet_exchange, account=2, reconcile_interval_s=0.5)
    await until(lambda: alarms(caplog), "the alarm")
    await asyncio.sleep(2.5)
    ((level, text),) = alarms(caplog)
    assert level == logging.ERROR and order.cl_ord_id in text
    assert second.engine.truth.reconciliation.round_count > 3

    await order.amend(price=USD_M.at("0.9", ticks=1))       # another price is news
    await until(lambda: len(alarms(caplog)) == 2, "the second alarm")
    await order.cancel()
    await until(lambda: not second.foreign_orders(), "the end")
    assert len(alarms(caplog)) == 2


async def test_the_command_that_lists_it_does_not_raise_an_alarm(quiet_exchange, open_session):
    order = await placed(await open_session(quiet_exchange, account=2), USD_M)
    at = ("--exchange", quiet_exchange.ready_file, "--account", 2)
    done = await asyncio.to_thread(tidings, "orders", *at)
    assert order.cl_ord_id in done.stdout
    assert FOREIGN not in done.stderr
