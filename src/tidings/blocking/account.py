"""What a connection and its order placer share: the engine in its thread, opened step by step as it is needed."""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import Coroutine
from typing import Any, TypeVar

from tidings.app.engine import Engine
from tidings.blocking.loop_thread import LoopThread
from tidings.config import EngineSettings, load_settings
from tidings.errors import ConfigError
from tidings.session.phemex import Phemex
from tidings.venue.phemex.endpoints import (
    API_KEY_VARIABLE,
    API_SECRET_VARIABLE,
    API_URL_VARIABLE,
    TESTNET,
    endpoints_of,
    environment_of,
)

Result = TypeVar("Result")

ORDER_DEADLINE_MAX_S = 60.0  # the engine's own limits
CONNECT_LIMIT_MAX_S = 120.0


class Account:
    """One account, or none: the public endpoints. Connects at first use; ends when it is closed or forgotten."""

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self._engine: Engine | None = None
        self._session: Phemex | None = None
        self._opening = asyncio.Lock()
        self._thread = LoopThread()
        self.close = weakref.finalize(self, self._thread.close)  # by itself at the interpreter's exit

    def need_key(self, what: str) -> None:
        """Raises ConfigError when there is no key."""
        if not self.has_key:
            raise ConfigError(f"{what} need a key: PhemexConnection(AuthCredentials(api_key, secret_key))")

    @property
    def has_key(self) -> bool:
        return self.settings.api_key is not None

    def wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run in the engine's thread, and wait for it here."""
        return self._thread.wait(work)

    # ---- In the engine's thread ----------------------------------------------------------------------------------

    async def engine(self) -> Engine:
        """The engine as far as questions need it: address, key and clock."""
        async with self._opening:
            return await self._reached()

    async def session(self) -> Phemex:
        """The session of the whole engine, order lanes and account streams included."""
        async with self._opening:
            if self._session is None:
                engine = await self._reached()
                try:
                    await engine.start()
                except BaseException:
                    self._engine = None  # it has closed itself; the next call tries anew
                    raise
                self._session = Phemex(engine)
            return self._session

    async def _reached(self) -> Engine:
        if self._engine is None:
            engine = Engine(self.settings)
            await engine.reach_venue()
            self._thread.closing.push_async_callback(engine.stop)
            self._engine = engine
        return self._engine


def settings_for(
    credentials: dict[str, Any], *, api_url: str | None, ca_file: str | None, timeout_s: float, requests_max: int | None
) -> EngineSettings:
    """The engine's settings, checked. Keys come from the credentials, never from the environment."""
    url = api_url or os.environ.get(API_URL_VARIABLE) or f"https://{endpoints_of(TESTNET).rest.authority}"
    hidden = (API_KEY_VARIABLE, API_SECRET_VARIABLE, API_URL_VARIABLE)
    return load_settings(
        environment_of(url),
        environ={name: value for name, value in os.environ.items() if name not in hidden},
        api_url=url.rstrip("/"),
        ca_file=ca_file,
        requests_per_minute_max=requests_max,
        request_timeout_s=timeout_s,
        deadline_s=min(timeout_s, ORDER_DEADLINE_MAX_S),
        connect_timeout_s=min(timeout_s, CONNECT_LIMIT_MAX_S),
        **credentials,
    )
