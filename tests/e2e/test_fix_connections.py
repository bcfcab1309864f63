"""Who may connect to the gateway, how, and what ends a connection: over real sockets, against the command."""

import base64
import datetime
import hashlib
import hmac
import ipaddress
import re
import socket
import ssl
import time
from contextlib import suppress
from statistics import median

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fix_client import FixClient, now_text
from gateway_process import open_orders
from tidings_command import tidings

QUESTIONS_MAX = 3_000  # some 13 kB each; the kernel's own buffers take a few MB
PASSWORD = 'auth = "password"\nusername = "u"\nsecret = "right"\n'


def test_a_newcomer_with_the_right_password_takes_over(start_gateway, quiet_exchange):
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


def test_a_message_that_is_too_long_ends_the_connection(start_gateway):
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


def test_an_order_session_may_log_on_as_a_drop_copy(start_gateway):
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


def server_certificate(directory):
    """A self-signed certificate for 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (directory / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (directory / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return directory / "cert.pem", directory / "key.pem"


def raw_socket(gateway, source: str = "") -> socket.socket:
    host, port = gateway.ready["fix"].rsplit(":", 1)
    return socket.create_connection((host, int(port)), 10, (source, 0) if source else None)


def test_orders_go_over_tls_and_plain_text_is_not_answered(start_gateway, tmp_path):
    certificate, key = server_certificate(tmp_path)
    gateway = start_gateway(listen=f'tls_certificate = "{certificate}"\ntls_key = "{key}"\n', C1="")
    context = ssl.create_default_context(cafile=str(certificate))
    connection = context.wrap_socket(raw_socket(gateway), server_hostname="127.0.0.1")
    assert connection.version() in ("TLSv1.2", "TLSv1.3")
    client = FixClient(gateway.ready["fix"], connection=connection)
    client.logon()
    client.order("o1")
    client.expect("8", t150="0")
    client.send("2", (7, 1), (16, 0))
    client.expect("4", t36="2")
    client.expect("8", t43="Y", t11="o1")
    plain = gateway.connect("C1")
    plain.send("A", (98, 0), (108, 30))
    assert plain.is_closed()
    assert plain.received == []
    assert tidings("gateway", "status", "--json").json["tls"] is True
    assert gateway.stop() == 0
    client.expect("5", t58="Server shutting down")


def test_only_its_addresses_may_be_a_session(start_gateway):
    gateway = start_gateway(C1='allowed_addresses = ["127.0.0.2", "127.0.0.3"]\n', C2="")
    stranger = gateway.connect("C1")
    stranger.send("A", (98, 0), (108, 30))
    assert stranger.is_closed()
    assert stranger.received == []
    gateway.connect("C2").logon()
    for source in ("127.0.0.2", "127.0.0.3"):
        client = FixClient(gateway.ready["fix"], connection=raw_socket(gateway, source))
        client.logon((141, "Y"))
        client.close()
        time.sleep(0.2)


def test_a_client_that_does_not_read_is_cut_off_and_loses_nothing(start_gateway):
    """What waits for it is bounded; another client notices nothing of it."""
    orders = 30
    gateway = start_gateway("max_out_buffer = 262144\n", C1="", C2="")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # else the kernel alone takes some megabytes
    host, port = gateway.ready["fix"].rsplit(":", 1)
    connection.connect((host, int(port)))
    slow, other = FixClient(gateway.ready["fix"], connection=connection), gateway.connect("C2")
    slow.logon()
    other.logon()
    for number in range(orders):
        slow.order(f"o{number}", t44=str(54000 + number))
        slow.expect("8", t150="0")
    trips_s: list[float] = []
    while "is too slow" not in gateway.log:
        assert len(trips_s) < QUESTIONS_MAX
        with suppress(OSError):  # cut off while it asks
            slow.send("AF", (584, f"m{len(trips_s)}"), (585, 7))
        began_s = time.monotonic()
        other.send("1", (112, "x"))
        assert other.next()[35] == "0"
        trips_s.append(time.monotonic() - began_s)
    assert median(trips_s) < 0.1, "and none was left without an answer for the client's patience"
    waiting = int(re.search(r"is too slow: (\d+) bytes wait", gateway.log)[1])
    assert 262_144 < waiting < 262_144 + 20_000
    again = gateway.connect("C1")
    again.next_out = slow.next_out + 1
    first = int(again.logon()[34])
    again.expect("2")
    again.send("4", (36, again.next_out + 1), (123, "Y"), seq=int(again.received[-1][7]), t43="Y", t122=now_text())
    again.send("2", (7, orders + 2), (16, 0))
    told = [again.expect("8", t150="I", t43="Y")[34] for _ in range(first - orders - 2)]
    assert [int(seq) for seq in told] == list(range(orders + 2, first))


def test_a_flood_is_logged_out(start_gateway):
    gateway = start_gateway(C1="max_msgs_per_s = 2\n")
    client = gateway.connect()
    client.logon()
    for number in range(25):
        client.send("AF", (584, f"m{number}"), (585, 7))
    while (message := client.next())[35] == "8":
        pass
    assert (message[35], message[58]) == ("5", "message rate")


def test_an_hmac_logon_is_checked(start_gateway):
    gateway = start_gateway(C1='auth = "hmac"\nusername = "desk1"\nsecret = "open sesame"\n')

    def log_on(secret: bytes, *, seq: int = 1, told_seq: int = 1) -> FixClient:
        client, moment = gateway.connect(), now_text()
        text = "\x01".join([moment, "A", str(told_seq), "C1", "PHEMEX", "desk1"])
        proof = base64.b64encode(hmac.new(secret, text.encode(), hashlib.sha256).digest()).decode()
        client.send("A", (98, 0), (108, 30), (95, len(proof)), (96, proof), (554, "desk1"), seq=seq, t52=moment)
        return client

    for refused in (log_on(b"open sesamy"), log_on(b"open sesame", seq=1, told_seq=2)):
        refused.expect("5", t58="Authentication failed")
        assert refused.is_closed()
    log_on(b"open sesame").expect("A", t34="2")  # 1 is passed over, once: the Logouts had it, and took none


def test_both_sides_may_ask_for_a_resend_at_once(start_gateway, tmp_path):
    gateway = start_gateway(C1=f'store = "{tmp_path}/store"\n')
    client = gateway.connect()
    client.logon()
    for number in range(3):
        client.order(f"o{number}", t44=str(54900 + number))
        client.expect("8", t150="0")
    client.close()
    time.sleep(0.2)
    again = gateway.connect()
    again.next_out = 8  # 5, 6 and 7 went nowhere: an order and two heartbeats
    assert again.logon()[34] == "5"
    again.send("2", (7, 2), (16, 0))
    again.expect("2", t7="5", t16="0")
    fields = ((11, "lost"), (38, "0.01"), (40, "2"), (44, "54800"), (54, "1"), (55, "BTCUSDT"), (60, now_text()))
    again.send("D", *fields, seq=5, t43="Y", t122=now_text())
    again.send("4", (36, 10), (123, "Y"), seq=6, t43="Y", t122=now_text())
    again.next_out = 10
    found = [again.next() for _ in range(5)]
    repeated = [message[34] for message in found if message.get(43) == "Y" and message[35] == "8"]
    assert repeated == ["2", "3", "4"]
    assert [message[36] for message in found if message[35] == "4"] == ["7"]
    assert [message[11] for message in found if message[35] == "8" and 43 not in message] == ["lost"]
    again.send("1", (112, "whole"))
    answer = again.next()
    assert (answer[35], answer[112]) == ("0", "whole")


def test_reset_on_logon_begins_at_1_whatever_the_logon_says(start_gateway, tmp_path):
    gateway = start_gateway(C1=f'reset_on_logon = true\nstore = "{tmp_path}/store"\n')
    for round_number in range(3):
        client = gateway.connect()
        reply = client.logon()
        assert (reply[34], reply.get(141)) == ("1", None)
        client.order(f"o{round_number}", t44=str(54900 + round_number))
        client.expect("8", t34="2", t150="0")
        client.close()
        time.sleep(0.2)
    client = gateway.connect()
    client.next_out = 7
    client.logon()  # a number that is too high: held, and what is missing is asked for
    client.expect("2", t7="1", t16="0")


def test_a_second_logon_inside_a_session_resets_or_ends_it(start_gateway):
    gateway = start_gateway()
    client = gateway.connect()
    client.logon()
    client.order("o1")
    client.expect("8", t150="0")
    client.send("A", (98, 0), (108, 30), (141, "Y"), seq=1)
    client.next_out = 2
    client.expect("A", t34="1", t141="Y")
    client.change("F", "c1", "o1")
    client.expect("8", t34="2", t150="4")
    client.send("A", (98, 0), (108, 30))
    assert client.is_closed()


def test_silent_connections_are_sent_away(start_gateway):
    """After logon_timeout; and when there are too many of them, the oldest at once, so that clients still get in."""
    gateway = start_gateway(C1="logon_timeout = 2\n")
    silent = [gateway.connect("NOBODY") for _ in range(299)]
    began_s = time.monotonic()
    silent.append(gateway.connect("NOBODY"))
    gateway.connect().logon()
    for number in (0, 43):
        with suppress(ConnectionError):
            assert silent[number].socket.recv(1) == b""
    assert gateway.log.count("256 connections without a Logon: the oldest, from ") >= 44, "not for their silence"
    assert silent[299].socket.recv(1) == b""
    assert time.monotonic() - began_s > 1.5
