"""What a kill switch puts on the lanes: the documented requests, out of the reserve, and nobody waits for answers."""

from phemex_requests import BTCUSD, BTCUSDT, SBTCUSDT
from wired_gateway import NOW_NS, Wired

from tidings.venue.phemex.mass_cancel import MassCancel


def request_lines(wired):
    """The first lines of what the venue's end of lane 0 has received."""
    received = wired.peers[0].recv(65_536).decode()
    return [line for line in received.split("\r\n") if line.startswith("DELETE")]


def test_each_half_is_asked_for_by_its_documented_request():
    wired = Wired(depth_cap=8)
    cancel = MassCancel(wired.gateway)
    for instrument in (BTCUSD, BTCUSDT, SBTCUSDT):
        for untriggered in (False, True):
            assert cancel.send(instrument, untriggered, NOW_NS)
    assert request_lines(wired) == [
        f"DELETE {path}?symbol={symbol}&untriggered={half} HTTP/1.1"
        for path, symbol in (("/orders/all", "BTCUSD"), ("/g-orders/all", "BTCUSDT"), ("/spot/orders/all", "sBTCUSDT"))
        for half in ("false", "true")
    ]
    assert cancel.sent_count == 6


def test_usd_m_is_cancelled_as_a_whole():
    wired = Wired()
    cancel = MassCancel(wired.gateway)
    assert [cancel.send_all_linear(half, NOW_NS) for half in (False, True)] == [True, True]
    assert request_lines(wired) == [f"DELETE /g-orders/all?untriggered={half} HTTP/1.1" for half in ("false", "true")]


def test_it_draws_on_the_share_kept_for_cancels():
    wired = Wired()
    contract = wired.rates.bucket_of("contract")
    contract.spend(contract.room(False, NOW_NS), NOW_NS)
    assert contract.room(False, NOW_NS) <= 0
    cancel = MassCancel(wired.gateway)
    assert cancel.send(BTCUSDT, False, NOW_NS)
    contract.spend(contract.room(True, NOW_NS), NOW_NS)
    assert not cancel.send(BTCUSDT, True, NOW_NS)
    assert cancel.sent_count == 1


def test_a_lane_that_is_full_or_down_is_told():
    wired = Wired(depth_cap=1)
    cancel = MassCancel(wired.gateway)
    assert [cancel.send(BTCUSDT, False, NOW_NS), cancel.send(BTCUSDT, True, NOW_NS)] == [True, False]
    for lane in wired.gateway.pool:
        lane.close(ConnectionResetError("cut"))
    assert not cancel.send_all_linear(False, NOW_NS)


def test_its_answer_and_its_loss_are_nobodys_report():
    wired = Wired()
    MassCancel(wired.gateway).send(BTCUSDT, False, NOW_NS)
    for lane in wired.gateway.pool:
        lane.close(ConnectionResetError("cut"))
    assert wired.told.heard == []
