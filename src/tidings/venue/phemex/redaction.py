"""Takes out of bytes what would give an account away to whoever reads them later."""

from __future__ import annotations

import re

from tidings.venue.phemex.signing import Credentials

HIDDEN = b"[hidden]"
_SECRET_FIELD = re.compile(rb"(?i)(x-phemex-(?:access-token|request-signature): )[^\r\n]*")


class Redaction:
    """`credentials`: whose key must not be seen anywhere; None: there is none."""

    def __init__(self, credentials: Credentials | None) -> None:
        self._key = credentials.api_key.encode() if credentials is not None else b""

    def of_request(self, request: bytes) -> bytes:
        """An HTTP request without its token and signature."""
        return self.of_message(_SECRET_FIELD.sub(rb"\1" + HIDDEN, request))

    def of_message(self, message: bytes) -> bytes:
        """What the venue said, without the key should it ever repeat it; it never has the secret."""
        return message.replace(self._key, HIDDEN) if self._key and self._key in message else message
