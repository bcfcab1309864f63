"""Takes out of bytes what would give an account away to whoever reads them later."""

from __future__ import annotations

from tidings.venue.phemex.signing import Credentials

HIDDEN = b"[hidden]"
# As venue/phemex/order_encoder writes them.
_SECRET_FIELDS = (b"\nx-phemex-access-token: ", b"\nx-phemex-request-signature: ")


class Redaction:
    """`credentials`: whose key must not be seen anywhere; None: there is none."""

    def __init__(self, credentials: Credentials | None) -> None:
        self._key = credentials.api_key.encode() if credentials is not None else b""

    def of_request(self, request: bytes) -> bytes:
        """A request of an order lane without its token and signature."""
        for field in _SECRET_FIELDS:
            before, name, rest = request.partition(field)
            if name:
                request = b"".join((before, name, HIDDEN, rest[rest.find(b"\r") :]))
        return self.of_message(request)

    def of_message(self, message: bytes) -> bytes:
        """What the venue said, without the key should it ever repeat it; it never has the secret."""
        return message.replace(self._key, HIDDEN) if self._key and self._key in message else message
