"""What Phemex wants signed, and by whom: requests and stream logins."""

class Credentials:
    """An API key: its id in the open, its secret only as hash states, wiped with the object. `repr` shows the id."""

    def __init__(self, api_key: str, secret: str, secret_encoding: str = "raw") -> None:
        """`secret_encoding` is "raw" (the text is the key) or "base64url" (decoded first; padding optional).

        ConfigError if either text cannot be a key; its message holds no part of the secret.
        """
    @property
    def api_key(self) -> str:
        """The key's id, as sent in every private request."""
    def sign_request(self, path: str, query: str, expiry_s: int, body: bytes = b"") -> str:
        """64 hex digits for `x-phemex-request-signature`: over path + query + expiry + body.

        `query` is as sent, without its "?"; `expiry_s` is Unix time.
        """
    def sign_login(self, expiry_s: int) -> str:
        """64 hex digits for the stream's `user.auth`: over key id + expiry."""

def sign_request(
    path: str, query: str, expiry_s: int, body: bytes | str, secret: str, secret_encoding: str = "raw"
) -> str:
    """The signature of one request, for scripts and checks: 64 lower-case hex digits.

    UsageError for a path or query that could not be sent as it is, ConfigError for an impossible secret.
    """
