"""The library our TLS calls is the one this Python has loaded."""

import ssl

from tidings.net.libssl import openssl_version


def test_library_is_pythons_own():
    # "" is right for a Python with another TLS library; this suite's other tests then run through `ssl` twice.
    assert openssl_version() in (ssl.OPENSSL_VERSION, "")


def test_library_is_found_wherever_ssl_is_a_shared_openssl():
    import _ssl

    if hasattr(_ssl, "__file__") and ssl.OPENSSL_VERSION.startswith("OpenSSL "):
        assert openssl_version()
