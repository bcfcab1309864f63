"""Positions over FIX against the exchange's own account query with its profit, and against arithmetic."""

from datetime import UTC, datetime
from decimal import Decimal

from fix_client import FixClient, now_text
from gateway_process import RunningGateway
from phemex_client import RestClient

ACCOUNT = 2
SESSION = '[[session]]\nour_comp_id = "PHEMEX"\nclient_comp_id = "C1"\naccount = "2"\nstore = "memory"\n'
FEE = Decimal("0.0001")  # the makers' rate of USD-M contracts


def filled(client: FixClient, other: RestClient, name: str, side: str, qty: str, price: str, effect: str) -> None:
    """An order of the client that rests, and what takes it."""
    client.order(name, t54=side, t38=qty, t44=price, t77=effect)
    client.expect("8", t150="0", t11=name)
    other.call("PUT", "/g-orders/create", symbol="BTCUSDT", clOrdID=f"x-{name}", ordType="Limit", priceRp=price,
               side="Sell" if side == "1" else "Buy", orderQtyRq=qty, timeInForce="ImmediateOrCancel",
               posSide="Merged")  # fmt: skip
    client.expect("8", t150="F", t39="2", t11=name)


def positions(client: FixClient, request_id: str, total: int) -> list[dict[int, str]]:
    today = datetime.now(UTC).strftime("%Y%m%d")
    client.send("AN", (710, request_id), (724, 0), (1, "2"), (581, 1), (715, today), (60, now_text()), (55, "BTCUSDT"))
    client.expect("AO", t710=request_id, t727=str(total), t729="0")
    return [client.expect("AP", t710=request_id) for _ in range(total)]


def test_both_sides_of_a_hedged_account_with_what_they_have_gained(start_exchange, tmp_path):
    exchange = start_exchange("--no-flow", "--no-rate-limits", "--matching-delay-ms", "0", "--seed", "5")
    owner, other = RestClient(exchange.ready, ACCOUNT), RestClient(exchange.ready, 1)
    mode = {"symbol": "BTCUSDT", "targetPosMode": "Hedged"}
    assert owner.call("PUT", "/g-positions/switch-pos-mode-sync", **mode).code == 0
    gateway = RunningGateway(tmp_path, exchange, SESSION + 'dialect = "extended"\n')
    client = gateway.connect(is_extended=True)
    client.logon()
    assert positions(client, "p0", 0) == []
    # Long: 0.01 at 54,000 and 0.02 at 54,000.1, then 0.01 of it sold at 54,600. Short: 0.05 at 54,400.
    filled(client, other, "a", "1", "0.01", "54000", "O")
    filled(client, other, "b", "1", "0.02", "54000.1", "O")
    filled(client, other, "c", "2", "0.05", "54400", "O")
    filled(client, other, "d", "2", "0.01", "54600", "C")
    long, short = sorted(positions(client, "p1", 2), key=lambda one: one[705])
    assert (long[704], long[705], long[20002]) == ("0.02", "0", "L")
    assert (short[704], short[705], short[20002]) == ("0", "0.05", "S")
    paid = Decimal("0.01") * 54000 + Decimal("0.02") * Decimal("54000.1")
    entry = paid / Decimal("0.03")
    assert abs(Decimal(long[734]) - entry) < Decimal("1e-8") and short[734] == "54400"
    mark = Decimal(long[730])
    kept = paid * 2 / 3
    assert abs(Decimal(long[708]) - (Decimal("0.02") * mark - kept)) < Decimal("1e-7")
    assert Decimal(short[708]) == Decimal("0.05") * (54400 - Decimal(short[730]))
    sold = Decimal("0.01") * 54600
    realised = sold - paid / 3 - FEE * (paid + sold)
    assert abs(Decimal(long[20035]) - realised) < Decimal("1e-7")
    assert Decimal(short[20035]) == -FEE * Decimal("0.05") * 54400
    # The exchange works its own figure out, in another query.
    rows = owner.call("GET", "/g-accounts/positions", currency="USDT").data["positions"]
    told = {row["posSide"]: row for row in rows if row["symbol"] == "BTCUSDT"}
    for one, name in ((long, "Long"), (short, "Short")):
        at_same_mark = Decimal(told[name]["markPriceRp"]) == Decimal(one[730])
        assert not at_same_mark or abs(Decimal(told[name]["unRealisedPnlRv"]) - Decimal(one[708])) < Decimal("1e-7")
    client.close()
    owner.close()
    other.close()
    assert gateway.stop() == 0
