"""A pid is not a process: its start and the machine's run tell it from the next one of the same number."""

import dataclasses
import os
import subprocess
import sys

import pytest

from tidings.app.lifeline.process_identity import ProcessIdentity, start_ticks, this_boot
from tidings.app.state_directory import state_directory

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_this_process_is_alive():
    own = ProcessIdentity.own()
    assert (own.pid, own.is_alive()) == (os.getpid(), True)


@on_linux
def test_process_of_another_start_or_another_boot_is_another():
    own = ProcessIdentity.own()
    assert own.start_ticks > 0
    assert own.boot == this_boot() > 0
    assert not dataclasses.replace(own, start_ticks=own.start_ticks - 1).is_alive()
    assert not dataclasses.replace(own, boot=own.boot + 1).is_alive()


@on_linux
def test_zombie_is_dead():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = ProcessIdentity(child.pid, start_ticks(child.pid), this_boot())
    was_alive = identity.is_alive()
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has asked how
    assert (was_alive, identity.is_alive(), start_ticks(child.pid)) == (True, False, 0)
    child.communicate()


def test_process_without_proc_is_asked_by_signal_zero():
    assert ProcessIdentity(os.getpid(), 0, 0).is_alive()
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert not ProcessIdentity(child.pid, 0, 0).is_alive()
    assert not ProcessIdentity(0, 0, 0).is_alive()


def test_state_directory_is_where_the_user_wants_it(tmp_path):
    assert state_directory({"XDG_STATE_HOME": str(tmp_path), "HOME": "/h"}) == tmp_path / "tidings"
    assert str(state_directory({"XDG_STATE_HOME": "relative", "HOME": "/h"})) == "/h/.local/state/tidings"
    assert str(state_directory({"HOME": "/h"})) == "/h/.local/state/tidings"
