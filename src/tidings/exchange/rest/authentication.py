"""Who is asking: API keys, REST signatures and stream logins, checked as the venue checks them.

REST: hex HMAC-SHA-256 over path + query + expiry + body, all four exactly as they were transmitted, no separators
(phemex docs 2026, "Request authentication"). Stream: over key + expiry (phemex docs 2026, "User authentication"). The
HMAC key is the text of the secret; `base64url` decodes it first, as the 2024 docs say and no current client does.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from tidings.exchange.server.http_request import Request
from tidings.exchange.venue_rules import Rules

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

SecretEncoding = Literal["raw", "base64url"]
BLOCK_BYTES = 64  # of SHA-256
KEYS_KEPT = 1_000

_EXPIRY = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key pair of one user. The secret is in no repr."""

    api_key: str
    user_id: int
    secret: bytes  # what the HMAC is keyed with, already decoded

    def __repr__(self) -> str:
        return f"ApiKey({self.api_key!r}, user_id={self.user_id})"


class Unauthenticated(Exception):
    """A request or login that proves nothing, or not enough: the JSON the venue answers with, and its HTTP status."""

    def __init__(self, body: str, status: int = 401) -> None:
        super().__init__(body)
        self.body = body.encode()
        self.status = status


# The first form is a gateway's, code as text and no `data`; the second the key service's. Both seen by clients of the
# live venue.
_UNKNOWN_KEY = {
    "401": '{"code":"401","msg":"401 Failed to load API KEY."}',
    "find": '{"msg":"Failed to find api-key %s","code":10500}',
    "not-found": '{"msg":"Api key not found %s","code":10500}',
}
_BAD_SIGNATURE = '{"msg":"API Signature verification failed.","code":10500}'
_NOT_ALLOWED = '{"code":"401","msg":"401 Insufficient privilege."}'
_DENIED = '{"code":"39996","msg":"Access denied."}'  # a gateway's, seen by clients; when, nobody says
_WRONG_ADDRESS = '{"code":"401","msg":"401 Request IP mismatch."}'
_MISSING_HEADER = '{"msg":"Missing required parameter","code":10500}'
# The venue's own text is unknown
_TOO_FAR = '{"msg":"API Signature verification failed, expiry too far.","code":10500}'
_EXPIRED = '{"msg":"API Signature verification failed, request expired.","code":10500}'


class Authenticator:
    """All keys of the exchange, and the two checks."""

    def __init__(self, keys: Iterable[ApiKey], rules: Rules | None = None) -> None:
        self._rules = rules or Rules()
        self._keys = {key.api_key: key for key in keys}

    def user_of_key(self, api_key: str) -> int:
        """Whose key it is, proved or not; 0 for nobody's."""
        key = self._keys.get(api_key)
        return key.user_id if key else 0

    def user_of_request(self, request: Request, wall_ns: int) -> int:
        """The user id that signed `request`. Raises `Unauthenticated`."""
        headers = request.headers
        token = headers.get("x-phemex-access-token", "")
        expiry = headers.get("x-phemex-request-expiry", "")
        signature = headers.get("x-phemex-request-signature", "")
        if not (token and expiry and signature):
            raise Unauthenticated(_MISSING_HEADER)
        key = self._keys.get(token)
        if key is None:
            body = _UNKNOWN_KEY[self._rules.unknown_key_body]
            raise Unauthenticated(body.replace("%s", _shown(token)))
        if _EXPIRY.fullmatch(expiry) is None or not self._is_signed_request(key, request, expiry, signature):
            raise Unauthenticated(_BAD_SIGNATURE)
        if self._rules.rest_expiry_max_s and int(expiry) - wall_ns // 1_000_000_000 > self._rules.rest_expiry_max_s:
            raise Unauthenticated(_TOO_FAR)
        if wall_ns > int(expiry) * 1_000_000_000:
            raise Unauthenticated(_EXPIRED)
        self._check_privilege(request.method)
        return key.user_id

    def _check_privilege(self, method: str) -> None:
        """403 is "lack of privilege" (phemex docs 2026, "HTTP return codes")."""
        match self._rules.key_privilege:
            case "other-address":
                raise Unauthenticated(_WRONG_ADDRESS)
            case "none":
                raise Unauthenticated(_DENIED, 403)
            case "read" if method != "GET":
                raise Unauthenticated(_NOT_ALLOWED, 403)

    def _is_signed_request(self, key: ApiKey, request: Request, expiry: str, signature: str) -> bool:
        """Whether the signature is over the query as it was sent, or as it reads decoded: which, is a rule."""
        form = self._rules.signature_text
        if form != "decoded":
            text = f"{request.path}{request.query}{expiry}".encode("latin-1") + request.body
            if _is_signed(key, text, signature):
                return True
        if form == "sent" or (form == "either" and "%" not in request.query):
            return False
        decoded = f"{request.path}{unquote(request.query)}{expiry}".encode() + request.body
        return _is_signed(key, decoded, signature)

    def user_of_login(self, params: object, wall_ns: int) -> int | None:
        """The user id behind the parameters of `user.auth`, or None if the login is refused (stream code 6012)."""
        match params:
            case ["API", str(token), str(signature), int(expiry_s)] if not isinstance(expiry_s, bool):
                now_s = wall_ns // 1_000_000_000
                key = self._keys.get(token)
                if key is None or not now_s <= expiry_s <= now_s + self._rules.stream_expiry_max_s:
                    return None
                if self._rules.key_privilege in ("none", "other-address"):
                    return None
                return key.user_id if _is_signed(key, f"{token}{expiry_s}".encode(), signature) else None
        return None


def decode_secret(text: str, encoding: SecretEncoding) -> bytes:
    """The HMAC key behind the secret `text`: its bytes, or what they mean in URL-safe base64 (padding optional)."""
    if encoding == "raw":
        return text.encode()
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def make_api_key(user_id: int, random_bytes: Callable[[int], bytes], encoding: SecretEncoding) -> tuple[ApiKey, str]:
    """A new key pair in the venue's shapes, and the secret's text: a UUID, and 64 characters of URL-safe base64."""
    token = random_bytes(16).hex()
    api_key = f"{token[:8]}-{token[8:12]}-4{token[13:16]}-a{token[17:20]}-{token[20:]}"
    text = base64.urlsafe_b64encode(random_bytes(48)).decode()
    return ApiKey(api_key, user_id, decode_secret(text, encoding)), text


def _shown(token: str) -> str:
    """A key's id as it may stand in a JSON string."""
    return "".join(c for c in token[:40] if c.isascii() and (c.isalnum() or c == "-"))


def _is_signed(key: ApiKey, text: bytes, signature: str) -> bool:
    if _SIGNATURE.fullmatch(signature) is None:  # lower case only: the venue compares text
        return False
    inner, outer = (state.copy() for state in _hash_states(key.secret))
    inner.update(text)
    outer.update(inner.digest())
    return hmac.compare_digest(outer.hexdigest(), signature)


@lru_cache(maxsize=KEYS_KEPT)
def _hash_states(secret: bytes) -> "tuple[Hash, Hash]":
    """HMAC's two hashes (RFC 2104 §2), the key already in them: half the work of a short text."""
    key = (hashlib.sha256(secret).digest() if len(secret) > BLOCK_BYTES else secret).ljust(BLOCK_BYTES, b"\0")
    return hashlib.sha256(bytes(byte ^ 0x36 for byte in key)), hashlib.sha256(bytes(byte ^ 0x5C for byte in key))
