"""The ready file: whole, its owner's alone, and gone with the server."""

import os
import stat

import pytest

from tidings.errors import ConfigError
from tidings.exchange.ready_file import ready_file_with, remove_stale


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


def test_the_file_of_another_server_outlives_ours(tmp_path):
    path = tmp_path / "ready.json"
    with ready_file_with('{"pid": 1}', path):
        path.write_text('{"pid": 2}\n')
    assert path.read_text() == '{"pid": 2}\n'


def test_a_directory_is_refused_by_name_and_no_keys_are_left_beside_it(tmp_path):
    path = tmp_path / "ready"
    path.mkdir()
    with pytest.raises(ConfigError, match=str(path)), ready_file_with('{"api_secret": "s"}', path):
        pass
    with pytest.raises(ConfigError, match="is a directory"):
        remove_stale(path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "text", [f'{{"pid": {os.getpid()}}}', '{"pid": 4194305}', "{}", "", "[1]"],
    ids=["ours", "of nobody", "without pid", "empty", "another document"],
)
def test_a_stale_file_is_gone_before_the_server_starts(tmp_path, text):
    path = tmp_path / "ready.json"
    path.write_text(text)
    remove_stale(path)
    remove_stale(path)  # nothing there is fine
    assert not path.exists()


def test_the_file_of_one_that_runs_stays_while_another_starts(tmp_path):
    path = tmp_path / "ready.json"
    path.write_text(f'{{"pid": {os.getppid()}}}')
    remove_stale(path)
    assert path.exists()
