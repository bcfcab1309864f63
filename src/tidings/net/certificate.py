"""What to tell the user when a peer's certificate is refused: which host, why, and what to do about it."""

from tidings.errors import ConnectionLost

# openssl/x509_vfy.h, X509_V_ERR_*: the refusals users meet, and what helps.
_ADVICE = {
    9: "compare this machine's clock with the real time",
    10: "compare this machine's clock with the real time; if it is right, the host must renew its certificate",
    18: "if the host is your own, name its certificate or its authority's as ca_file",
    19: "if the authority is your own, name its certificate as ca_file",
    20: "if the authority is your own, name its certificate as ca_file; else look for this machine's (SSL_CERT_FILE)",
    62: "connect to a name the certificate lists",
    64: "connect to an address the certificate lists",
}


def certificate_refused(peer: str, code: int, reason: str) -> ConnectionLost:
    """The error to raise for OpenSSL's verify result `code`, which means `reason`."""
    advice = _ADVICE.get(code, "do not trade over this connection")
    return ConnectionLost(f"{peer}: certificate refused: {reason}; nothing was sent: {advice}")
