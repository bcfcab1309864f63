"""Cancel on disconnect over real sockets: the window, whose orders, and what is placed after a return; and a replace
that was under way when the gateway was killed.
"""

import os
import signal
import time
from collections.abc import Callable

from fix_client import now_text
from gateway_process import open_orders
from phemex_client import RestClient

LIMIT_S = 30.0  # a busy machine


def until(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def test_who_is_back_within_the_window_keeps_its_orders(start_gateway, quiet_exchange):
    gateway = start_gateway()
    client = gateway.connect()
    assert client.logon((8013, "S"), (35003, 1500))[35003] == "1500"
    client.order("o1")
    client.expect("8", t150="0")
    client.close()
    time.sleep(0.5)
    again = gateway.connect()
    again.next_out = 3
    again.logon((8013, "S"), (35003, 300))
    time.sleep(1.5)  # longer than what was left of the first window
    assert len(open_orders(quiet_exchange)) == 1
    began_s = time.monotonic()
    again.close()
    until(lambda: not open_orders(quiet_exchange))
    assert time.monotonic() - began_s > 0.25
    back = gateway.connect()
    back.next_out = 4
    back.logon()
    back.send("2", (7, 4), (16, 0))
    while (report := back.next())[35] != "8":
        pass
    assert (report[150], report[39], report[11], report[58], 41 in report) == ("4", "4", "o1", "cancel on disconnect",
                                                                             False)  # fmt: skip


def test_the_accounts_scope_takes_every_order_of_it(start_gateway, quiet_exchange):
    gateway = start_gateway(C1="", C2="")
    client, other = gateway.connect(), gateway.connect("C2")
    assert client.logon((8013, "Y"))[8013] == "Y"
    other.logon()
    client.order("o1")
    client.expect("8", t150="0")
    other.order("o2", t44="54901")
    other.expect("8", t150="0")
    other.order("o3", t40="3", t44=None, t99="68000")  # waits for its trigger
    other.expect("8", t150="0", t636="N")
    account = RestClient(quiet_exchange.ready, 2)
    account.call("PUT", "/g-orders/create", symbol="ETHUSDT", clOrdID=f"h{os.urandom(4).hex()}", side="Buy",
                 ordType="Limit", priceRp="2000", orderQtyRq="0.05", timeInForce="GoodTillCancel",
                 posSide="Merged")  # fmt: skip

    def open_anywhere() -> int:
        answers = [account.call("GET", "/g-orders/activeList", symbol=name) for name in ("BTCUSDT", "ETHUSDT")]
        return sum(len(answer.data["rows"]) for answer in answers if answer.code != 10002)

    until(lambda: open_anywhere() == 4)
    time.sleep(0.3)  # the gateway has heard of the order by hand as well
    client.close()
    until(lambda: open_anywhere() == 0)
    assert {other.expect("8", t150="4", t58="cancel on disconnect")[11] for _ in range(2)} == {"o2", "o3"}
    account.close()


def test_the_accounts_scope_ends_where_the_sessions_symbols_do(start_gateway, quiet_exchange):
    """A Logon must not let a client cancel what its mass cancel leaves alone."""
    gateway = start_gateway(C1="", C2='symbols = ["ETHUSDT"]\n')
    one, two = gateway.connect(), gateway.connect("C2")
    one.logon()
    assert two.logon((8013, "Y"))[8013] == "Y"
    one.order("o1")
    one.expect("8", t150="0")
    two.order("o2", t55="ETHUSDT", t38="0.05", t44="2000")
    two.expect("8", t150="0")
    two.close()
    account = RestClient(quiet_exchange.ready, 2)
    until(lambda: account.call("GET", "/g-orders/activeList", symbol="ETHUSDT").code == 10002)
    account.close()
    time.sleep(0.3)
    assert len(open_orders(quiet_exchange)) == 1


def test_what_is_placed_after_a_return_stays(start_gateway, quiet_exchange):
    gateway = start_gateway(C1='cancel_on_disconnect = "session"\n')
    client = gateway.connect()
    client.logon()
    for number in range(3):
        client.order(f"o{number}", t44=str(54900 + number))
        client.expect("8", t150="0")
    client.close()
    until(lambda: len(open_orders(quiet_exchange)) < 3)  # back at once, it would keep its orders
    again = gateway.connect()
    again.next_out = 5
    again.logon()
    again.order("after", t44="54800")
    until(lambda: {order["priceRp"] for order in open_orders(quiet_exchange)} == {"54800"})
    time.sleep(0.5)
    assert len(open_orders(quiet_exchange)) == 1


def test_a_replace_under_way_at_a_kill_is_answered(start_gateway, quiet_exchange, tmp_path):
    """The venue stands still, so the replace is in its socket when the gateway dies; it is carried out afterwards."""
    gateway = start_gateway(C1=f'store = "{tmp_path}/store"\n')
    client = gateway.connect()
    client.logon()
    client.order("o1")
    client.expect("8", t150="0")
    os.kill(quiet_exchange.process.pid, signal.SIGSTOP)
    try:
        client.change("G", "r1", "o1", (40, "2"), (38, "0.02"), (44, "54700"))
        client.send("1", (112, "sent"))
        assert client.next()[112] == "sent"
        gateway.stop(signal.SIGKILL)
    finally:
        os.kill(quiet_exchange.process.pid, signal.SIGCONT)
    until(lambda: [order["priceRp"] for order in open_orders(quiet_exchange)] == ["54700"])
    gateway.start()
    again = gateway.connect()
    again.next_out = 5
    again.logon()
    again.send("2", (7, 4), (16, 0))
    while (report := again.next())[35] not in ("8", "9"):
        pass
    assert (report[35], report.get(150), report[11], report.get(41), report.get(44)) == ("8", "5", "r1", "o1", "54700")
    again.change("F", "c1", "r1")
    while (report := again.next())[35] != "8":
        pass
    assert (report[150], report[11], report[41]) == ("4", "c1", "r1")


def test_who_asked_only_for_logouts_keeps_its_orders_after_a_kill(start_gateway, quiet_exchange, tmp_path):
    """A crash is a disconnect, and 35002=2 says that those cancel nothing."""
    gateway = start_gateway(C1=f'store = "{tmp_path}/store"\n')
    client = gateway.connect()
    client.logon((8013, "S"), (35002, 2))
    client.order("o1")
    client.expect("8", t150="0")
    gateway.stop(signal.SIGKILL)
    home = tmp_path / "store" / "account-2"
    assert (home / "env").read_text() == "local\n"
    assert (home / "journal").read_text().startswith("local-")
    gateway.start()
    time.sleep(0.3)
    assert len(open_orders(quiet_exchange)) == 1
    again = gateway.connect()
    again.next_out = 3
    again.logon((8013, "S"), (35002, 2))
    again.send("5")
    until(lambda: not open_orders(quiet_exchange))


def test_a_filter_that_is_not_understood_cancels_nothing(start_gateway, quiet_exchange):
    """Without the filter every order would go."""
    client = start_gateway().connect()
    client.logon()
    client.order("o1")
    client.expect("8", t150="0")
    client.send("q", (11, "q1"), (530, 7), (54, "5"), (60, now_text()))
    told = client.expect("r", t531="0", t532="99", t533="0")
    assert told[58] == "tag 54 is not understood: nothing was cancelled"
    assert len(open_orders(quiet_exchange)) == 1
