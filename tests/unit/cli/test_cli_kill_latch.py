"""What `tidings kill` makes of a latch that cannot be written: what counts is whether engines see one."""

import io
from types import SimpleNamespace

import pytest

from tidings.app.kill.kill_latch import KillLatch, Latched
from tidings.cli import kill
from tidings.cli.screen import Screen


@pytest.mark.parametrize(("is_there", "told"), [(True, "latched, but why"), (False, "engines that run are not told")])
def test_a_latch_that_is_there_is_one_whatever_the_disk_took(tmp_path, is_there, told):
    latch, screen = KillLatch(tmp_path / "state" / "a.kill"), Screen(as_json=False, out=io.StringIO())
    if is_there:
        latch.path.parent.mkdir()
        latch.path.symlink_to("/dev/full")  # nobody writes through a link
    else:
        latch.path.parent.touch()
    problem = kill._write(latch, Latched(reason="runs wild"), screen)
    assert (problem == "", latch.is_set()) == (is_there, is_there)
    assert told in screen.progress.getvalue()


async def test_whatever_goes_wrong_behind_the_latch_is_told(tmp_path, monkeypatch, capsys):
    async def broken(options, screen):
        raise KeyError("rows")

    latch = KillLatch(tmp_path / "a.kill")
    monkeypatch.setattr(kill, "_latch_of", lambda options: latch)
    monkeypatch.setattr(kill, "_empty_account", broken)
    code = await kill._kill(SimpleNamespace(reason="runs wild"), Screen(as_json=False))
    assert (code, latch.is_set()) == (1, True)
    assert "latched; nothing verified: KeyError('rows'): orders may be open" in capsys.readouterr().err
