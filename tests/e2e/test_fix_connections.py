"""Who may connect to the gateway, how, and what ends a connection: over real sockets, against the command."""

from test_fix_gateway import open_orders, start_gateway  # noqa: F401  a fixture

PASSWORD = 'auth = "password"\nusername = "u"\nsecret = "right"\n'


def test_a_newcomer_with_the_right_password_takes_over(start_gateway, quiet_exchange):  # noqa: F811
    gateway = start_gateway(C1=f'{PASSWORD}takeover = true\ncancel_on_disconnect = "session"\n')
    first = gateway.connect()
    first.logon((553, "u"), (554, "right"))
    first.order("o1")
    first.expect("8", t150="0")
    thief = gateway.connect()
    thief.send("A", (98, 0), (108, 30), (553, "u"), (554, "wrong"))
    assert thief.is_closed()
    assert thief.received == []
    second = gateway.connect()
    second.next_out = 3
    second.logon((553, "u"), (554, "right"))
    assert first.is_closed()
    second.change("F", "c1", "o1")
    # The order is still there: the session came back in the same moment, nothing was cancelled for its absence.
    second.expect("8", t150="4", t11="c1", t41="o1")
    assert open_orders(quiet_exchange) == []


def test_a_message_that_is_too_long_ends_the_connection(start_gateway):  # noqa: F811
    gateway = start_gateway("max_message = 2048\n", C1="")
    client = gateway.connect()
    client.logon()
    client.order("o1", t58="x" * 40)
    client.expect("8", t150="0")
    client.order("o2", t58="x" * 3000)
    assert client.is_closed()
    again = gateway.connect()
    again.next_out = 3
    again.logon()
    again.order("o2", t44="54901")
    again.expect("8", t150="0", t11="o2")


def test_an_order_session_may_log_on_as_a_drop_copy(start_gateway):  # noqa: F811
    gateway = start_gateway(C1="", C2="", MD='kind = "md"\n', DC='kind = "dropcopy"\n')
    trader, copy = gateway.connect("C1"), gateway.connect("C2")
    trader.logon()
    copy.logon((9406, "Y"))
    trader.order("o1")
    trader.expect("8", t150="0")
    copy.expect("8", t150="0", t11="o1", t797="Y")
    copy.order("o2")
    copy.expect("j", t380="6")
    copy.send("5")
    copy.expect("5")
    again = gateway.connect("C2")
    again.next_out = copy.next_out
    again.logon()  # without 9406: orders again
    again.order("o2", t44="54901")
    own = again.expect("8", t150="0", t11="o2")
    assert 797 not in own
    for client, flag, words in (("MD", "Y", "for market data"), ("DC", "N", "is a drop copy")):
        refused = gateway.connect(client)
        refused.send("A", (98, 0), (108, 30), (9406, flag))
        refused.expect("5", t58=f"DropCopyFlag (9406): this session {'is ' if flag == 'Y' else ''}{words}")
        assert refused.is_closed()
