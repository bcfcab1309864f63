"""A certificate authority and a server certificate, made fresh at every start of the local exchange.

Nothing is reused between starts and nothing is installed anywhere: a client is told the path of the authority's
certificate (the `ca_file` of the ready line) and verifies against it, exactly as it verifies the real venue against
its own store. The authority's private key never leaves memory; the server's lies in a directory of mode 0700, in a
file of mode 0600, and goes with `close()`.
"""

import datetime
import ipaddress
import re
import shutil
import ssl
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_DAYS = 7  # longer than any run, short enough that a forgotten file is worthless
CLOCK_SKEW = datetime.timedelta(hours=1)  # a client whose clock is a little behind must still accept it
LABEL = r"\w(?:[\w-]{0,61}\w)?"
HOST_NAME = re.compile(rf"(?:\*\.)?(?:{LABEL}\.)*{LABEL}", re.ASCII)
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


class Certificates:
    """The files of one run: `ca_file` (public, for clients), and what `server_context()` loads. A context manager.

    The server is known by the loopback's names, and by `names`: host names and addresses.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._names = list(dict.fromkeys(map(_general_name, (*LOOPBACK_NAMES, *names))))
        self._directory = Path(tempfile.mkdtemp(prefix="tidings-exchange-"))  # mkdtemp: mode 0700
        self.ca_file = self._directory / "ca.pem"
        self._chain_file = self._directory / "server.pem"
        self._key_file = self._directory / "server-key.pem"
        try:
            self._make()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Certificates":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove every file. Safe to call twice."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def server_context(self) -> ssl.SSLContext:
        """A TLS context for the listening side: HTTP/1.1 only, TLS 1.2 or newer."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self._chain_file, self._key_file)
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _make(self) -> None:
        ca_key = ec.generate_private_key(ec.SECP256R1())
        ca_name = _name("tidings local exchange CA")
        ca = _authority(ca_name, ca_key)
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = _leaf(ca_name, ca_key, key.public_key(), self._names)
        self.ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
        self._chain_file.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
        text = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._key_file.touch(mode=0o600, exist_ok=False)  # private before it holds anything
        self._key_file.write_bytes(text)


def is_name(text: str) -> bool:
    """Whether a certificate can name `text`: an address, or a host name, which may begin with `*.`."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return len(text) <= 253 and HOST_NAME.fullmatch(text) is not None
    return "%" not in text


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    """What both certificates share: names, key, serial number, validity."""
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + datetime.timedelta(days=VALID_DAYS))
    )


def _key_usage(*, sign: bool) -> x509.KeyUsage:
    """A CA signs certificates and lists; a leaf signs handshakes."""
    return x509.KeyUsage(
        digital_signature=not sign, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=sign, crl_sign=sign, encipher_only=False, decipher_only=False,
    )


def _authority(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    public = key.public_key()
    return (
        _builder(name, name, public)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def _leaf(
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePublicKey,
    names: Sequence[x509.GeneralName],
) -> x509.Certificate:
    # Python 3.13 verifies with VERIFY_X509_STRICT: key identifiers and key usage must be there.
    return (
        _builder(_name("localhost"), issuer, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(_key_usage(sign=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
