"""A watchdog as a process of its own that outlives us: nothing that ends this process, a kill -9 included, ends it.

It is told everything over its standard input, secrets too: what stands in a command line or in the environment can be
read by others of this user, and by whoever lists processes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tidings.app.links.venue_access import VenueAccess
from tidings.config import CONFIG_FILE_VARIABLE, EngineSettings
from tidings.errors import ConfigError
from tidings.venue.phemex.endpoints import API_KEY_VARIABLE, API_SECRET_VARIABLE

# Kept so that nobody collects them: a Popen that goes away complains of a child that still runs.
_spawned: list[subprocess.Popen[bytes]] = []


def spawn_watchdog(settings: EngineSettings, access: VenueAccess, heartbeat_file: Path) -> int:
    """Start one for the engine that beats in `heartbeat_file`, and give its pid. It ends when that engine has ended.

    What it has to say stands beside the heartbeat, in a file with the ending .log. Raises ConfigError.
    """
    _spawned[:] = [child for child in _spawned if child.poll() is None]
    command = [sys.executable, "-m", "tidings", "watchdog", "--settings-on-stdin", "--once", "--json"]
    log_file = heartbeat_file.with_suffix(".log")
    try:
        log = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigError(f"the watchdog's log {log_file} cannot be written: {error.strerror}") from None
    try:
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=_environment(), start_new_session=True
        )
    except OSError as error:
        raise ConfigError(f"the watchdog cannot be started: {error.strerror}") from None
    finally:
        os.close(log)
    _spawned.append(child)
    assert child.stdin is not None
    with child.stdin as pipe:  # a few hundred bytes: the pipe takes them at once
        pipe.write(json.dumps(_told(settings, access, heartbeat_file)).encode())
    return child.pid


def spawned_has_ended(pid: int) -> bool:
    """Whether a watchdog that was started here is gone."""
    return any(child.pid == pid and child.poll() is not None for child in _spawned)


def _told(settings: EngineSettings, access: VenueAccess, heartbeat_file: Path) -> dict[str, object]:
    """Settings of the watchdog, by their names."""
    exchange = access.exchange
    secret = access.secret
    return {
        "env": settings.env,
        "api_url": exchange.rest_url if exchange is not None else settings.api_url,
        "ws_url": exchange.ws_url if exchange is not None else settings.ws_url,
        "ca_file": exchange.ca_file if exchange is not None else settings.ca_file,
        "api_key": access.api_key,
        "api_secret": secret.reveal() if secret is not None else None,
        "secret_encoding": settings.secret_encoding,
        "expiry_s": settings.expiry_s,
        "rate_limits": settings.rate_limits,
        "watchdog_file": str(heartbeat_file),
        "watchdog_stall_s": settings.watchdog_stall_s,
    }


def _environment() -> dict[str, str]:
    """Ours without what the child is told otherwise."""
    told = (API_KEY_VARIABLE, API_SECRET_VARIABLE, CONFIG_FILE_VARIABLE)
    return {name: value for name, value in os.environ.items() if name not in told}
