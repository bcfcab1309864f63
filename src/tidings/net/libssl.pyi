"""The OpenSSL inside this Python."""

def openssl_version() -> str:
    """The version of the library our TLS calls directly, or "" where it cannot be reached (then `ssl` is used)."""
