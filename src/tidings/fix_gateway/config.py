"""The gateway's configuration file: TOML, every key checked. A key nobody knows is an error that names it."""

from __future__ import annotations

import os
import re
import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta
from msgspec.structs import force_setattr, replace

from tidings.app.state_directory import state_directory
from tidings.errors import ConfigError
from tidings.fix.session_settings import SessionSettings
from tidings.model.enums import Trigger

LOOPBACK = ("127.0.0.1", "::1", "localhost")
MEMORY = "memory"
NOT_OF_THE_ENGINE = {
    "env": "name it on the command line, --env",
    "account": "each session names its own",
    "api_key": "an [[account]] names the variable that has it",
    "api_secret": "an [[account]] names the variable that has it",
}
_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_TRIGGERS = {"last": Trigger.LAST_PRICE, "mark": Trigger.MARK_PRICE, "index": Trigger.INDEX_PRICE}


class ListenSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where clients connect."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 0  # 0: a free one
    tls_certificate: str = ""
    tls_key: str = ""
    allow_plaintext: bool = False  # without TLS only on loopback, unless this says so
    busy_poll: bool = False  # never sleep: costs a core, halves the round trip


class AccountSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account of the venue: where its key is found."""

    name: str
    api_key_env: str = "PHEMEX_API_KEY"
    api_secret_env: str = "PHEMEX_API_SECRET"


class ClientSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One session: who it is, and what it may do."""

    our_comp_id: str
    client_comp_id: str
    account: str  # index of the local exchange's account, or the name of an [[account]]
    kind: Literal["order", "dropcopy", "md"] = "order"
    auth: Literal["none", "password", "hmac"] = "none"
    username: str = ""
    secret: str = ""
    secret_env: str = ""  # variable that has the secret, so that no file needs to
    allowed_addresses: tuple[str, ...] = ()  # none: any
    reset_on_logon: bool = False
    reset_at: str = ""  # HH:MM UTC; "": never
    send_next_expected: bool = False
    dialect: Literal["strict44", "extended"] = "strict44"
    validate: Literal["strict", "lenient"] = "strict"
    timestamp_precision: Literal[0, 3, 6, 9] = 3
    max_latency: Annotated[int, Meta(ge=1)] = 120  # seconds
    heartbeat_min: Annotated[int, Meta(ge=0)] = 0
    heartbeat_max: Annotated[int, Meta(ge=0)] = 3600
    logout_timeout: Annotated[int, Meta(ge=1)] = 2
    logon_timeout: Annotated[int, Meta(ge=1)] = 10
    pending_acks: bool = False
    day_is_gtc: bool = False
    trigger_by: Literal["last", "mark", "index"] = "last"
    cancel_on_disconnect: Literal["off", "session", "account"] = "off"
    cod_type: Literal[0, 1, 2, 3] = 3  # 1 on a disconnect, 2 on a Logout, 3 on both
    cod_window_ms: Annotated[int, Meta(ge=0, le=60_000)] = 0
    max_resend_age: Annotated[float, Meta(gt=0)] = 5.0  # seconds
    unknown_timeout: Annotated[float, Meta(gt=0)] = 30.0  # seconds until a second notice of an unknown outcome
    max_msgs_per_s: Annotated[int, Meta(ge=0)] = 0  # 0: no limit
    burst_msgs: Annotated[int, Meta(ge=0)] = 0  # 0: as many as in one second
    symbols: tuple[str, ...] = ()  # none: all
    takeover: bool = False  # a second Logon with the right credentials ends the first connection
    store: str = ""  # "memory", or a directory; default: the gateway's
    fsync: Literal["", "off", "interval", "always"] = ""  # default: the gateway's

    def __post_init__(self) -> None:
        if self.auth != "none" and not (self.secret or self.secret_env):
            raise ValueError(f"session {self.client_comp_id}: auth = {self.auth!r} needs secret or secret_env")
        if self.takeover and self.auth == "none":
            raise ValueError(f"session {self.client_comp_id}: takeover needs auth: else anybody could end a connection")
        if self.heartbeat_min > self.heartbeat_max:
            raise ValueError(f"session {self.client_comp_id}: heartbeat_min is above heartbeat_max")
        if self.reset_at and not _TIME_OF_DAY.fullmatch(self.reset_at):
            where = f"session {self.client_comp_id}: reset_at"
            raise ValueError(f'{where} is a time of the day in UTC, HH:MM, or "" for never: was {self.reset_at!r}')
        for address in self.allowed_addresses:
            try:
                ip_address(address)
            except ValueError:
                where = f"session {self.client_comp_id}: allowed_addresses"
                raise ValueError(f"{where}: {address!r} is no address") from None

    def __repr__(self) -> str:
        """Without the secret: settings end up in logs."""
        return f"ClientSettings({self.name}, account {self.account})"

    @property
    def name(self) -> str:
        """What its orders are kept under."""
        return f"{self.our_comp_id}-{self.client_comp_id}"

    @property
    def directory(self) -> Path | None:
        """Where its sequence numbers and messages lie; None: in memory."""
        if self.store == MEMORY:
            return None
        return (Path(self.store) if self.store else state_directory() / "fix") / self.name

    @property
    def trigger(self) -> Trigger:
        return _TRIGGERS[self.trigger_by]

    def session_settings(self, max_message_bytes: int = 65_536) -> SessionSettings:
        """What the session layer is told. Raises ConfigError if a secret's variable is not set."""
        secret = self.secret
        if self.secret_env:
            secret = os.environ.get(self.secret_env, "")
            if not secret:
                raise ConfigError(f"session {self.client_comp_id}: the variable {self.secret_env} is not set")
        return SessionSettings(
            our_comp_id=self.our_comp_id,
            client_comp_id=self.client_comp_id,
            heartbeat_min_s=self.heartbeat_min,
            heartbeat_max_s=self.heartbeat_max,
            reset_on_logon=self.reset_on_logon,
            reset_at=self.reset_at,
            send_next_expected=self.send_next_expected,
            is_lenient=self.validate == "lenient",
            is_extended=self.dialect == "extended",
            timestamp_digits=self.timestamp_precision,
            max_latency_s=self.max_latency,
            logon_timeout_s=self.logon_timeout,
            logout_timeout_s=self.logout_timeout,
            auth=self.auth,
            username=self.username,
            password=secret,
            max_msgs_per_s=self.max_msgs_per_s,
            burst_msgs=self.burst_msgs,
            takeover=self.takeover,
            max_message_bytes=max_message_bytes,
        )


class GatewayConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    listen: ListenSettings = ListenSettings()
    session: tuple[ClientSettings, ...] = ()
    account: tuple[AccountSettings, ...] = ()
    engine: dict[str, Any] = {}  # settings of the engines behind it (docs/settings.md)
    store: str = ""  # of sessions that name none: "memory", or a directory; default: in the user's state directory
    fsync: Literal["off", "interval", "always"] = "off"  # of sessions that name none
    keep_days: Annotated[int, Meta(ge=1)] = 30  # logs of numbers that were reset; drop copies go on from them
    max_message: Annotated[int, Meta(ge=1024, le=16 * 1024 * 1024)] = 65_536  # bytes; a longer one ends the connection
    log: str = ""  # directory of the message logs, one file per session; "": none
    max_out_buffer: Annotated[int, Meta(ge=65_536)] = 8 * 1024 * 1024  # bytes waiting for one client

    def __post_init__(self) -> None:
        if not self.session:
            raise ValueError("there is no [[session]]")
        for name in NOT_OF_THE_ENGINE:
            if name in self.engine:
                raise ValueError(f"engine: {name} is no setting of an engine here: {NOT_OF_THE_ENGINE[name]}")
        sessions = tuple(
            replace(session, store=session.store or self.store, fsync=session.fsync or self.fsync)
            for session in self.session
        )
        force_setattr(self, "session", sessions)
        pairs = [(session.our_comp_id, session.client_comp_id) for session in self.session]
        for pair in pairs:
            if pairs.count(pair) > 1:
                raise ValueError(f"two sessions have the CompIDs {pair[0]} and {pair[1]}")
        listen = self.listen
        if bool(listen.tls_certificate) != bool(listen.tls_key):
            raise ValueError("listen: tls_certificate and tls_key belong together")
        if not listen.tls_certificate and not listen.allow_plaintext and listen.host not in LOOPBACK:
            raise ValueError(f"listen: {listen.host} is no loopback address: give tls_certificate and tls_key")

    def account_options(self, name: str, env: str) -> dict[str, Any]:
        """How `connect` is told which account it is. Raises ConfigError."""
        for account in self.account:
            if account.name == name:
                key, secret = os.environ.get(account.api_key_env), os.environ.get(account.api_secret_env)
                if not key or not secret:
                    names = f"{account.api_key_env} and {account.api_secret_env}"
                    raise ConfigError(f"account {name}: set the variables {names}")
                return {"api_key": key, "api_secret": secret}
        if env == "local" and name.isdigit():
            return {"account": int(name)}
        raise ConfigError(f"account {name!r} has no [[account]]" + ("" if env != "local" else ", and is no index"))


_SECTIONS: Final = {"session": ClientSettings, "listen": ListenSettings, "account": AccountSettings, "": GatewayConfig}


def _choices(error: str) -> str:
    """What the key may be that the error is about, where that is one of a few words."""
    found = re.search(r"`\$\.(?:(\w+)(?:\[\d+\])?\.)?(\w+)`$", error)
    section = _SECTIONS.get(found[1] or "") if found else None
    if found is None or section is None:
        return ""
    hint = get_type_hints(section).get(found[2])
    return f": one of {', '.join(map(repr, get_args(hint)))}" if get_origin(hint) is Literal else ""


def read_config(path: str | os.PathLike[str]) -> GatewayConfig:
    """Raises ConfigError naming the file and the key."""
    try:
        found = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        return msgspec.convert(found, GatewayConfig)
    except OSError as error:
        raise ConfigError(f"{os.fspath(path)} cannot be read: {error.strerror}") from None
    except msgspec.ValidationError as error:
        raise ConfigError(f"{os.fspath(path)}: {error}{_choices(str(error))}") from None
    except ValueError as error:
        raise ConfigError(f"{os.fspath(path)} is no TOML: {error}") from None
