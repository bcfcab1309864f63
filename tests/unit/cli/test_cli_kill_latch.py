"""What `tidings kill` makes of a latch that cannot be written: what counts is whether engines see one."""

import io

import pytest

from tidings.app.kill.kill_latch import KillLatch, Latched
from tidings.cli.kill import _write
from tidings.cli.screen import Screen


@pytest.mark.parametrize(("is_there", "told"), [(True, "latched, but why"), (False, "engines that run are not told")])
def test_a_latch_that_is_there_is_one_whatever_the_disk_took(tmp_path, is_there, told):
    latch, screen = KillLatch(tmp_path / "state" / "a.kill"), Screen(as_json=False, out=io.StringIO())
    if is_there:
        latch.path.parent.mkdir()
        latch.path.symlink_to("/dev/full")  # nobody writes through a link
    else:
        latch.path.parent.touch()
    problem = _write(latch, Latched(reason="runs wild"), screen)
    assert (problem == "", latch.is_set()) == (is_there, is_there)
    assert told in screen.progress.getvalue()
