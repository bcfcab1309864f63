"""Refusals say which host, why, and what to do."""

from tidings.net.certificate import certificate_refused


def test_message_names_host_reason_and_remedy():
    error = certificate_refused("venue.example:443", 10, "certificate has expired")
    assert str(error) == (
        "venue.example:443: certificate refused: certificate has expired; nothing was sent: compare this machine's "
        "clock with the real time; if it is right, the host must renew its certificate"
    )
    assert isinstance(error, ConnectionError)


def test_refusal_without_a_known_remedy_says_so():
    assert str(certificate_refused("h:1", 23, "certificate revoked")).endswith("do not trade over this connection")
