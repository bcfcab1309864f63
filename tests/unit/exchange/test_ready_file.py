"""The ready file: whole, its owner's alone, and gone with the server."""

import stat

import pytest

from tidings.errors import ConfigError
from tidings.exchange.ready_file import ready_file_with


def test_it_is_there_while_the_server_is(tmp_path):
    path = tmp_path / "ready.json"
    with ready_file_with('{"pid": 1}', path):
        assert path.read_text() == '{"pid": 1}\n'
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert list(tmp_path.iterdir()) == [path]
    assert not path.exists()


def test_without_a_path_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ready_file_with("{}", None):
        assert list(tmp_path.iterdir()) == []


def test_where_it_cannot_be_written_it_is_named(tmp_path):
    path = tmp_path / "missing" / "ready.json"
    with pytest.raises(ConfigError, match=str(path)), ready_file_with("{}", path):
        pass
