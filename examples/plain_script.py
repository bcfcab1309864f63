"""The synchronous API of the package tidings grew from: no loop, no await. It wants a running local exchange:

    tidings exchange --price BTCUSD=9000 --ready-file exchange.json &
    TIDINGS_EXCHANGE=exchange.json python examples/plain_script.py

At the venue itself the first two lines of `main` are all that differs: your own key, and `api_url` written out.
"""

import json
import os
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


def main() -> None:
    ready = json.loads(Path(os.environ["TIDINGS_EXCHANGE"]).read_text())
    credentials = AuthCredentials(ready["accounts"][1]["api_key"], ready["accounts"][1]["api_secret"])
    with PhemexConnection(credentials, api_url=ready["rest"], ca_file=ready["ca_file"]) as conn:
        placer = conn.get_order_placer()
        factory = placer.get_order_factory()
        limit = placer.submit(factory.create_limit_order(Side.SELL, 1, 10000.0, Contract("BTCUSD")))
        market = factory.create_market_order(Side.SELL, 1, Contract("BTCUSD"))
        stop = placer.submit(ConditionalOrder(Condition.IF_TOUCHED, Trigger.LAST_PRICE, 10000.0, market))
        print(f"{limit.get_symbol()}: {limit.get_order_id()} rests, {stop.get_order_id()} waits for its price")
        limit.cancel()
        stop.cancel()
        placer.submit(factory.create_market_order(Side.SELL, 1, Contract("BTCUSD")))
        placer.cancel_all("BTCUSD")

        now = datetime.now(UTC)
        for trade in conn.get_trades("BTCUSD", now - timedelta(minutes=5), now + timedelta(minutes=5)):
            print(f"traded {trade['execQty']} at {trade['execPriceEp']} × 10⁻⁴")
        print(f"{len(conn.get_account_positions('BTC')['data']['positions'])} positions")


main()
