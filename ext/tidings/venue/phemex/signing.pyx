"""What Phemex wants signed, and by whom.

A request: path + query + expiry + body, plainly joined, the query as it is sent but without its "?". A stream login:
key id + expiry. Both by HMAC-SHA-256 in lower-case hex (phemex docs 2026, REST and stream authentication).

The secret's text itself is the key ("raw"): every current client of the venue does it so. The 2024 docs decode it from
URL-safe base64, which the venue issues without padding: "base64url" is for keys that need that.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.number cimport PyNumber_Index
from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.stdint cimport int64_t, uint8_t, uint32_t

from tidings.wire.digits cimport DECIMAL_BYTES_MAX, write_int64
from tidings.wire.hmac_sha256 cimport SIGNATURE_HEX_BYTES, HmacSha256, MacState, mac_update, make_hmac_sha256, wipe

import re

from tidings.errors import ConfigError, UsageError

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* count) except NULL
    bint PyUnicode_IS_ASCII(object text)

cdef enum:
    SECRET_BYTES_MAX = 512      # the venue's are about 80; a longer one is a mistake, such as a whole file

_API_KEY = re.compile(r"[A-Za-z0-9._~-]{1,128}")
_WHITE_SPACE_OR_CONTROL = re.compile(r"[\s\x00-\x1f\x7f]")


cdef class Credentials:
    def __init__(self, str api_key not None, str secret not None, str secret_encoding not None="raw"):
        if not _API_KEY.fullmatch(api_key):
            raise ConfigError("the API key must be 1 to 128 letters, digits or any of . _ ~ -: check PHEMEX_API_KEY")
        self.api_key = api_key
        self.key = make_key(secret, secret_encoding)

    def __repr__(self):
        return f"Credentials({self.api_key!r})"

    def sign_request(self, str path not None, str query not None, expiry_s, bytes body not None=b""):
        return _sign_request(self.key, path, query, PyNumber_Index(expiry_s), body)

    def sign_login(self, expiry_s):
        cdef MacState state
        self.key.start(&state)
        _update_text(&state, self.api_key)
        _update_int(&state, PyNumber_Index(expiry_s))
        return _finish(self.key, &state)


def sign_request(
    str path not None, str query not None, expiry_s, body not None, str secret not None,
    str secret_encoding not None="raw",
):
    """The signature of one request, for scripts and checks; `Credentials` keeps the key and is five times as fast."""
    cdef bytes body_bytes = body.encode() if isinstance(body, str) else body
    return _sign_request(make_key(secret, secret_encoding), path, query, PyNumber_Index(expiry_s), body_bytes)


cdef HmacSha256 make_key(str secret, str secret_encoding):
    """The key states of `secret`. Error texts never hold any part of it, and no copy of it outlives the call."""
    cdef Py_ssize_t secret_bytes
    cdef const char* text
    if secret_encoding not in ("raw", "base64url"):
        raise ConfigError(f"secret_encoding must be 'raw' or 'base64url': was {secret_encoding!r}")
    if not secret:
        raise ConfigError("the API secret is empty: check PHEMEX_API_SECRET")
    if not secret.isascii() or _WHITE_SPACE_OR_CONTROL.search(secret):
        raise ConfigError("the API secret holds white space or characters beyond ASCII: copy it again")
    if len(secret) > SECRET_BYTES_MAX:
        raise ConfigError(f"the API secret is longer than {SECRET_BYTES_MAX} characters: is it the right text?")
    text = PyUnicode_AsUTF8AndSize(secret, &secret_bytes)
    if secret_encoding == "raw":
        return make_hmac_sha256(text, secret_bytes)
    return _make_decoded_key(text, secret_bytes)


cdef HmacSha256 _make_decoded_key(const char* text, Py_ssize_t count):
    """Key states of a base64url secret (RFC 4648 §5), with or without its padding; the decoded bytes are wiped."""
    cdef uint8_t[SECRET_BYTES_MAX] decoded
    cdef Py_ssize_t written = 0, index
    cdef uint32_t bits = 0
    cdef int bit_count = 0, digit = 0
    cdef HmacSha256 key = None
    while count and text[count - 1] == c"=":
        count -= 1
    for index in range(count):
        digit = _base64url_digit(text[index])
        if digit < 0:
            break
        bits = (bits << 6 | <uint32_t>digit) & 0xFFFF
        bit_count += 6
        if bit_count >= 8:
            bit_count -= 8
            decoded[written] = <uint8_t>(bits >> bit_count)
            written += 1
    if digit >= 0 and bit_count < 6 and written:
        key = make_hmac_sha256(<const char*>decoded, written)
    wipe(decoded, sizeof(decoded))
    if key is None:
        raise ConfigError("the API secret is not base64url (A-Z a-z 0-9 - _): check it, or use secret_encoding='raw'")
    return key


cdef int _base64url_digit(char byte) noexcept:
    """Value of one base64url character, -1 for any other."""
    if c"A" <= byte <= c"Z":
        return byte - c"A"
    if c"a" <= byte <= c"z":
        return byte - c"a" + 26
    if c"0" <= byte <= c"9":
        return byte - c"0" + 52
    if byte == c"-":
        return 62
    return 63 if byte == c"_" else -1


cdef str _sign_request(HmacSha256 key, str path, str query, int64_t expiry_s, bytes body):
    cdef MacState state
    if not path.startswith("/") or "?" in path or not _is_visible(path):
        raise UsageError(f"path must begin with '/' and hold no '?' or white space: was {path!r}")
    if query.startswith("?") or not _is_visible(query):
        raise UsageError(f"query must be as sent, without white space and without its '?': was {query!r}")
    key.start(&state)
    _update_text(&state, path)
    _update_text(&state, query)
    _update_int(&state, expiry_s)
    mac_update(&state, PyBytes_AS_STRING(body), PyBytes_GET_SIZE(body))
    return _finish(key, &state)


cdef bint _is_visible(str text) except -1:
    """Whether all of it is ASCII from '!' to '~': what a request line can hold."""
    cdef Py_ssize_t count, index
    cdef const char* start
    cdef bint is_visible = PyUnicode_IS_ASCII(text)
    if is_visible:
        start = PyUnicode_AsUTF8AndSize(text, &count)
        for index in range(count):
            is_visible &= c"!" <= start[index] <= c"~"
    return is_visible


cdef int _update_text(MacState* state, str text) except -1:
    cdef Py_ssize_t count
    cdef const char* start = PyUnicode_AsUTF8AndSize(text, &count)
    mac_update(state, start, count)
    return 0


cdef int _update_int(MacState* state, int64_t expiry_s) except -1:
    cdef char[DECIMAL_BYTES_MAX] digits
    if expiry_s <= 0:
        raise UsageError(f"expiry_s must be Unix time in whole seconds: was {expiry_s}")
    mac_update(state, digits, write_int64(digits, expiry_s))
    return 0


cdef str _finish(HmacSha256 key, MacState* state):
    cdef char[SIGNATURE_HEX_BYTES] hex_out
    key.finish_hex(state, hex_out)
    return PyUnicode_DecodeASCII(hex_out, SIGNATURE_HEX_BYTES, NULL)
