"""The canonical messages: every benchmark reads and writes these, so that figures can be compared.

Shapes follow the venue's documents (phemex docs 2026); all values are invented.
"""

API_KEY = "5c0ffee5-0000-4000-8000-00000000be4c"
API_SECRET = "an-invented-secret-for-benchmarks-only-0123456789"
EXPIRY_S = 1_800_000_060

SYMBOL = "BTCUSDT"
CL_ORD_ID = "tidings-bench-000001"
PRICE, PRICE_TICKS = "61250.5", 612_505
QTY, QTY_LOTS = "0.025", 25

ORDER_PATH = "/g-orders/create"
ORDER_QUERY_HEAD = f"symbol={SYMBOL}&side=Buy&posSide=Merged&ordType=Limit&timeInForce=GoodTillCancel&reduceOnly=false"


def order_query(cl_ord_id: str, qty: str, price: str) -> str:
    """The query of the canonical order: a limit order to buy, as a careful Python client writes it."""
    return f"{ORDER_QUERY_HEAD}&clOrdID={cl_ord_id}&orderQtyRq={qty}&priceRp={price}"


# phemex docs 2026, "Place order (HTTP PUT, prefered)" of USD-M: the reply. `{cl_ord_id}` is echoed.
ORDER_REPLY_BODY = (
    '{"code":0,"msg":"","data":{"bizError":0,"orderID":"ab90a08c-0000-4b6b-97c4-36fa497335bf","clOrdID":"CL_ORD_ID",'
    '"symbol":"BTCUSDT","side":"Buy","actionTimeNs":1800000000123456789,"transactTimeNs":1800000000123500000,'
    '"orderType":"Limit","priceRp":"61250.5","orderQtyRq":"0.025","displayQtyRq":"0.025",'
    '"timeInForce":"GoodTillCancel","closedPnlRv":"0","closedSizeRq":"0","cumQtyRq":"0","cumValueRv":"0",'
    '"leavesQtyRq":"0.025","leavesValueRv":"1531.2625","stopDirection":"UNSPECIFIED","stopPxRp":"0",'
    '"trigger":"UNSPECIFIED","pegOffsetValueRp":"0","execStatus":"PendingNew","pegPriceType":"UNSPECIFIED",'
    '"ordStatus":"Created","execInst":"None","takeProfitRp":"0","stopLossRp":"0"}}'
)


def order_reply(cl_ord_id: str = CL_ORD_ID) -> bytes:
    """A whole HTTP response to the canonical order, with the rate headers the venue sends."""
    body = ORDER_REPLY_BODY.replace("CL_ORD_ID", cl_ord_id).encode()
    head = (
        "HTTP/1.1 200 OK\r\nDate: Fri, 15 Jan 2027 08:00:00 GMT\r\nContent-Type: application/json; charset=UTF-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: keep-alive\r\n"
        "x-ratelimit-remaining-contract: 498\r\nx-ratelimit-capacity-contract: 500\r\n\r\n"
    )
    return head.encode() + body


# phemex docs 2026, "Subscribe account-order-position (AOP)" of USD-M: a maker fill with its wallet, no position.
ACCOUNT_MESSAGE = (
    b'{"accounts_p":[{"accountBalanceRv":"20150.482588802237","accountID":7654321003,"bonusBalanceRv":"0",'
    b'"currency":"USDT","totalUsedBalanceRv":"343.132599666883","userID":765432}],"orders_p":[{"accountID":7654321003,'
    b'"action":"New","actionBy":"ByUser","actionTimeNs":1800000000123456789,"addedSeq":77751555,"apRp":"0",'
    b'"bonusChangedAmountRv":"0","bpRp":"0","clOrdID":"tidings-bench-000001","closedPnlRv":"0","closedSize":"0",'
    b'"code":0,"cumFeeRv":"0.09187575","cumQty":"0.015","cumValueRv":"918.7575","curAccBalanceRv":"20150.482588802237",'
    b'"curAssignedPosBalanceRv":"24.62786650928","curBonusBalanceRv":"0","curLeverageRr":"-10","curPosSide":"Buy",'
    b'"curPosSize":"0.043","curPosTerm":1,"curPosValueRv":"2633.7715","curRiskLimitRv":"1000000","currency":"USDT",'
    b'"cxlRejReason":0,"displayQty":"0.025","execFeeRv":"0.09187575","execID":"b6c8d16b-0000-510c-8476-80f399b2d5ad",'
    b'"execPriceRp":"61250.5","execQty":"0.015","execSeq":77751561,"execStatus":"MakerFill","execValueRv":"918.7575",'
    b'"feeRateRr":"0.0001","lastLiquidityInd":"AddedLiquidity","leavesQty":"0.01","leavesValueRv":"612.505",'
    b'"message":"No error","ordStatus":"PartiallyFilled","ordType":"Limit",'
    b'"orderID":"ab90a08c-0000-4b6b-97c4-36fa497335bf","orderQty":"0.025","pegOffsetValueRp":"0","posSide":"Merged",'
    b'"priceRp":"61250.5","relatedPosTerm":1,"relatedReqNum":11,"side":"Buy","slTrigger":"ByMarkPrice",'
    b'"stopLossRp":"0","stopPxRp":"0","symbol":"BTCUSDT","takeProfitRp":"0","timeInForce":"GoodTillCancel",'
    b'"tpTrigger":"ByLastPrice","tradeType":"Trade","transactTimeNs":1800000000223500000,"userID":765432}],'
    b'"sequence":68745,"timestamp":1800000000224000000,"type":"incremental","version":0}'
)

# phemex docs 2026, "Subscribe orderbook for new model": eight levels, three of them removals.
BOOK_UPDATE = (
    b'{"depth":30,"orderbook_p":{"asks":[["61250.9","0.718"],["61251.3","0.524"],["61252.9","0"],["61270.8","1.02"]],'
    b'"bids":[["61250.1","0"],["61249.3","0"],["61248.5","1.622"],["61241.7","0.904"]]},"sequence":77668172,'
    b'"symbol":"BTCUSDT","timestamp":1800000000201355264,"type":"incremental"}'
)
