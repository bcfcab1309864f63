"""The context of the fallback; its behaviour is tested beside libssl's in test_tls and test_connection."""

import ssl

from tidings.net.tls_memory import make_ssl_context


def test_context_verifies_certificate_and_name(authority):
    context = make_ssl_context(authority.ca_file)
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert not context.hostname_checks_common_name
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_COMPRESSION
    assert context.options & ssl.OP_NO_RENEGOTIATION


def test_context_trusts_only_the_authority_named(authority):
    assert len(make_ssl_context(authority.ca_file).get_ca_certs()) == 1


def test_context_writes_no_keys_to_a_log(authority, monkeypatch, tmp_path):
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    assert make_ssl_context(authority.ca_file).keylog_filename is None
