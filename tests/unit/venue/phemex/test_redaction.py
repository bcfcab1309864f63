"""What would give an account away is taken out, and nothing else."""

from tidings.venue.phemex.redaction import Redaction
from tidings.venue.phemex.signing import Credentials

KEY = "canary-key-0451"
REQUEST = (
    b"PUT /g-orders/create?symbol=BTCUSDT&clOrdID=T1 HTTP/1.1\r\n"
    b"Host: api.example\r\n"
    b"x-phemex-access-token: canary-key-0451\r\n"
    b"x-phemex-request-expiry: 1796023233\r\n"
    b"x-phemex-request-signature: 0123456789abcdef\r\n\r\n"
)
HIDDEN = (
    b"PUT /g-orders/create?symbol=BTCUSDT&clOrdID=T1 HTTP/1.1\r\n"
    b"Host: api.example\r\n"
    b"x-phemex-access-token: [hidden]\r\n"
    b"x-phemex-request-expiry: 1796023233\r\n"
    b"x-phemex-request-signature: [hidden]\r\n\r\n"
)


def test_token_and_signature_leave_a_request() -> None:
    assert Redaction(Credentials(KEY, "c2VjcmV0", "raw")).of_request(REQUEST) == HIDDEN
    assert Redaction(None).of_request(REQUEST) == HIDDEN


def test_the_key_leaves_whatever_repeats_it() -> None:
    redaction = Redaction(Credentials(KEY, "c2VjcmV0", "raw"))
    assert redaction.of_message(b'{"key":"canary-key-0451","x":1}') == b'{"key":"[hidden]","x":1}'
    untouched = b'{"x":1}'
    assert redaction.of_message(untouched) is untouched
    assert Redaction(None).of_message(b"") == b""
