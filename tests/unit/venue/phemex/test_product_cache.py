"""The product cache: what was stored comes back whole, and anything else counts as nothing."""

import logging
from pathlib import Path

import pytest

from tidings.venue.phemex.product_cache import CachedCatalogue, ProductCache, cache_directory

S = 1_000_000_000
BODY = b'{"code":0,\n"data":{"products":[]}}\n'


@pytest.fixture
def cache(tmp_path):
    return ProductCache(tmp_path / "made" / "tidings")


def test_what_was_stored_comes_back_whole(cache):
    assert cache.store("api.phemex.com", BODY, 5 * S)

    assert cache.load("api.phemex.com") == CachedCatalogue(BODY, 5 * S)


def test_hosts_do_not_share(cache):
    cache.store("127.0.0.1:8443", b"one", 1)
    cache.store("127.0.0.1_8443", b"two", 2)

    assert cache.load("127.0.0.1:8443").body == b"one"
    assert cache.load("127.0.0.1:9000") is None


def test_storing_again_replaces_and_leaves_nothing_behind(cache):
    cache.store("api.phemex.com", b"old", 1)
    cache.store("api.phemex.com", b"new", 2)

    assert cache.load("api.phemex.com") == CachedCatalogue(b"new", 2)
    assert len(list(cache.directory.iterdir())) == 1


def test_a_host_name_cannot_leave_the_directory(cache):
    assert cache.path_of("../../etc/passwd\0").parent == cache.directory


def test_every_damage_counts_as_nothing(cache):
    cache.store("api.phemex.com", BODY, 1)
    path = cache.path_of("api.phemex.com")
    whole = path.read_bytes()

    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        assert cache.load("api.phemex.com") is None
        path.write_bytes(whole[:cut] + bytes([whole[cut] ^ 0x11]) + whole[cut + 1 :])
        assert cache.load("api.phemex.com") is None
    path.write_bytes(whole + b"x")
    assert cache.load("api.phemex.com") is None


def test_an_unwritable_place_is_logged_and_survived(tmp_path, caplog):
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    cache = ProductCache(blocked / "tidings")

    with caplog.at_level(logging.WARNING):
        assert not cache.store("api.phemex.com", BODY, 1)
        assert cache.load("api.phemex.com") is None

    assert "cannot be written" in caplog.text


def test_a_failed_write_leaves_the_old_and_no_scraps(cache, monkeypatch):
    cache.store("api.phemex.com", b"old", 1)

    def fail(descriptor):
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    assert not cache.store("api.phemex.com", b"new", 2)

    assert cache.load("api.phemex.com").body == b"old"
    assert len(list(cache.directory.iterdir())) == 1


@pytest.mark.parametrize(
    ("age_s", "text"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (200_000, "2 days")],
)
def test_age_for_people(age_s, text):
    found = CachedCatalogue(b"", 10 * S)

    assert found.age_text(10 * S + age_s * S) == text
    assert found.age_s(10 * S + age_s * S) == age_s


def test_a_catalogue_from_the_future_has_no_age():
    assert CachedCatalogue(b"", 10 * S).age_s(0) == 0


@pytest.mark.parametrize(
    ("environ", "platform", "directory"),
    [
        ({"HOME": "/u/ann"}, "linux", "/u/ann/.cache/tidings"),
        ({"HOME": "/u/ann", "XDG_CACHE_HOME": "/var/cache/ann"}, "linux", "/var/cache/ann/tidings"),
        ({"HOME": "/u/ann", "XDG_CACHE_HOME": "relative"}, "linux", "/u/ann/.cache/tidings"),
        ({"HOME": "/u/ann", "XDG_CACHE_HOME": "/x"}, "darwin", "/u/ann/Library/Caches/tidings"),
    ],
)
def test_the_platforms_place(environ, platform, directory):
    assert cache_directory(environ, platform) == Path(directory)
