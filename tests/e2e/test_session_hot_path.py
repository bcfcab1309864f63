"""Armed orders, handles, bulk cancels and batches: what a strategy does without awaiting anything."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from decimal import Decimal

import pytest
import uvloop
from session_lines import COIN_M, PATIENT, SPOT, USD_M, Line, every_line, placed, trade_back, until

import tidings
from tidings.model.enums import DenyReason, OrdStatus, OrdType, Trigger


def ticks_and_lots(phemex: tidings.Phemex, line: Line, price: str) -> tuple[int, int]:
    return phemex.on_grid(phemex.instrument(line.symbol), price, line.qty)


@every_line
async def test_an_armed_order_is_fired_amended_and_cancelled_by_its_handle(phemex, line: Line):
    price_ticks, lots = ticks_and_lots(phemex, line, line.low)
    armed = phemex.arm(line.symbol, "buy", post_only=True)
    handle = armed.fire(price_ticks, lots)
    assert handle > 0
    order = phemex.order(handle)
    assert (order.handle, order.ord_status) == (handle, OrdStatus.PENDING_NEW)
    assert int(order.cl_ord_id[-10:]) == handle, "the handle is the counter inside the ClOrdID"
    await until(lambda: order.ord_status == OrdStatus.NEW)
    assert phemex.amend(handle, price_ticks=price_ticks + 3) == 0
    assert phemex.amend(handle, price_ticks=price_ticks + 4) == -DenyReason.REQUEST_PENDING
    await until(lambda: order.price_ticks == price_ticks + 3)
    assert phemex.amend(handle, price_ticks=price_ticks + 3) == -DenyReason.NOTHING_TO_CHANGE
    assert phemex.cancel(handle) == 0
    assert phemex.cancel(handle) == -DenyReason.REQUEST_PENDING
    await until(lambda: order.is_done)
    assert phemex.cancel(handle) == -DenyReason.ORDER_DONE
    assert phemex.amend(handle, qty_lots=lots + 1) == -DenyReason.ORDER_DONE


async def test_an_armed_stop_takes_its_trigger_price_when_fired(phemex):
    armed = phemex.arm("BTCUSDT", "sell", ord_type=OrdType.STOP_LIMIT, trigger=Trigger.LAST_PRICE)
    assert armed.fire(500_000, 10) == -DenyReason.BAD_PRICE
    order = phemex.order(armed.fire(500_000, 10, 510_000))
    await until(lambda: order.ord_status == OrdStatus.UNTRIGGERED)
    assert (order.price_ticks, order.stop_px_ticks) == (500_000, 510_000)


async def test_a_number_the_terms_have_no_place_for_is_denied(phemex):
    assert phemex.arm("BTCUSDT", "buy").fire(549_000, 10, 550_000) == -DenyReason.BAD_TERMS
    assert "stop_px_ticks" in phemex.engine.gateway.bad_terms
    assert phemex.open_orders() == []


@pytest.mark.parametrize("words", [{"take_profit_trigger": "last"}, {"stop_loss_trigger": "last"}])
async def test_what_needs_a_number_of_its_own_is_not_armed(phemex, words):
    with pytest.raises(tidings.errors.UsageError, match="cannot be armed"):
        phemex.arm("BTCUSDT", "buy", **words)


async def test_floats_are_refused_on_the_hot_path(phemex):
    armed = phemex.arm("BTCUSDT", "buy")
    for arguments in ((549_000.9, 10), (549_000, 10.5), (549_000, 10, 1.0), ("549000", 10)):
        with pytest.raises(TypeError, match="whole numbers"):
            armed.fire(*arguments)
    order = await placed(phemex, USD_M)
    with pytest.raises(TypeError, match="whole numbers"):
        phemex.amend(order.handle, price_ticks=549_001.5)
    with pytest.raises(TypeError, match="whole numbers"):
        phemex.amend(order.handle, 0, 12.0)
    assert phemex.entry.submitted_count == 1


@every_line
async def test_many_orders_are_cancelled_at_once(phemex, line: Line):
    price_ticks, lots = ticks_and_lots(phemex, line, line.low)
    armed = phemex.arm(line.symbol, "buy")
    handles = [armed.fire(price_ticks + step, lots) for step in range(6)]
    await until(lambda: all(phemex.order(handle).is_acked for handle in handles))
    assert phemex.cancel_many([*handles, 999_999]) == 0
    assert phemex.cancel_many(handles) == -DenyReason.REQUEST_PENDING
    await until(lambda: all(phemex.order(handle).ord_status == OrdStatus.CANCELED for handle in handles))
    assert phemex.cancel_many(handles) == -DenyReason.ORDER_DONE
    assert phemex.cancel_many([999_999]) == -DenyReason.UNKNOWN_ORDER


async def test_cancel_many_takes_all_lines_and_orders_still_unanswered(phemex):
    handles = []
    for line in (COIN_M, USD_M, SPOT):
        price_ticks, lots = ticks_and_lots(phemex, line, line.low)
        handles += [phemex.arm(line.symbol, "buy").fire(price_ticks, lots) for _ in range(2)]
    assert phemex.cancel_many(handles) == 0
    await until(lambda: all(phemex.order(handle).is_done for handle in handles))
    assert {phemex.order(handle).ord_status for handle in handles} == {OrdStatus.CANCELED}


@every_line
async def test_cancel_all_takes_both_halves_and_nobody_elses(phemex, counterparty, line: Line):
    resting = await placed(phemex, line)
    stop = phemex.conditional(line.symbol, "sell", kind="stop", qty=line.qty, stop_px=line.low, price=line.at("0.89"))
    await stop.accepted()
    other = await placed(counterparty, line)
    await phemex.cancel_all(line.symbol)
    await until(lambda: resting.is_done and stop.is_done)
    assert {resting.status, stop.status} == {OrdStatus.CANCELED}
    assert not other.is_done


@every_line
async def test_a_batch_leaves_in_one_record_per_lane(quiet_exchange, open_session, line: Line):
    phemex = await open_session(quiet_exchange, lanes=1)
    armed = phemex.arm(line.symbol, "buy")
    price_ticks, lots = ticks_and_lots(phemex, line, line.low)
    (lane,) = phemex.engine.lanes.pool
    with phemex.batch():
        handles = [armed.fire(price_ticks, lots) for _ in range(4)]
        assert lane.connection.taken_bytes_total < lane.connection.written_bytes_total, "held until the end"
        assert armed.fire(price_ticks, lots) == -DenyReason.LANES_FULL
    assert lane.connection.taken_bytes_total == lane.connection.written_bytes_total
    await until(lambda: all(phemex.order(handle).ord_status == OrdStatus.NEW for handle in handles))


class Listening(tidings.Strategy):
    """Notes every order event; its callbacks also raise, which must not hurt anybody."""

    def __init__(self) -> None:
        self.events: list[tuple[str, int]] = []
        self.raising = True

    def _note(self, name: str, order: object) -> None:
        self.events.append((name, order.handle))  # type: ignore[attr-defined]
        if self.raising:
            raise asyncio.CancelledError if name == "ack" else RuntimeError("a strategy's bug")

    def on_start(self, session, now_ns):
        self.events.append(("start", 0))

    def on_ack(self, order, report, now_ns):
        self._note("ack", order)

    def on_fill(self, order, report, now_ns):
        self._note("fill", order)

    def on_reject(self, order, report, now_ns):
        self._note("reject", order)

    def on_cancel(self, order, report, now_ns):
        self._note("cancel", order)

    def on_amend(self, order, report, now_ns):
        self._note("amend", order)

    def on_timer(self, now_ns):
        self.events.append(("timer", 0))
        raise asyncio.CancelledError

    def on_stop(self, now_ns):
        self.events.append(("stop", 0))
        raise RuntimeError("a strategy's bug")


async def test_a_strategy_hears_events_in_order_and_its_errors_hurt_nobody(phemex, counterparty):
    strategy = Listening()
    running = asyncio.create_task(phemex.run(strategy, seconds=1.0, timer_ms=20))
    await asyncio.sleep(0)
    first = await placed(phemex, USD_M)
    await first.amend(price=USD_M.at("0.9", 1))
    await first.cancel()
    second = await placed(phemex, USD_M, price=USD_M.price)
    await counterparty.market(USD_M.symbol, "sell", qty=USD_M.qty).done()
    await second.done()
    refused = phemex.limit(USD_M.symbol, "sell", qty=USD_M.qty, price=USD_M.price, pos_side=None, reduce_only=True,
                           text="x" * 20)
    await refused.cancel()
    await running
    assert strategy.events[0] == ("start", 0)
    assert strategy.events[-1] == ("stop", 0)
    of = {handle: [name for name, heard in strategy.events if heard == handle] for _, handle in strategy.events}
    assert of[first.handle] == ["ack", "amend", "cancel"]
    assert of[second.handle] == ["ack", "fill"]
    assert phemex.engine.strategy_error_count >= 6
    assert strategy.events.count(("timer", 0)) > 1


async def test_orders_of_others_and_of_another_session_are_seen_but_not_touched(phemex, clients):
    foreign_count = phemex.entry.foreign_count
    fields = {"symbol": "BTCUSDT", "clOrdID": "somebody-elses", "side": "Buy", "ordType": "Limit", "priceRp": "50000",
              "orderQtyRq": "0.01", "timeInForce": "GoodTillCancel", "posSide": "Merged"}
    assert clients[0].call("PUT", "/g-orders/create", **fields).code == 0
    await until(lambda: phemex.entry.foreign_count > foreign_count)
    assert phemex.open_orders() == []
    rows = await phemex.engine.queries.open_orders(phemex.instrument("BTCUSDT"))
    assert [row["clOrdID"] for row in rows] == ["somebody-elses"]


def net_lots(phemex: tidings.Phemex, symbol: str) -> int:
    return phemex.engine.positions.of(symbol).net_qty_lots


async def trade_both_ways(ready_file: str) -> Counter:
    """Two accounts in one loop: quotes, crosses, amends, bulk cancels; what each order came to."""
    settings = {"exchange": ready_file, "rate_limits": False, "duplicate_window_s": 1e-6, **PATIENT}
    async with (
        tidings.connect("local", account=0, **settings) as one,
        tidings.connect("local", account=1, **settings) as other,
    ):
        outcomes: Counter[str] = Counter()
        before = {symbol: (net_lots(one, symbol), net_lots(other, symbol)) for symbol in ("BTCUSD", "BTCUSDT")}
        for line in (COIN_M, USD_M, SPOT):
            price_ticks, lots = ticks_and_lots(one, line, line.price)
            bid, offer = one.arm(line.symbol, "buy"), other.arm(line.symbol, "sell")
            bids = [bid.fire(price_ticks, lots) for _ in range(4)]
            await until(lambda: all(one.order(handle).is_acked for handle in bids))  # noqa: B023
            offers = [offer.fire(price_ticks, lots) for _ in range(3)]
            await until(lambda: sum(one.order(handle).is_done for handle in bids) == 3)  # noqa: B023
            assert one.cancel_many(bids) == 0
            await until(lambda: not one.open_orders() and not other.open_orders())
            outcomes.update(one.order(handle).ord_status.name for handle in bids)
            outcomes.update(other.order(handle).ord_status.name for handle in offers)
        for line in (COIN_M, USD_M):
            mine, theirs = (session.engine.positions.of(line.symbol) for session in (one, other))
            await until(lambda: mine.agrees and theirs.agrees, "the venue's word on positions")  # noqa: B023
            traded = 3 * ticks_and_lots(one, line, line.price)[1]
            mine_before, theirs_before = before[line.symbol]
            assert (mine.net_qty_lots, theirs.net_qty_lots) == (mine_before + traded, theirs_before - traded)
        await trade_back(one, other)
        return outcomes


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_two_engines_trade_with_each_other_on_either_loop(quiet_exchange, loop_factory):
    def run(main: Coroutine[object, object, Counter]) -> Counter:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(main)

    outcomes = run(trade_both_ways(str(quiet_exchange.ready_file)))
    assert outcomes == {"FILLED": 18, "CANCELED": 3}


@pytest.mark.parametrize("mode", ["in_flight", "always"])
def test_a_busy_polling_loop_trades_too(quiet_exchange, mode):
    async def main() -> None:
        settings = {"exchange": str(quiet_exchange.ready_file), "rate_limits": False, "busy_poll": mode, **PATIENT}
        async with tidings.connect("local", account=3, **settings) as phemex:
            for _ in range(3):
                order = await placed(phemex, USD_M)
                await order.cancel()
                assert Decimal(order.leaves_qty) == 0
            spinning = phemex.engine.lanes.is_polling
            if mode == "always":
                assert spinning
            else:
                await until(lambda: not phemex.engine.lanes.is_polling, "the end of the spin")

    uvloop.run(main())
