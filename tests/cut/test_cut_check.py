"""The cuts' own check finds what is planted, and their proxy cuts at the very byte."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.cut import trial
from tests.cut.belief import belief_of
from tests.cut.campaign import Campaign
from tests.cut.check import Belief, BelievedOrder, Told, Truth, differences
from tests.cut.plan import ANSWER, EXCHANGE, PLACES, PROXY, REQUEST, Sizes, make_cut, passing_bytes
from tests.cut.proxy import Proxy, ProxyCut

NAME = "T1M82Y8T1N0000000001"
RECORD = b"\x17\x03\x03\x00\x20" + bytes(range(32))  # a TLS record of 37 bytes


def believed(*told, **changes):
    order = BelievedOrder(
        NAME, "id-1", "BTCUSDT", "NEW", Decimal("50000.5"), Decimal("0.02"), Decimal("0.005"), Decimal("0.015"),
        [Told("ack", "NEW", "NEW"), Told("fill", "TRADE", "", "e1", Decimal("0.005")), *told],
    )  # fmt: skip
    return replace(order, status=changes.pop("status", "PARTIALLY_FILLED"), **changes)


def row(**changes):
    return {
        "symbol": "BTCUSDT", "cl_ord_id": NAME, "order_id": "id-1", "ord_status": "PartiallyFilled", "price": 5000050,
        "order_qty": 20, "cum_qty": 5, "leaves_qty": 15, **changes,
    }  # fmt: skip


def found(orders, rows, *, positions=None, held=5, wallets=None):
    positions = {"BTCUSDT": (Decimal("0.005"), Decimal("0.005"))} if positions is None else positions
    truth = Truth(
        rows, [{"symbol": "BTCUSDT", "net_qty": held}], [{"currency": "BTC", "balance": 7}],
        {"BTCUSDT": {"price": 2, "qty": 3, "value": 8}},
    )  # fmt: skip
    return differences(Belief(orders, positions, wallets or {"BTC": 7}), truth)


def test_agreement_is_silent():
    unknown = Told("unknown", "UNKNOWN", "NEW"), Told("unsent", "UNSENT", "CANCEL")
    assert found([believed(*unknown)], [row()]) == []
    never_there = believed(status="REJECTED")
    never_there.told = [Told("reject", "REJECTED", "NEW")]
    assert found([never_there], [], positions={}, held=0) == []


REJECTED = Told("reject", "REJECTED", "NEW")
AMEND_FAILED = Told("reject", "REPLACE_REJECTED", "AMEND")


@pytest.mark.parametrize(
    ("orders", "rows", "word"),
    [
        ([believed()], [row(), row()], "DOUBLED"),
        ([], [row()], "OPEN"),
        ([believed(status="CANCELED")], [row()], "STATE"),
        ([believed()], [row(ord_status="Canceled")], "STATE"),
        ([believed(status="UNKNOWN")], [row()], "STATE"),
        ([believed()], [], "STATE"),
        ([believed(order_id="id-2")], [row()], "ID"),
        ([believed(price=Decimal("50000.6"))], [row()], "NUMBER: price"),
        ([believed(leaves_qty=Decimal("0.014"))], [row()], "NUMBER: leaves_qty"),
        ([believed(Told("fill", "TRADE", "", "e1", Decimal(0)))], [row()], "told twice"),
        ([believed(Told("fill", "TRADE", "", "e2", Decimal("0.001")))], [row()], "EXECUTION: 0.006"),
        ([believed(status="REJECTED")], [], "FATE: ack"),
        ([believed(REJECTED)], [row()], "FATE: reject"),
        ([believed(Told("unsent", "UNSENT", "NEW"))], [row()], "FATE: unsent"),
        ([believed(Told("cancel", "CANCELED", ""))], [row()], "FATE: cancel"),
        ([believed(Told("unsent", "UNSENT", "CANCEL"), cancels_asked=1)], [row(ord_status="Canceled")], "took effect"),
        ([believed(AMEND_FAILED, asked=(Decimal("50000.5"), Decimal("0.02")))], [row()], "is in force"),
    ],
)  # fmt: skip
def test_what_is_planted_is_found(orders, rows, word):
    assert [sentence for sentence in found(orders, rows) if word in sentence]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"held": 4}, "POSITION"),
        ({"positions": {"BTCUSDT": (Decimal("0.005"), Decimal("0.004"))}}, "POSITION"),
        ({"positions": {}}, "POSITION"),
        ({"wallets": {"BTC": 8}}, "WALLET"),
    ],
)
def test_a_wrong_position_or_wallet_is_found(changes, word):
    assert [sentence for sentence in found([believed()], [row()], **changes) if sentence.startswith(word)]


def test_a_run_with_a_wrong_belief_fails(tmp_path, monkeypatch):
    def wrong(*engine):
        belief = belief_of(*engine)
        for order in belief.orders:
            order.leaves_qty += 1
        return belief

    monkeypatch.setattr(trial, "belief_of", wrong)
    monkeypatch.setattr(trial, "AGREE_LIMIT_S", 0)
    result = Campaign(cuts=3, first=4, seed=1, engines_per_sort=1, directory=tmp_path).run()
    assert result["failures"]
    assert all("NUMBER: leaves_qty" in failure for failure in result["failures"])


def test_every_place_has_its_share_and_bytes_lie_in_it():
    sizes = Sizes(inner=300, total=400)
    for number in range(800):
        cut = make_cut(3, number)
        assert cut == make_cut(3, number)
        assert (cut.stream, cut.place) == PLACES[number % 8]
        whole = 400 if cut.cutter == EXCHANGE else 422
        byte = passing_bytes(cut, sizes)
        assert {
            "head": byte < 305, "signature": 300 <= byte < whole - 1, "body": 300 <= byte < whole - 1,
            "last byte": byte == whole - 1, "all": byte == whole,
        }[cut.place]  # fmt: skip
    assert {make_cut(3, number).cutter for number in range(80)} == {EXCHANGE, PROXY}


@pytest.mark.parametrize("stream", [REQUEST, ANSWER])
@pytest.mark.parametrize("end", ["close", "reset", "hang"])
async def test_the_proxy_cuts_at_the_byte(stream, end):
    reached: list[bytes] = []

    async def serve(reader, writer):
        try:
            while data := await reader.read(100):
                reached.append(data)
                writer.write(data)
        except ConnectionResetError:
            reached.append(b"reset")
        writer.close()

    upstream = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with Proxy(upstream.sockets[0].getsockname()[1]) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"before")
        assert await reader.readexactly(6) == b"before"
        cut = ProxyCut(stream, end, lambda record_bytes: record_bytes - 20)
        proxy.arm(writer.get_extra_info("sockname")[1], cut)
        writer.write(RECORD)
        if end == "hang":
            await asyncio.wait_for(cut.happened.wait(), 5)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.readexactly(18), 0.1)
        elif end == "reset":
            with pytest.raises(ConnectionResetError):
                while await reader.read(100):
                    pass
        else:
            assert await reader.read(100) == (RECORD[:17] if stream == ANSWER else b"")
        writer.close()
    upstream.close()
    sent = b"".join(data for data in reached if data != b"reset")
    assert sent == b"before" + (RECORD if stream == ANSWER else RECORD[:17])
    assert cut.passed_bytes == 17
