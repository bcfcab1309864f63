"""FIX orders on the local exchange, from the message to the venue's book and back, without a session in between."""

from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from fix_client import body_problems
from session_lines import SPOT, USD_M, placed, until

from tidings.fix_gateway.chain_log import MemoryChainLog
from tidings.fix_gateway.order_chains import OrderChains
from tidings.fix_gateway.order_desk import FixOrderDesk
from tidings.fix_gateway.translate_in import Rules
from tidings.fix_gateway.translate_out import Profile


class Message(dict):
    """Fields by tag: all that the desk asks of a message."""

    def find(self, tag: int, nth: int = 0) -> bytes | None:
        return self.get(tag)

    def fields(self) -> list[tuple[int, bytes]]:
        return list(self.items())


def order_message(**fields: str) -> Message:
    """A limit order to buy, changed by `t<tag>=value`; None takes a field out."""
    common = {
        35: "D",
        11: "ord-1",
        55: USD_M.symbol,
        54: "1",
        38: "0.01",
        40: "2",
        44: USD_M.low,
        60: "20260801-00:00:00",
    }
    common.update({int(name[1:]): value for name, value in fields.items()})
    return Message({tag: value.encode() for tag, value in common.items() if value is not None})


@dataclass
class Client:
    """Remembers what it is told."""

    name: str = "C1"
    profile: Profile = field(default_factory=Profile)
    rules: Rules = field(default_factory=Rules)
    has_pending_acks: bool = False
    told: list[tuple[bytes, dict[int, str]]] = field(default_factory=list)

    def tell(self, msg_type, fields):
        assert [tag for tag, _ in fields] == sorted(tag for tag, _ in fields)
        text = [(tag, value.decode()) for tag, value in fields]
        problems = body_problems(msg_type.decode(), text, is_extended=self.profile.is_extended)
        assert not problems, f"{problems} in {text}"
        self.told.append((msg_type, {tag: value.decode() for tag, value in fields}))

    def story(self):
        """MsgType, then ExecType/OrdStatus of reports, or OrdStatus and CxlRejReason of cancel rejects."""
        return [
            f"{fields[150]}/{fields[39]}" if kind == b"8" else f"{kind.decode()}/{fields.get(39)}/{fields.get(102)}"
            for kind, fields in self.told
        ]


@pytest_asyncio.fixture
async def desk(phemex):
    return FixOrderDesk(phemex, OrderChains())


@pytest_asyncio.fixture
async def client(desk):
    client = Client()
    desk.join(client)
    return client


async def test_an_order_is_new_then_replaced_then_cancelled(desk, client):
    order = desk.submit(client, order_message(t59="1"))
    await until(lambda: client.told)
    kind, new = client.told[0]
    assert kind == b"8"
    assert new | {17: "", 60: ""} == {
        6: "0",
        11: "ord-1",
        14: "0",
        17: "",
        37: order.order_id,
        38: "0.01",
        39: "0",
        40: "2",
        44: "54900",
        54: "1",
        55: "BTCUSDT",
        59: "1",
        60: "",
        150: "0",
        151: "0.01",
    }

    desk.replace(client, order_message(t35="G", t11="rpl-1", t41="ord-1", t38="0.02", t44="54901"))
    await until(lambda: len(client.told) > 1)
    replaced = client.told[1][1]
    assert {tag: replaced[tag] for tag in (11, 41, 38, 44, 150, 39, 151)} == {
        11: "rpl-1",
        41: "ord-1",
        38: "0.02",
        44: "54901",
        150: "5",
        39: "0",
        151: "0.02",
    }

    desk.cancel(client, order_message(t35="F", t11="cxl-1", t41="rpl-1"))
    await until(lambda: len(client.told) > 2)
    canceled = client.told[2][1]
    assert {tag: canceled[tag] for tag in (11, 41, 150, 39, 151)} == {
        11: "cxl-1",
        41: "rpl-1",
        150: "4",
        39: "4",
        151: "0",
    }
    assert len({fields[17] for _, fields in client.told}) == 3


async def test_fills_add_up_and_carry_fee_and_liquidity(desk, client, counterparty):
    desk.submit(client, order_message(t38="0.03", t44=USD_M.at("1.01")))
    await until(lambda: client.told)
    await counterparty.limit(USD_M.symbol, "sell", qty="0.01", price=USD_M.at("1.01"), tif="IOC").done()
    await until(lambda: len(client.told) > 1)
    await counterparty.limit(USD_M.symbol, "sell", qty="0.02", price=USD_M.at("1.01"), tif="IOC").done()
    await until(lambda: len(client.told) > 2)
    assert client.story() == ["0/0", "F/1", "F/2"]
    fills = [fields for _, fields in client.told[1:]]
    assert [(fill[32], fill[14], fill[151]) for fill in fills] == [("0.01", "0.01", "0.02"), ("0.02", "0.03", "0")]
    assert {fill[31] for fill in fills} == {fill[6] for fill in fills} == {"61610"}
    assert {(fill[851], fill[136], fill[138], fill[139]) for fill in fills} == {("1", "1", "USDT", "4")}
    assert len({fill[17] for fill in fills}) == 2


async def test_what_is_wrong_is_refused_with_its_reason(desk, client):
    for changes, reason in [
        ({"t38": "0.0000001"}, "13"),
        ({"t44": "54900.01"}, "99"),
        ({"t55": "NOPE"}, "1"),
        ({"t54": "5"}, "11"),
        ({"t59": "0"}, "11"),
        ({"t38": "100000"}, "3"),
        ({"t44": None}, "11"),
        ({"t44": "1e5"}, "99"),
    ]:
        client.told.clear()
        assert desk.submit(client, order_message(t11=f"bad-{reason}-{len(str(changes))}", **changes)) is None
        ((kind, fields),) = client.told
        assert (kind, fields[150], fields[39], fields[37], fields[103]) == (b"8", "8", "8", "NONE", reason), changes


async def test_an_id_is_used_once_and_unknown_orders_are_named(desk, client):
    desk.submit(client, order_message())
    assert desk.submit(client, order_message()) is None
    assert client.told[-1][1][103] == "6"
    desk.cancel(client, order_message(t35="F", t11="cxl-9", t41="nope"))
    kind, fields = client.told[-1]
    assert (kind, fields[37], fields[39], fields[102], fields[434]) == (b"9", "NONE", "8", "1", "1")
    await until(lambda: "0/0" in client.story())
    for used, reason in [("ord-1", "6"), ("1" * 41, "99"), ("é", "99")]:
        desk.cancel(client, order_message(t35="F", t11=used, t41="ord-1"))
        assert (client.told[-1][1][11], client.told[-1][1][102]) == (used, reason)
    desk.cancel(client, order_message(t35="F", t11="cxl-1", t41="ord-1"))
    desk.cancel(client, order_message(t35="F", t11="cxl-2", t41="ord-1"))
    assert client.told[-1][1][102] == "3"
    await until(lambda: "4/4" in client.story())
    desk.cancel(client, order_message(t35="F", t11="cxl-3", t41="ord-1"))
    assert client.told[-1][1][102] == "0"


async def test_a_request_that_was_taken_is_not_refused_when_it_comes_again(desk, client):
    """By a throttle perhaps, into which everything runs that a client sends again at once."""
    desk.submit(client, order_message())
    await until(lambda: "0/0" in client.story())
    change = order_message(t35="G", t11="rpl-1", t41="ord-1", t38="0.02")
    desk.replace(client, change)
    desk.refuse_change(client, Message({**change, 43: b"Y"}), 99, "gateway throttle")
    assert client.told[-1][0] == b"8"
    desk.refuse_change(client, change, 99, "gateway throttle")  # another one, under the id of what is pending
    assert client.told[-1][1][102] == "6"
    await until(lambda: "5/0" in client.story())
    desk.cancel(client, order_message(t35="F", t11="cxl-1", t41="ord-1"))
    await until(lambda: "4/4" in client.story())


async def test_post_only_that_would_cross_and_ioc_without_a_match_end(desk, client, counterparty):
    await placed(counterparty, USD_M, "sell", price=USD_M.at("1.01"))
    desk.submit(client, order_message(t44=USD_M.at("1.02"), t18="6"))
    await until(lambda: client.told and client.told[-1][1][39] in "48")
    assert "post-only would cross" in client.told[-1][1][58]
    client.told.clear()
    desk.submit(client, order_message(t11="ioc", t59="3"))
    await until(lambda: client.told and client.told[-1][1][39] == "C")
    assert client.told[-1][1][151] == "0"


async def test_a_stop_waits_and_triggers(desk, client, counterparty):
    desk.submit(client, order_message(t40="4", t44=USD_M.at("1.03"), t99=USD_M.at("1.005")))
    await until(lambda: client.told)
    assert (client.told[0][1][636], client.told[0][1][99]) == ("N", "61305")
    await placed(counterparty, USD_M, "sell", price=USD_M.at("1.01"), qty="0.01")
    await desk.phemex.market(USD_M.symbol, "buy", qty="0.01").done()
    await until(lambda: len(client.told) > 1)
    trigger = client.told[1][1]
    assert (trigger[150], trigger[378], trigger[636], trigger[58]) == ("D", "99", "Y", "Triggered")
    await counterparty.market(USD_M.symbol, "sell", qty="0.01").done()
    await until(lambda: client.told[-1][1][39] == "2")
    assert client.story() == ["0/0", "D/0", "F/2"]
    assert 636 not in client.told[-1][1]


async def test_a_stop_that_never_triggered_is_not_told_as_working(desk, client):
    desk.submit(client, order_message(t11="s1", t40="4", t44=USD_M.at("1.03"), t99=USD_M.at("1.005")))
    await until(lambda: client.told)
    desk.cancel(client, order_message(t35="F", t11="c1", t41="s1"))
    await until(lambda: client.told[-1][1][39] == "4")
    assert client.told[0][1][636] == "N"
    assert 636 not in client.told[-1][1]


async def test_a_stop_price_is_replaced_while_it_waits(desk, client):
    desk.submit(client, order_message(t40="4", t44=USD_M.at("1.03"), t99=USD_M.at("1.05")))
    await until(lambda: client.story() == ["0/0"])
    common = {"t35": "G", "t40": "4", "t44": None, "t38": None}
    desk.replace(client, order_message(t11="r1", t41="ord-1", t99=USD_M.at("1.06"), **common))
    await until(lambda: len(client.told) > 1)
    replaced = client.told[1][1]
    assert (replaced[150], replaced[39], replaced[11], replaced[99], replaced[44]) == ("5", "0", "r1", "64660", "62830")
    desk.replace(client, order_message(t11="r2", t41="r1", t99=USD_M.at("1.06"), **common))
    assert (client.told[2][1][102], client.told[2][1][58]) == ("99", "no change")
    desk.replace(client, order_message(t11="r3", t41="r1", t99=USD_M.at("1.07"), t1102=USD_M.at("1.08"), **common))
    assert client.told[3][1][58] == "StopPx (99) and TriggerPrice (1102) differ"
    desk.replace(client, order_message(t11="r4", t41="r1", t99=USD_M.at("0.5"), **common))  # on the wrong side
    await until(lambda: len(client.told) > 4)
    kind, refused = client.told[4]
    assert (kind, refused[39], refused[102], refused[434], refused[41]) == (b"9", "0", "99", "2", "r1")
    desk.replace(client, order_message(t35="G", t11="r5", t41="r1", t40="4", t44=USD_M.at("1.04"), t38="0.02",
                                       t1102=USD_M.at("1.08")))  # fmt: skip
    await until(lambda: len(client.told) > 5)
    all_of_it = client.told[5][1]
    assert [all_of_it[tag] for tag in (150, 38, 44, 99, 151)] == ["5", "0.02", "63440", "65880", "0.02"]


async def test_attached_prices_are_replaced_and_shown_to_who_speaks_the_dialect(desk, quiet_exchange):
    client = Client(profile=Profile(is_extended=True))
    desk.join(client)
    desk.submit(client, order_message(t20010=USD_M.at("1.1"), t20013=USD_M.at("0.8"), t20012="M"))
    await until(lambda: client.story() == ["0/0"])
    new = client.told[0][1]
    assert [new[tag] for tag in (20010, 20012, 20013, 20015)] == ["67100", "M", "48800", "2"]
    change = {"t35": "G", "t41": "ord-1", "t44": None, "t38": None}
    desk.replace(client, order_message(t11="r1", t20010=USD_M.at("1.2"), t20013=USD_M.at("0.7"), **change))
    await until(lambda: len(client.told) > 1)
    replaced = client.told[1][1]
    assert [replaced[tag] for tag in (150, 20010, 20013, 44)] == ["5", "73200", "42700", "54900"]
    desk.replace(client, order_message(t11="r2", t20011=USD_M.at("1.2"), **{**change, "t41": "r1"}))
    assert client.told[2][1][58] == "tag 20011: the venue does not amend it; cancel, and place the order anew"
    desk.replace(client, order_message(t11="r3", t99=USD_M.at("1.2"), **{**change, "t41": "r1"}))
    assert "the order was placed without it" in client.told[3][1][58]
    (row,) = await desk.phemex.engine.queries.open_orders(desk.phemex.instrument(USD_M.symbol))
    assert (float(row["takeProfitRp"]), float(row["stopLossRp"])) == (73200, 42700)


async def test_a_trailing_stop_follows_from_where_it_is_told_to(desk, client, counterparty):
    await desk_position(desk, counterparty)
    trailing = {"t40": "P", "t18": "a", "t44": None, "t38": None, "t54": "2", "t211": "500"}
    trailing["t20016"] = "TrailingStopPeg"
    desk.submit(client, order_message(t99=USD_M.at("0.95"), **trailing))
    await until(lambda: client.story() == ["0/0"])
    new = client.told[0][1]
    assert [new[tag] for tag in (40, 18, 211, 99, 636)] == ["P", "a", "-500", "57950", "N"]
    common = {"t35": "G", "t41": "ord-1", "t44": None, "t38": None, "t54": "2", "t40": "P"}
    desk.replace(client, order_message(t11="r1", t211="700", **common))
    await until(lambda: len(client.told) > 1)
    assert [client.told[1][1][tag] for tag in (150, 211)] == ["5", "-700"]
    desk.cancel(client, order_message(t35="F", t11="c1", t41="r1", t54="2"))
    await until(lambda: client.story()[-1] == "4/4")


async def desk_position(desk, counterparty):
    """Long 0.01 at the starting price."""
    await placed(counterparty, USD_M, "sell", price=USD_M.price, qty="0.01")
    await desk.phemex.market(USD_M.symbol, "buy", qty="0.01").done()


async def test_own_tags_go_out_only_in_the_extended_dialect(desk, client):
    own = {"t7928": "O", "t20001": "N", "t18": "6"}
    desk.submit(client, order_message(**own))
    extended = Client(name="C2", profile=Profile(is_extended=True))
    desk.join(extended)
    desk.submit(extended, order_message(t11="ord-2", t44=USD_M.at("0.9", 1), **own))
    await until(lambda: client.told and extended.told)
    assert 7928 not in client.told[0][1]
    shown = extended.told[0][1]
    assert (shown[7928], shown[20000], shown[20002]) == ("O", "Limit", "M")


async def test_an_order_that_spends_money_is_filled_when_the_venue_says_so(desk, client, counterparty):
    await placed(counterparty, SPOT, "sell", price="61500.00", qty="0.01")
    desk.submit(client, order_message(t55=SPOT.symbol, t40="1", t44=None, t38=None, t152="123"))
    await until(lambda: client.told and client.told[-1][1][39] == "2")
    (fill,) = [fields for _, fields in client.told if fields[150] == "F"]
    assert (fill[14], fill[32], fill[152], fill[6], fill[138]) == ("0.002", "0.002", "123", "61500", "BTC")
    end = client.told[-1][1]
    assert (end[14], end[38], end[151]) == ("0.002", "0.002", "0")


class FullDisk(MemoryChainLog):
    """Takes nothing any more."""

    def append(self, fact):
        raise OSError(28, "No space left on device")


async def test_nothing_is_sent_that_could_not_be_written_down(phemex):
    desk, client = FixOrderDesk(phemex, OrderChains(FullDisk())), Client()
    desk.join(client)
    with pytest.raises(OSError, match="No space"):
        desk.submit(client, order_message())
    assert phemex.open_orders() == []
    assert not desk.chains.is_used("ord-1")
