"""The synchronous API of the package tidings grew from, by its own example, where BTCUSD trades near 9,000:

    tidings exchange --price BTCUSD=9000 --ready-file ready.json &
    TIDINGS_EXCHANGE=ready.json python examples/original_api.py

At the venue only the connection differs: your own key, and `api_url` written out.
"""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tidings.blocking import (
    AuthCredentials,
    Condition,
    ConditionalOrder,
    Contract,
    PhemexConnection,
    Side,
    Trigger,
)

ready_file = os.environ.get("TIDINGS_EXCHANGE")
if ready_file is None:
    raise SystemExit("name the ready file of a running exchange in TIDINGS_EXCHANGE, as the first lines here do")
exchange = json.loads(Path(ready_file).read_text())
api_key, secret_key = exchange["accounts"][0]["api_key"], exchange["accounts"][0]["api_secret"]

credentials = AuthCredentials(api_key=api_key, secret_key=secret_key)
conn = PhemexConnection(credentials, api_url=exchange["rest"], ca_file=exchange["ca_file"])

# set up order placement
order_placer = conn.get_order_placer()
order_factory = order_placer.get_order_factory()

# a limit order, and a market order that waits until the last price touches 10,000
limit = order_factory.create_limit_order(Side.SELL, 1, 10000.0, Contract("BTCUSD"))
order = order_factory.create_market_order(Side.SELL, 1, Contract("BTCUSD"))
conditional = ConditionalOrder(Condition.IF_TOUCHED, Trigger.LAST_PRICE, 10000.0, order)

# place them
limit_hnd = order_placer.submit(limit)
cond_hnd = order_placer.submit(conditional)
print("placed", limit_hnd.get_order_id(), "and", cond_hnd.get_order_id())

# cancel them, and whatever else there is
limit_hnd.cancel()
cond_hnd.cancel()
order_placer.cancel_all("BTCUSD")
print("cancelled")

# trade, and read it back: all pages, oldest first
order_placer.submit(order)
time.sleep(0.2)  # the book's word comes a moment after the order's answer
now = datetime.now(UTC)
for trade in conn.get_trades("BTCUSD", now - timedelta(minutes=5), now + timedelta(minutes=5)):
    print(f"traded {trade['execQty']} at {trade['execPriceEp']} × 10⁻⁴")
print(len(conn.get_account_positions("BTC")["data"]["positions"]), "positions")
