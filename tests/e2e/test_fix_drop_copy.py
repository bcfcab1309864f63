"""A drop copy goes on after a reset: over the real gateway, with a restart in the middle and with many reports."""

import signal
import time

import pytest
from fix_client import FixClient


def reports_until(copy: FixClient, count: int) -> list[dict[int, str]]:
    return [copy.expect("8", t797="Y") for _ in range(count)]


@pytest.mark.parametrize("end", [None, signal.SIGTERM, signal.SIGKILL])
def test_the_feed_goes_on_after_a_reset(start_gateway, tmp_path, end):
    store = f'store = "{tmp_path}/store"\n'
    gateway = start_gateway(C1=store, DC=f'kind = "dropcopy"\n{store}')
    trader, copy = gateway.connect("C1"), gateway.connect("DC")
    trader.logon()
    copy.logon()
    trader.order("o1")
    trader.expect("8", t150="0")
    (first,) = reports_until(copy, 1)
    assert 97 not in first
    copy.close()
    time.sleep(0.3)
    trader.order("o2", t44="54901")
    trader.expect("8", t150="0")
    trader.change("F", "c1", "o1")
    trader.expect("8", t150="4")
    if end is not None:
        gateway.stop(end)
        gateway.start()
    again = gateway.connect("DC")
    assert again.logon((141, "Y"))[34] == "1"
    one, two, three = reports_until(again, 3)
    assert [report[34] for report in (one, two, three)] == ["2", "3", "4"]
    assert [report[97] for report in (one, two, three)] == ["Y", "Y", "Y"]
    assert one[17] == first[17]  # it may not have arrived: known by its ExecID
    assert [(report[11], report[150]) for report in (two, three)] == [("o2", "0"), ("c1", "4")]
    again.send("1", (112, "sync"))
    answer = again.next()  # and no more reports than these
    assert (answer[35], answer[112], answer[34]) == ("0", "sync", "5")

    if end is not None:
        trader = gateway.connect("C1")
        trader.next_out = 5
        trader.logon()
    trader.order("o3", t44="54902")
    live = again.expect("8", t11="o3", t150="0")
    assert 97 not in live


def test_in_session_resets_and_resends_work_for_a_drop_copy_too(start_gateway):
    gateway = start_gateway(C1="", DC='kind = "dropcopy"\n')
    trader, copy = gateway.connect("C1"), gateway.connect("DC")
    trader.logon()
    copy.logon()
    trader.order("o1")
    copy.expect("8", t11="o1", t34="2")
    copy.send("A", (98, 0), (108, 30), (141, "Y"), seq=1)
    copy.next_out = 2
    copy.expect("A", t141="Y", t34="1")
    copy.expect("8", t11="o1", t34="2", t97="Y")  # nobody knows whether the first one has arrived
    trader.order("o2", t44="54901")
    assert 97 not in copy.expect("8", t11="o2", t34="3")
    copy.send("2", (7, 1), (16, 0))
    copy.expect("4", t36="2", t123="Y")
    copy.expect("8", t11="o1", t34="2", t43="Y")
    copy.expect("8", t11="o2", t34="3", t43="Y")
