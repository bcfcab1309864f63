"""Endpoints: the right hosts, and no way to real money that was not named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.errors import ConfigError
from tidings.venue.phemex.endpoints import ENVIRONMENTS, Address, endpoints_of


def test_there_are_four_environments():
    assert ENVIRONMENTS == ("local", "testnet", "live", "vip")


@pytest.mark.parametrize(
    ("environment", "rest_host", "stream_host", "stream_path", "signs_pings", "is_real_money"),
    [
        ("testnet", "testnet-api.phemex.com", "testnet-api.phemex.com", "/ws", False, False),
        ("live", "api.phemex.com", "ws.phemex.com", "", False, True),
        ("vip", "vapi.phemex.com", "vapi.phemex.com", "/ws", True, True),
    ],
)
def test_the_venues_hosts(environment, rest_host, stream_host, stream_path, signs_pings, is_real_money):
    found = endpoints_of(environment)

    assert found.rest == Address(rest_host, 443, "", True)
    assert found.stream == Address(stream_host, 443, stream_path, True)
    assert (found.signs_pings, found.is_real_money) == (signs_pings, is_real_money)


def test_local_takes_the_addresses_of_the_ready_file():
    found = endpoints_of("local", rest_url="https://127.0.0.1:8443", ws_url="wss://127.0.0.1:8443/ws")

    assert found.rest == Address("127.0.0.1", 8443, "", True)
    assert found.stream == Address("127.0.0.1", 8443, "/ws", True)


def test_local_without_tls_is_allowed_on_loopback():
    found = endpoints_of("local", rest_url="http://[::1]:80/", ws_url="ws://localhost:8080")

    assert found.rest == Address("::1", 80, "", False)
    assert found.stream == Address("localhost", 8080, "", False)


@pytest.mark.parametrize(
    ("address", "authority"),
    [
        (Address("api.phemex.com", 443, "", True), "api.phemex.com"),
        (Address("localhost", 8443, "", True), "localhost:8443"),
        (Address("::1", 80, "", False), "[::1]"), (Address("::1", 443, "", False), "[::1]:443"),
    ],
)
def test_authority_is_what_a_host_header_holds(address, authority):
    assert address.authority == authority


@pytest.mark.parametrize(
    ("environment", "urls"),
    [
        ("testnet", {"rest_url": "https://api.phemex.com"}), ("testnet", {"ws_url": "wss://ws.phemex.com"}),
        ("testnet", {"rest_url": "https://API.Phemex.com."}), ("testnet", {"rest_url": "https://vapi.phemex.com"}),
        ("testnet", {"rest_url": "https://phemex.com"}),
    ],
)
def test_testnet_never_leads_to_real_money(environment, urls):
    with pytest.raises(ConfigError, match="real money"):
        endpoints_of(environment, **urls)


def test_local_stays_on_this_machine():
    with pytest.raises(ConfigError, match="environment local stays on this machine"):
        endpoints_of("local", rest_url="https://api.phemex.com", ws_url="wss://127.0.0.1/ws")


def test_an_override_of_a_live_host_is_the_owners_choice():
    assert endpoints_of("live", rest_url="https://gateway.example:9000").rest.host == "gateway.example"


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("api.phemex.com", "https://"), ("hunter2@api.phemex.com", "https://"),
        ("ftp://testnet-api.phemex.com", "https://"),
        ("http://testnet-api.phemex.com", "without TLS"), ("https://", "no host"), ("https:///x", "no host"),
        ("https://user:hunter2@testnet-api.phemex.com", "password"), ("https://h.example:99999", "not a URL"),
        ("https://h.example:0", "port 0"), ("https://h.example/path", "path"), ("https://h.example?x=1", "query"),
        ("https://h.example#f", "fragment"), ("https://h.example\r\nHost: x", "white space"),
        ("https://[::1", "not a URL"), ("https://bücher.example", "no host"),
    ],
)
def test_a_bad_url_is_named_without_its_secrets(url, named):
    with pytest.raises(ConfigError, match=named) as refused:
        endpoints_of("testnet", rest_url=url)

    assert "hunter2" not in str(refused.value)


def test_local_without_addresses_says_so():
    with pytest.raises(ConfigError, match="the REST URL is missing"):
        endpoints_of("local")


def test_an_unknown_environment_is_named():
    with pytest.raises(ConfigError, match=r"local, testnet, live, vip, was 'prod'"):
        endpoints_of("prod")


@given(st.text(max_size=60))
def test_any_text_gives_an_address_or_a_config_error(text):
    try:
        found = endpoints_of("testnet", rest_url=text or "x", ws_url="wss://" + text)
    except ConfigError:
        return
    assert found.rest.is_tls
