"""Clients that come and go while they trade: no report is lost, none is told twice, whatever was under way."""

import signal
import time

from phemex_client import RestClient
from test_fix_killed import MID, SETTLE_S, Trader, check, exchange_orders

CLIENTS = 3
CYCLES = 25


def test_no_report_is_lost_or_doubled_by_reconnects(start_gateway, quiet_exchange, tmp_path):
    store = f'store = "{tmp_path}/store"\n'
    gateway = start_gateway(**{f"C{number}": store for number in range(CLIENTS)})
    before = exchange_orders(quiet_exchange)
    traders = [Trader(number, f"C{number}") for number in range(CLIENTS)]
    seller = RestClient(quiet_exchange.ready, 1)
    for cycle in range(CYCLES):
        if cycle % 5 == 0:
            seller.call("PUT", "/g-orders/create", symbol="BTCUSDT", clOrdID=f"r{time.time_ns()}", side="Sell",
                        ordType="Limit", priceRp=str(MID + 610), orderQtyRq="0.05", timeInForce="GoodTillCancel",
                        posSide="Merged")  # fmt: skip
        for trader in traders:
            trader.connect(gateway.ready["fix"])
        for trader in traders:
            trader.work(trader.random.uniform(0.0, 0.1), trade=True)
        for trader in traders:
            trader.hang_up()
        time.sleep(0.02)
    for trader in traders:
        trader.connect(gateway.ready["fix"])
        deadline_s = time.monotonic() + SETTLE_S
        while time.monotonic() < deadline_s:
            assert trader.work(0.3, trade=False)
            if not trader.pending:
                break
    seller.call("DELETE", "/g-orders/all", symbol="BTCUSDT", untriggered="false")
    seller.close()
    venue = {name: order for name, order in exchange_orders(quiet_exchange).items() if name not in before}
    for trader in traders:
        mine = set(trader.order_ids.values())
        check(trader, {name: order for name, order in venue.items() if name in mine})
    assert set(venue) == {order_id for trader in traders for order_id in trader.order_ids.values()}
    assert gateway.stop(signal.SIGTERM) == 0
