"""The certificates of a run: accepted by a strict verifier for loopback names only, private, gone at the end."""

import ssl
import stat

import pytest

from tidings.exchange.server.certificates import Certificates, is_name


def handshake(certificates: Certificates, name: str) -> None:
    """A whole TLS handshake in memory, the client verifying as strictly as OpenSSL can."""
    client = ssl.create_default_context(cafile=certificates.ca_file)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        certificates.server_context().wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(6):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert ends[0].version() in ("TLSv1.2", "TLSv1.3")


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_a_strict_client_accepts_the_loopback_names(name):
    with Certificates() as certificates:
        handshake(certificates, name)


@pytest.mark.parametrize("name", ["example.com", "127.0.0.2"])
def test_a_client_refuses_any_other_name(name):
    with Certificates() as certificates, pytest.raises(ssl.SSLCertVerificationError):
        handshake(certificates, name)


@pytest.mark.parametrize("name", ["exchange", "api.venue.test", "192.0.2.7", "2001:db8::7", "localhost"])
def test_names_that_were_asked_for_are_accepted_too(name):
    with Certificates(["exchange", "*.venue.test", "192.0.2.7", "2001:db8::7", "localhost"]) as certificates:
        handshake(certificates, name)


@pytest.mark.parametrize("text", ["exchange", "a_b.example.com", "*.venue.test", "192.0.2.7", "2001:db8::7"])
def test_what_a_certificate_can_name(text):
    assert is_name(text)


@pytest.mark.parametrize(
    "text", ["", "a b", "-a", "a..b", "a.", "fe80::1%eth0", "b\u00fccher.de", "https://a.de", "a:443", "a" * 64]
)
def test_what_a_certificate_cannot_name(text):
    assert not is_name(text)


def test_a_client_that_does_not_know_this_authority_refuses():
    with Certificates() as certificates, Certificates() as others:
        certificates.ca_file.write_bytes(others.ca_file.read_bytes())
        with pytest.raises(ssl.SSLCertVerificationError):
            handshake(certificates, "localhost")


def test_the_directory_and_the_key_are_private_and_gone_after_close():
    with Certificates() as certificates:
        directory = certificates.ca_file.parent
        keys = [path for path in directory.iterdir() if b"PRIVATE KEY" in path.read_bytes()]
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert [stat.S_IMODE(path.stat().st_mode) for path in keys] == [0o600]
    assert not directory.exists()
