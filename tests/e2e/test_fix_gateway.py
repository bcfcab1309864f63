"""The command `tidings gateway` and a client over a real socket, on the local exchange."""

import os
import signal
import subprocess
import time

import pytest
from fix_client import now_text
from gateway_process import open_orders
from phemex_client import RestClient
from tidings_command import LIMIT_S, clean_environment, command_line


def test_an_order_lives_over_a_socket_and_the_command_ends_well(start_gateway, quiet_exchange):
    gateway = start_gateway()
    assert gateway.ready["pid"] == gateway.process.pid
    assert gateway.ready["exchange"]["rest"] == quiet_exchange.ready["rest"]
    client = gateway.connect()
    assert client.logon()[108] == "30"
    client.order("o1", t18="6")
    new = client.expect("8", t150="0", t39="0", t11="o1", t18="6", t38="0.01", t44="54900", t151="0.01", t14="0")
    assert [order["orderID"] for order in open_orders(quiet_exchange)] == [new[37]]
    client.change("G", "r1", "o1", (38, "0.02"), (40, "2"), (44, "54800"))
    client.expect("8", t150="5", t39="0", t11="r1", t41="o1", t38="0.02", t44="54800", t151="0.02")
    client.change("F", "c1", "r1")
    client.expect("8", t150="4", t39="4", t11="c1", t41="r1", t151="0")
    assert open_orders(quiet_exchange) == []
    client.change("F", "c2", "nope")
    client.expect("9", t11="c2", t41="nope", t37="NONE", t39="8", t434="1", t102="1")
    client.send("BE", (923, "u"), (924, "1"), (553, "x"))
    client.expect("j", t372="BE", t380="3", t58="Unsupported Message Type")
    assert gateway.stop() == 0
    client.expect("5", t58="Server shutting down")


def test_a_fill_while_the_client_is_away_is_told_when_it_is_back(start_gateway, quiet_exchange, tmp_path):
    gateway = start_gateway(C1=f'store = "{tmp_path}/store"\n')
    client = gateway.connect()
    client.logon()
    client.order("o1", t44="61610")
    client.expect("8", t150="0")
    client.close()
    seller = RestClient(quiet_exchange.ready, 1)
    seller.call("PUT", "/g-orders/create", symbol="BTCUSDT", clOrdID=f"s{os.getpid()}", side="Sell", ordType="Limit",
                priceRp="61610", orderQtyRq="0.01", timeInForce="ImmediateOrCancel", posSide="Merged")  # fmt: skip
    time.sleep(1.0)  # the fill is told before the client is back
    again = gateway.connect()
    again.next_out = 3
    reply = again.logon()
    assert reply[34] == "4"  # our Logon and the New had 1 and 2, the fill has 3
    again.send("2", (7, 3), (16, 0))
    fill = again.expect("8", t34="3", t43="Y", t150="F", t39="2", t14="0.01", t32="0.01", t31="61610", t11="o1")
    assert fill[6] == "61610"
    again.order("back", t54="2", t44="61610")
    buyer = seller
    again.expect("4")
    again.expect("8", t150="0")
    buyer.call("PUT", "/g-orders/create", symbol="BTCUSDT", clOrdID=f"b{os.getpid()}", side="Buy", ordType="Limit",
               priceRp="61610", orderQtyRq="0.01", timeInForce="ImmediateOrCancel", posSide="Merged")  # fmt: skip
    again.expect("8", t150="F", t39="2")
    buyer.close()


def test_a_gateway_that_was_killed_goes_on_with_the_order(start_gateway, quiet_exchange, tmp_path):
    gateway = start_gateway(C1=f'store = "{tmp_path}/store"\n')
    client = gateway.connect()
    client.logon()
    client.order("o1")
    client.expect("8", t150="0", t34="2")
    gateway.stop(signal.SIGKILL)
    client.close()
    gateway.start()
    again = gateway.connect()
    again.next_out = 3
    again.logon()
    again.change("F", "c1", "o1")
    again.expect("8", t150="4", t39="4", t11="c1", t41="o1")
    again.order("o1")
    again.expect("8", t150="8", t103="6")
    assert open_orders(quiet_exchange) == []


@pytest.mark.parametrize("by_logon", [True, False])
def test_orders_go_with_their_client_where_that_was_agreed(start_gateway, quiet_exchange, by_logon):
    gateway = start_gateway(C1="" if by_logon else 'cancel_on_disconnect = "session"\n')
    client = gateway.connect()
    reply = client.logon(*((8013, "S"), (35003, "0")) if by_logon else ())
    assert (reply.get(8013), reply.get(35002)) == (("S", "3") if by_logon else (None, None))
    client.order("o1")
    client.order("o2", t44="54901")
    client.expect("8", t150="0")
    client.expect("8", t150="0")
    assert len(open_orders(quiet_exchange)) == 2
    client.close()
    deadline_s = time.monotonic() + 5
    while open_orders(quiet_exchange):
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def test_sessions_do_not_touch_each_others_orders_and_a_drop_copy_hears_all(start_gateway):
    gateway = start_gateway(C1="", C2="", DC='kind = "dropcopy"\n')
    one, two, copy = (gateway.connect(name) for name in ("C1", "C2", "DC"))
    for client in (one, two, copy):
        client.logon()
    one.order("o1")
    one.expect("8", t150="0")
    copy.expect("8", t150="0", t11="o1", t797="Y")
    two.change("F", "c1", "o1")
    two.expect("9", t102="1")
    two.order("o1")
    two.expect("8", t150="8", t103="6")  # ids are the account's, not the session's
    copy.expect("8", t150="8", t103="6", t11="o1", t797="Y")
    copy.order("o2")
    copy.expect("j", t380="6")


def test_a_second_connection_and_strangers_are_closed_without_a_word(start_gateway):
    gateway = start_gateway()
    first = gateway.connect()
    first.logon()
    for client in (gateway.connect(), gateway.connect("STRANGER")):
        client.send("A", (98, 0), (108, 30))
        assert client.is_closed()
        assert client.received == []
    first.order("o1")
    first.expect("8", t150="0")


def test_a_wrong_configuration_says_which_key(tmp_path):
    for text, word in [
        ('[listen]\nprot = 5\n[[session]]\nour_comp_id="P"\nclient_comp_id="C"\naccount="0"\n', "prot"),
        ('[[session]]\nour_comp_id="P"\nclient_comp_id="C"\naccount="0"\ndialekt="x"\n', "dialekt"),
        ('[listen]\nhost = "0.0.0.0"\n[[session]]\nour_comp_id="P"\nclient_comp_id="C"\naccount="0"\n', "tls_cert"),
    ]:
        path = tmp_path / "wrong.toml"
        path.write_text(text)
        done = subprocess.run(
            command_line("gateway", "--config", path), env=clean_environment(), capture_output=True, text=True,
            timeout=LIMIT_S,
        )  # fmt: skip
        assert done.returncode == 2
        assert word in done.stderr


def test_a_crash_does_not_save_orders_from_their_cancel(start_gateway, quiet_exchange, tmp_path):
    """Cancel on disconnect is armed: what `kill -9` left open goes at the next start, before anybody is let in."""
    gateway = start_gateway(C1=f'store = "{tmp_path}/store"\ncancel_on_disconnect = "session"\n')
    client = gateway.connect()
    client.logon()
    client.order("o1")
    client.expect("8", t150="0")
    gateway.stop(signal.SIGKILL)
    assert len(open_orders(quiet_exchange)) == 1
    gateway.start()
    deadline_s = time.monotonic() + 5
    while open_orders(quiet_exchange):
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    again = gateway.connect()
    again.next_out = 3
    if again.logon()[34] != "3":  # the report came before the Logon: it has 3, and waits to be asked for
        again.send("2", (7, 3), (16, 0))
    again.expect("8", t150="4", t39="4", t11="o1", t58="cancel on disconnect")


def test_repeated_orders_are_answered_and_stale_ones_refused(start_gateway):
    gateway = start_gateway()
    client = gateway.connect()
    client.logon()
    client.order("o1")
    client.expect("8", t150="0")
    common = ((11, "o1"), (38, "0.01"), (40, "2"), (44, "54900"), (54, "1"), (55, "BTCUSDT"), (60, now_text()))
    client.send("D", *common, t97="Y")
    client.expect("8", t150="I", t39="0", t11="o1")  # known: not a second order, but how it stands
    fresh = tuple((tag, "o2" if tag == 11 else value) for tag, value in common)
    client.send("D", *fresh, t43="Y", t122="20260801-00:00:00")
    client.expect("8", t150="8", t103="8", t58="stale resent order")
    client.send("D", *fresh, t43="Y")  # nobody knows when it was sent first
    client.expect("8", t150="8", t103="8", t58="stale resent order")
    client.send("D", *fresh, t97="Y")
    client.expect("8", t150="0", t11="o2")


def test_an_order_refused_before_a_kill_is_not_taken_after_it(start_gateway, tmp_path):
    """Killed before it could count the order, it gets it again: the client has its answer, and may have acted on it."""
    gateway = start_gateway(C1=f'store = "{tmp_path}/store"\n')
    client = gateway.connect()
    client.logon()
    client.order("o1", t38="0.00001")
    client.expect("8", t150="8", t11="o1")
    client.send("1", (112, "counted"))
    assert client.next()[112] == "counted"
    gateway.stop(signal.SIGKILL)
    gateway.start()
    again = gateway.connect()
    again.next_out = 4
    again.logon()
    common = ((38, "0.01"), (40, "2"), (44, "54900"), (54, "1"), (55, "BTCUSDT"), (60, now_text()))
    again.send("D", (11, "o1"), *common, t43="Y", t122=now_text())
    again.send("D", (11, "o2"), *common, t43="Y", t122=now_text())
    again.expect("8", t150="0", t11="o2")


def test_a_list_repeated_after_a_kill_goes_on_behind_what_was_refused(start_gateway, tmp_path):
    """The kill came between the refusal of its first order and the second one, which nobody has heard of."""
    gateway = start_gateway(C1=f'store = "{tmp_path}/store"\n')
    client = gateway.connect()
    client.logon()
    client.order("o1", t38="0.00001")
    client.expect("8", t150="8", t11="o1")
    client.send("1", (112, "counted"))  # else the kill may come before the order is, and it is asked for again
    assert client.next()[112] == "counted"
    gateway.stop(signal.SIGKILL)
    gateway.start()
    again = gateway.connect()
    again.next_out = 4
    again.logon()
    orders = [((11, name), (67, place), (55, "BTCUSDT"), (54, "1"), (38, "0.01"), (40, "2"), (44, "54900"))
              for place, name in enumerate(("o1", "o2"), 1)]  # fmt: skip
    fields = [field for order in orders for field in order]
    again.send("E", (66, "l1"), (394, 3), (68, 2), (73, 2), *fields, t43="Y", t122=now_text())
    again.expect("N", t66="l1", t431="3")
    again.expect("8", t150="0", t11="o2")


def test_no_quantity_is_no_new_total(start_gateway):
    client = start_gateway().connect()
    client.logon()
    client.order("o1")
    client.expect("8", t150="0")
    client.change("G", "r1", "o1", (40, "2"), (38, "0"), (44, "54700"))
    client.expect("9", t11="r1", t102="0")


def test_a_repeated_cancel_is_one_cancel(start_gateway):
    """The gateway had it before the connection broke, or before it died: it is answered once."""
    client = start_gateway().connect()
    client.logon()
    client.order("o1")
    client.expect("8", t150="0")
    client.change("F", "c1", "o1")
    client.expect("8", t150="4", t11="c1")
    common = ((11, "c1"), (41, "o1"), (54, "1"), (55, "BTCUSDT"), (60, now_text()))
    client.send("F", *common, t43="Y", t122=now_text())
    client.send("F", *common)
    client.expect("9", t11="c1", t102="6")  # the second one, which does not say that it is a repetition


def test_a_throttled_client_may_still_cancel(start_gateway):
    gateway = start_gateway(C1="max_msgs_per_s = 3\n")
    client = gateway.connect()
    client.logon()
    for number in range(5):
        client.order(f"o{number}", t44=str(54900 + number))
    client.change("F", "c0", "o0")
    reports = [client.expect("8") for _ in range(6)]
    throttled = [report for report in reports if report.get(58) == "gateway throttle"]
    assert [report[103] for report in throttled] == ["3", "3"]
    assert sorted(report[150] for report in reports) == ["0", "0", "0", "4", "8", "8"]


def test_a_throttled_repetition_is_not_the_reject_of_the_first(start_gateway):
    """By 103=3 the client, and the gateway after a kill, would take the order that is open for refused."""
    client = start_gateway(C1="max_msgs_per_s = 1\n").connect()
    client.logon()
    client.order("o1")
    client.order("o1")
    client.order("o2")
    told = {(report[11], report.get(103), report[150]) for report in (client.expect("8") for _ in range(3))}
    assert told == {("o1", None, "0"), ("o1", "6", "8"), ("o2", "3", "8")}


@pytest.mark.parametrize("auth", ["password", "hmac"])
def test_a_client_proves_who_it_is(start_gateway, auth):
    gateway = start_gateway(C1=f'auth = "{auth}"\nusername = "desk1"\nsecret = "open sesame"\n')
    stranger = gateway.connect()
    stranger.send("A", (98, 0), (108, 30), (553, "desk1"), (554, "guess"))
    stranger.expect("5", t58="Authentication failed")
    assert stranger.is_closed()
    if auth == "password":
        assert gateway.connect().logon((553, "desk1"), (554, "open sesame"))[35] == "A"


def test_a_mass_cancel_leaves_symbols_alone_that_are_not_the_sessions(start_gateway, quiet_exchange):
    gateway = start_gateway(C1="", C2='symbols = ["ETHUSDT"]\n')
    one, two = gateway.connect("C1"), gateway.connect("C2")
    one.logon()
    two.logon()
    one.order("o1")
    one.expect("8", t150="0")
    for name, fields in (("q1", ((530, 7),)), ("q2", ((530, 1), (55, "BTCUSDT")))):
        two.send("q", (11, name), *fields, (60, now_text()))
        two.expect("r", t11=name, t533="0")
    assert len(open_orders(quiet_exchange)) == 1
    one.send("q", (11, "q3"), (530, 7), (60, now_text()))
    assert {one.expect_one_of("r", "8")[35] for _ in range(2)} == {"r", "8"}
    assert open_orders(quiet_exchange) == []


def test_the_gateways_own_end_counts_as_a_disconnect(start_gateway, quiet_exchange):
    gateway = start_gateway(C1='cancel_on_disconnect = "session"\ncod_type = 1\n')
    client = gateway.connect()
    client.logon()
    client.order("o1")
    client.expect("8", t150="0")
    assert gateway.stop() == 0
    assert open_orders(quiet_exchange) == []


def test_a_logout_is_no_disconnect_and_may_ask_for_its_orders_to_stay(start_gateway, quiet_exchange):
    gateway = start_gateway(C1='cancel_on_disconnect = "session"\n')
    client = gateway.connect()
    client.logon()
    client.order("o1")
    client.expect("8", t150="0")
    client.send("5", (9003, "Y"))
    client.expect("5")
    time.sleep(0.5)
    assert len(open_orders(quiet_exchange)) == 1


def test_instructions_run_together_are_taken_and_come_back_apart(start_gateway):
    gateway = start_gateway(C1="", DC='kind = "dropcopy"\n')
    client, copy = gateway.connect(), gateway.connect("DC")
    client.logon()
    copy.logon()
    client.order("o1", t18="6E", t54="2", t44="66000")
    report = client.expect("8", t11="o1")  # there may be no position to reduce; what it says of the order counts
    assert report[18] == "6 E"
    copy.expect("8", t11="o1", t18="6 E")


def test_a_code_of_later_versions_goes_only_to_who_used_it(start_gateway):
    gateway = start_gateway(C1='dialect = "extended"\n', DC='kind = "dropcopy"\n')
    client, copy = gateway.connect(is_extended=True), gateway.connect("DC")
    client.logon()
    copy.logon()
    client.order("o1", t40="W", t44="54900", t99="55000")
    client.expect("8", t150="0", t40="W", t1109="D", t20000="LimitIfTouched", t20003="2", t636="N")
    copy.expect("8", t150="0", t40="4", t99="55000")


def test_a_cancel_that_is_sent_again_is_answered_once(start_gateway):
    client = start_gateway().connect()
    client.logon()
    client.order("o1")
    client.expect("8", t150="0")
    common = ((11, "c1"), (41, "o1"), (54, "1"), (55, "BTCUSDT"), (60, now_text()))
    client.send("F", *common)
    client.expect("8", t150="4", t11="c1")
    client.send("F", *common, t43="Y", t122=now_text())
    client.send("1", (112, "sync"))
    assert client.next()[35] == "0"  # the answer is in the store, for whoever asks for it again
    client.send("F", *common)
    client.expect("9", t102="6")


def test_requests_older_than_their_window_are_stale(start_gateway):
    client = start_gateway().connect()
    client.logon()
    client.order("o1")
    client.expect("8", t150="0")
    client.order("o2", t25000="0")
    client.expect("8", t150="8", t103="8", t58="RecvWindow (25000) has passed")
    client.order("o3", t25000="-5")
    client.expect("8", t150="8", t103="8", t58="RecvWindow (25000) has passed")
    client.change("F", "c1", "o1", (25000, "0"))
    client.expect("9", t102="99", t434="1", t58="RecvWindow (25000) has passed")
    client.change("G", "r1", "o1", (25000, "0"), (40, "2"), (44, "54800"))
    client.expect("9", t102="99", t434="2", t58="RecvWindow (25000) has passed")
    client.change("F", "c2", "o1", (25000, "60000"))
    client.expect("8", t150="4", t11="c2")


def test_a_mass_cancel_of_all_takes_orders_of_other_programs_too(start_gateway, quiet_exchange):
    gateway = start_gateway(C1="", DC='kind = "dropcopy"\n')
    client, copy = gateway.connect(), gateway.connect("DC")
    client.logon()
    copy.logon()
    account = RestClient(quiet_exchange.ready, 2)
    account.call("PUT", "/g-orders/create", symbol="ETHUSDT", clOrdID=f"h{time.time_ns()}", side="Buy", ordType="Limit",
                 priceRp="2000", orderQtyRq="0.05", timeInForce="GoodTillCancel", posSide="Merged")  # fmt: skip
    copy.expect("8", t150="0", t55="ETHUSDT")
    client.send("q", (11, "q1"), (530, 7), (60, now_text()))
    client.expect("r", t531="7", t533="0")
    copy.expect("8", t150="4", t55="ETHUSDT")
    assert account.call("GET", "/g-orders/activeList", symbol="ETHUSDT").code == 10002
    account.close()
