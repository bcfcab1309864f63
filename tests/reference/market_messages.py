"""Order book and trade pushes as the venue writes them (phemex docs 2026, "Subscribe OrderBook", "Subscribe Trade").

Key order and spacing are the venue's; values are invented.
"""

INVERSE_SNAPSHOT = (
    b'{"book":{"asks":[[612501000,320],[612510000,75]],"bids":[[612500000,1900],[612493000,8],[612480000,1]]},'
    b'"depth":30,"sequence":4100,"symbol":"BTCUSD","timestamp":1800000000100000001,"type":"snapshot"}'
)
INVERSE_CHANGE = (
    b'{"book":{"asks":[],"bids":[[612500000,0],[612499000,44]]},'
    b'"depth":30,"sequence":4137,"symbol":"BTCUSD","timestamp":1800000000120000001,"type":"incremental"}'
)
LINEAR_SNAPSHOT = (
    b'{"depth":30,"dts":1800000000100500000,"mts":1800000000100400000,"orderbook_p":{"asks":[["61250.2","0.5"],'
    b'["61251","12.25"]],"bids":[["61250.1","0.003"],["61249.9","1"]]},'
    b'"sequence":900,"symbol":"BTCUSDT","timestamp":1800000000100000002,"type":"snapshot"}'
)
LINEAR_CHANGE = (
    b'{"depth":30,"dts":1800000000120500000,"mts":1800000000120400000,"orderbook_p":{"asks":[["61251","0"]],'
    b'"bids":[["61250","2.001"]]},"sequence":1530,"symbol":"BTCUSDT","timestamp":1800000000120000002,'
    b'"type":"incremental"}'
)
SPOT_SNAPSHOT = (
    b'{"book":{"asks":[[6125027000000,1781800]],"bids":[[6125013000000,6866500],[6124900000000,100]]},'
    b'"depth":30,"sequence":77,"symbol":"sBTCUSDT","timestamp":1800000000100000003,"type":"snapshot"}'
)
INVERSE_TRADES = (
    b'{"sequence":4200,"symbol":"BTCUSD","trades":[[1800000000200000002,"Sell",612500000,7],'
    b'[1800000000200000001,"Buy",612501000,120]],"type":"incremental"}'
)
LINEAR_TRADES = (
    b'{"dts":1800000000200500000,"mts":1800000000200400000,"sequence":1600,"symbol":"BTCUSDT",'
    b'"trades_p":[[1800000000200000003,"Buy","61250.2","0.017"]],"type":"incremental"}'
)
PUSHES = [
    INVERSE_SNAPSHOT, INVERSE_CHANGE, LINEAR_SNAPSHOT, LINEAR_CHANGE, SPOT_SNAPSHOT, INVERSE_TRADES, LINEAR_TRADES,
]  # fmt: skip
