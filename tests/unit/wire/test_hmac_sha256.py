"""HMAC-SHA-256 against RFC 4231 and the standard library, on every tier this processor has."""

import copy
import hmac
import os
import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.errors import ConfigError
from tidings.wire.hmac_sha256 import TIER_NAMES, HmacPrefix, HmacSha256, available_tiers, current_tier, use_tier

# RFC 4231 §4.2 to §4.8; the fifth is truncated there to 128 bits.
RFC_4231 = [
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
        b"hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
]
# Around every place where padding changes: the length field, one block, two blocks.
LENGTHS = [0, 1, *range(54, 66), *range(119, 130), 1000]
MESSAGE = bytes(index * 7 % 256 for index in range(1000))


def expected(key: bytes, message: bytes) -> str:
    return hmac.digest(key, message, "sha256").hex()


@pytest.fixture(params=available_tiers())
def tier(request):
    """Each tier in turn, the one in use put back afterwards."""
    before = current_tier()
    use_tier(request.param)
    yield request.param
    use_tier(before)


@pytest.mark.parametrize(("key", "message", "digest"), RFC_4231)
def test_rfc_4231(tier, key, message, digest):
    assert HmacSha256(key).hexdigest(message)[: len(digest)] == digest


@pytest.mark.parametrize("length", LENGTHS)
def test_every_length_around_a_block(tier, length):
    assert HmacSha256(b"k" * 43).hexdigest(MESSAGE[:length]) == expected(b"k" * 43, MESSAGE[:length])


@pytest.mark.parametrize("length", LENGTHS)
def test_every_key_length_around_a_block(tier, length):
    assert HmacSha256(MESSAGE[:length]).hexdigest(b"message") == expected(MESSAGE[:length], b"message")


@pytest.mark.parametrize("prefix_bytes", LENGTHS)
def test_resumes_after_any_prefix(tier, prefix_bytes):
    prefix = HmacSha256(b"key").after(MESSAGE[:prefix_bytes])

    for rest_bytes in (0, 1, 63, 64, 65, 200):
        rest = MESSAGE[:rest_bytes]
        assert prefix.hexdigest(rest) == expected(b"key", MESSAGE[:prefix_bytes] + rest)


@given(key=st.binary(max_size=200), prefix=st.binary(max_size=300), rest=st.binary(max_size=300))
def test_any_key_and_any_message(key, prefix, rest):
    for name in available_tiers():
        use_tier(name)
        assert HmacSha256(key).hexdigest(prefix + rest) == expected(key, prefix + rest)
        assert HmacSha256(key).after(prefix).hexdigest(rest) == expected(key, prefix + rest)


def test_a_key_shows_and_yields_nothing():
    key = HmacSha256(b"very-secret-key")

    assert "secret" not in repr(key) + str(vars(type(key)).keys())
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            take(key)
    with pytest.raises(TypeError):
        HmacPrefix()


def test_refuses_a_key_that_is_no_bytes():
    with pytest.raises(TypeError):
        HmacSha256("text")
    with pytest.raises(TypeError):
        HmacSha256(None)


def test_unknown_tier_is_named(tier):
    with pytest.raises(ConfigError, match=r"'md5' is not available here: choose one of generic"):
        use_tier("md5")
    assert current_tier() == tier


def test_generic_runs_everywhere_and_the_fastest_is_the_default():
    assert available_tiers()[0] == "generic"
    assert set(available_tiers()) <= set(TIER_NAMES)
    assert tier_of_a_new_process("") == available_tiers()[-1]


def test_environment_forces_a_tier():
    assert tier_of_a_new_process("generic") == "generic"
    with pytest.raises(subprocess.CalledProcessError):
        tier_of_a_new_process("no-such-tier")


def tier_of_a_new_process(name: str) -> str:
    program = "from tidings.wire.hmac_sha256 import current_tier; print(current_tier())"
    environment = {**os.environ, "TIDINGS_SHA256_TIER": name, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    run = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True)
    return run.stdout.strip()
