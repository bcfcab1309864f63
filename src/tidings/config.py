"""Every setting of an engine: its unit, its default and why, and where it may come from.

Precedence: argument (or command-line flag) > environment variable > TOML file > default. A setting nobody knows, or out
of its range, is an error that names it and where it came from; no limit can be switched off by accident. Secrets come
from arguments or the environment, never from a file, and are wrapped so that no repr, log or traceback shows them.
"""

import difflib
import hmac
import os
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NoReturn, final, get_args

import msgspec
from msgspec import Meta

from tidings.errors import ConfigError
from tidings.venue.phemex.endpoints import (
    API_KEY_VARIABLE,
    API_SECRET_VARIABLE,
    API_URL_VARIABLE,
    LIVE,
    LOCAL,
    MAX_ORDER_VALUE_VARIABLE,
    VIP,
    WS_URL_VARIABLE,
    Endpoints,
    endpoints_of,
)
from tidings.venue.phemex.signing import Credentials

CONFIG_FILE_VARIABLE: Final = "TIDINGS_CONFIG"
NS_PER_S: Final = 1_000_000_000
MAX_NOTIONAL_LIMIT: Final = Decimal("900_000_000_000_000")  # beyond, 10**-4 units do not fit an int64


@final
class Secret:
    """Text that shows itself to `reveal()` only: not to repr, str, format, pickle, copy or comparison by chance."""

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        return self.__text

    def __repr__(self) -> str:
        return "Secret(hidden)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self.__text.encode(), other.__text.encode())

    def __hash__(self) -> NoReturn:
        raise TypeError("a Secret is no key")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not written anywhere")


class StrategySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one strategy may do under the account's limits; what is not given is as for the account."""

    max_notional: Decimal | None = None
    max_gross_notional: Decimal | None = None
    max_window_notional: Decimal | None = None
    max_orders_per_s: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    max_executions: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    executions_window_s: Annotated[float, Meta(ge=0.001, le=86_400)] | None = None

    def __post_init__(self) -> None:
        _check_money(self, "max_notional", "max_gross_notional", "max_window_notional")


def _check_money(settings: msgspec.Struct, *names: str) -> None:
    """Raises ValueError unless each of these is above zero and can be counted; None is not given."""
    for name in names:
        value = getattr(settings, name)
        if value is not None and (not value.is_finite() or not 0 < value <= MAX_NOTIONAL_LIMIT):
            raise ValueError(f"{name} must be above 0 and at most {MAX_NOTIONAL_LIMIT}, was {value}")


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of one engine, checked. Made by `load_settings`."""

    # Where and who. Live and vip must be named in the call: neither file nor environment variable can choose them.
    env: Literal["local", "testnet", "live", "vip"] = "local"
    account: Annotated[int, Meta(ge=0)] = 0  # which of the local exchange's funded accounts
    api_key: str | None = None
    api_secret: Secret | None = None
    secret_encoding: Literal["raw", "base64url"] = "raw"  # what the venue and all its present clients use
    api_url: str | None = None  # in place of the environment's own
    ws_url: str | None = None
    ca_file: str | None = None  # certificate authority of a local exchange; default: the system's
    exchange: str | None = None  # ready file of a running one; default: TIDINGS_EXCHANGE, else one is started
    exchange_options: tuple[str, ...] = ()  # arguments of the local exchange that is started

    # Lanes: warm connections for orders.
    lanes: Annotated[int, Meta(ge=1, le=64)] = 4  # an order takes an idle one: a proxy serialises each
    lane_depth: Annotated[int, Meta(ge=1, le=64)] = 4  # requests per lane without an answer: unknown if it dies
    create_method: Literal["PUT", "POST"] = "PUT"  # the venue prefers PUT, and it may be pipelined (RFC 9112 §9.3.2)
    connect_timeout_s: Annotated[float, Meta(gt=0, le=120)] = 5.0  # per attempt; more is a dead host
    warm_interval_s: Annotated[float, Meta(ge=1, le=300)] = 5.0  # ping of idle lanes: a production client's interval
    busy_poll: Literal["off", "in_flight", "always"] = "off"  # costs a core; halves the round trip
    deadline_s: Annotated[float, Meta(gt=0, le=60)] = 1.0  # no answer by then: unknown, and its owner is told
    request_timeout_s: Annotated[float, Meta(gt=0, le=600)] = 10.0  # of a query or a setting, connecting included
    expiry_s: Annotated[int, Meta(ge=1, le=60)] = 5  # on the venue's clock; bounds how late a lost copy can still act

    # Limits of every order; there is no "unlimited".
    max_notional: Decimal = Decimal(100_000)  # in the quote currency, per order
    max_qty: dict[str, str] = {}  # symbol → largest quantity per order; others: the venue's limit
    collar_percent: Decimal = Decimal(20)  # a limit price may lie this far beyond the last known price
    max_open_orders: Annotated[int, Meta(ge=1, le=100_000)] = 200  # not done, unknown ones included
    order_memory: Annotated[int, Meta(ge=256, le=1_048_576)] = 16_384  # orders kept to be looked up; 0.5 kB each
    reference_interval_s: Annotated[float, Meta(ge=1, le=3600)] = 10.0  # how often last prices are read for the collar
    duplicate_window_s: Annotated[float, Meta(ge=0.000001, le=60)] = 5.0  # the same again, the first unanswered

    # What could come of all of them: every open order, also one in flight or of unknown fate, counts as filled.
    max_position: dict[str, str] = {}  # symbol → largest position either way; others: by value only
    max_position_notional: Decimal = Decimal(500_000)  # per symbol either way: five of the largest orders
    max_gross_notional: Decimal = Decimal(2_000_000)  # positions and open orders of all symbols, signs ignored
    max_net_notional: Decimal = Decimal(1_000_000)  # all symbols leaning one way: half of gross, for hedges to count

    # What is ordered over a time, whether it fills or not: a strategy that has gone mad shows here first.
    window_s: Annotated[float, Meta(ge=1, le=86_400)] = 60.0  # the venue's own minute
    max_window_notional: Decimal = Decimal(10_000_000)  # a hundred of the largest orders
    max_window_qty: dict[str, str] = {}  # symbol → most within the window; others: a hundred of its largest orders
    max_orders_per_s: Annotated[int, Meta(ge=1, le=10_000)] = 500  # and amends: the venue's minute at once
    max_executions: Annotated[int, Meta(ge=1, le=1_000_000)] = 1000  # twice the orders of a venue's minute …
    executions_window_s: Annotated[float, Meta(ge=0.001, le=86_400)] = 60.0  # … within this disable the strategy
    strategies: dict[str, StrategySettings] = {}  # name → its own limits, under the account's

    # The order journal (docs/journal.md): every order is in it before its bytes leave.
    journal: Literal["crash", "power", "none"] = "crash"  # power: waits for the disk, some ms each; none: only tests
    journal_dir: str | None = None  # default: one per key, below $XDG_STATE_HOME/tidings/journal

    # The dead-man's switch (docs/watchdog.md).
    watchdog: Literal["off", "wanted", "required", "spawn"] = "off"  # required: no orders without; spawn: started too
    watchdog_file: str | None = None  # the heartbeat both sides map; default: one per venue and key, in the state dir
    watchdog_stall_s: Annotated[float, Meta(ge=0.2, le=60)] = 3.0  # of `spawn`: acts after this long without a beat
    on_stop: Literal["leave", "cancel"] = "leave"  # open orders when the session ends on purpose

    record: str | None = None  # directory of a new recording of all that is heard and sent (docs/recording.md)
    record_free_mb: Annotated[int, Meta(ge=0)] = 256  # with less room it pauses: the journal may need the same disk
    record_segment_mb: Annotated[int, Meta(ge=1, le=4096)] = 256  # a file ends there, and at midnight UTC

    # Order truth: what is compared with the venue's own lists, and when doubt ends trading.
    reconcile_interval_s: Annotated[float, Meta(ge=0.5, le=300)] = 5.0  # a missing stream message shows within two
    unknown_orders_max: Annotated[int, Meta(ge=1, le=100_000)] = 5  # more of unknown fate in a symbol, and it is halted
    unknown_age_max_s: Annotated[float, Meta(ge=1, le=86_400)] = 30.0  # one of unknown fate longer: so too

    # Which signal trips the kill switch (main thread only, and only where the program handles it in no other way).
    kill_signal: Literal["none", "SIGUSR1", "SIGUSR2"] = "SIGUSR1"

    # Market data (docs/market_data.md).
    stale_book: Literal["allow", "deny"] = "allow"  # deny: no new orders in a symbol without a live book
    market_connections: Annotated[int, Meta(ge=1, le=5)] | None = None  # default: the venue's 5, less the account's
    market_stall_s: Annotated[float, Meta(ge=1, le=60)] = 15.0  # no data for so long, pings or not: it is asked for

    # Budgets and the catalogue.
    rate_limits: bool = True  # False: only for a local exchange that does not count either
    requests_per_minute_max: Annotated[int, Meta(ge=1)] | None = None  # lowers each of the venue's groups
    products_max_age_s: Annotated[int, Meta(ge=0)] = 3600  # a younger catalogue is taken from disk; 0: always asked for

    sources: dict[str, str] = {}  # not a setting: where those came from that were no arguments, for errors

    def __post_init__(self) -> None:
        _check_money(self, "max_notional", "max_position_notional", "max_gross_notional", "max_net_notional",
                     "max_window_notional")
        collar = self.collar_percent
        if not collar.is_finite() or not 0 < collar < 100 or collar * 100 % 1:
            raise ValueError(f"collar_percent must be above 0 and below 100, in 0.01 steps, was {collar}")
        if (self.api_key is None) != (self.api_secret is None):
            missing, variable = ("api_secret", API_SECRET_VARIABLE) if self.api_key else ("api_key", API_KEY_VARIABLE)
            raise ValueError(f"{missing} is missing: a key needs its secret (set {variable} or give the argument)")
        if not self.rate_limits and self.env != LOCAL:
            raise ValueError(f"rate_limits can be false only in the local environment, was {self.env}")

    @property
    def deadline_ns(self) -> int:
        return round(self.deadline_s * NS_PER_S)

    @property
    def warm_interval_ns(self) -> int:
        return round(self.warm_interval_s * NS_PER_S)

    @property
    def reconcile_interval_ns(self) -> int:
        return round(self.reconcile_interval_s * NS_PER_S)

    @property
    def unknown_age_max_ns(self) -> int:
        return round(self.unknown_age_max_s * NS_PER_S)

    @property
    def collar_bp(self) -> int:
        """The collar in 0.01 %."""
        return int(self.collar_percent * 100)

    @property
    def create_by_post(self) -> bool:
        return self.create_method == "POST"

    def api_secret_text(self) -> str | None:
        return None if self.api_secret is None else self.api_secret.reveal()

    def endpoints(self) -> Endpoints:
        """The hosts to talk to. Raises ConfigError; `local` needs both URLs."""
        return endpoints_of(self.env, rest_url=self.api_url, ws_url=self.ws_url)

    def credentials(self) -> Credentials | None:
        """The key, ready to sign; None if there is none."""
        if self.api_key is None or self.api_secret is None:
            return None
        return Credentials(self.api_key, self.api_secret.reveal(), self.secret_encoding)


# Environment variable → setting: the names of the venue's own command-line tool. At `local` they are not read: keys and
# addresses of the real venue have no business there.
_VARIABLES: Final = {
    API_KEY_VARIABLE: "api_key",
    API_SECRET_VARIABLE: "api_secret",
    API_URL_VARIABLE: "api_url",
    WS_URL_VARIABLE: "ws_url",
    MAX_ORDER_VALUE_VARIABLE: "max_notional",
}
_NAMES: Final = tuple(name for name in EngineSettings.__struct_fields__ if name != "sources")
_STRATEGY_NAMES: Final = StrategySettings.__struct_fields__
_NEVER_IN_FILES: Final = ("api_key", "api_secret")


def load_settings(
    env: str | None = None, *, config_file: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None, **arguments: Any,
) -> EngineSettings:
    """The settings of one engine. Raises ConfigError naming the setting, its source and what is allowed.

    An argument that is None counts as not given. `config_file`: else the file TIDINGS_CONFIG names, else none.
    """
    variables = os.environ if environ is None else environ
    given = {name: value for name, value in {"env": env, **arguments}.items() if value is not None}
    filed, file_source = _read_file(config_file or variables.get(CONFIG_FILE_VARIABLE))
    chosen = given.get("env", filed.get("env", LOCAL))
    if "env" not in given and chosen in (LIVE, VIP):
        raise ConfigError(f"setting env ({file_source}): {chosen} trades real money, and must be named in the call")
    inherited = {} if chosen == LOCAL else {
        name: variables[variable] for variable, name in _VARIABLES.items() if variables.get(variable)
    }
    sources = {
        **dict.fromkeys(filed, file_source),
        **{name: f"environment variable {variable}" for variable, name in _VARIABLES.items() if name in inherited},
        **dict.fromkeys(given, "argument"),
    }
    values = {**filed, **inherited, **given}
    for name in values:
        _check_name(name, sources[name])
    _check_strategies(values.get("strategies"), sources.get("strategies", ""))
    try:
        elsewhere = {name: source for name, source in sources.items() if source != "argument"}
        return msgspec.convert({**values, "sources": elsewhere}, EngineSettings, dec_hook=_wrap)
    except msgspec.ValidationError as error:
        raise _explained(error, sources) from None


def _read_file(path: str | os.PathLike[str] | None) -> tuple[dict[str, Any], str]:
    """The settings in a TOML file, and its name for errors."""
    if not path:
        return {}, ""
    source = f"file {os.fspath(path)}"
    try:
        settings = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{source} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{source} is no TOML: {error}") from None
    for name in _NEVER_IN_FILES:
        if name in settings:
            raise ConfigError(f"setting {name} ({source}): keys are taken from arguments or the environment only; "
                              f"remove it from the file")
    return settings, source


def _check_name(name: str, source: str) -> None:
    if name not in _NAMES:
        near = difflib.get_close_matches(name, _NAMES, n=1)
        hint = f": did you mean {near[0]}?" if near else f"; there are {', '.join(_NAMES)}"
        raise ConfigError(f"unknown setting {name!r} ({source}){hint}")


def _check_strategies(strategies: object, source: str) -> None:
    """A strategy's own limits have names too, few enough to tell them all: those of the account's other limits are
    near to some of them and mean something else. What is no table at all is told when it is read.
    """
    for strategy, limits in strategies.items() if isinstance(strategies, Mapping) else ():
        for name in limits if isinstance(limits, Mapping) else ():
            if name not in _STRATEGY_NAMES:
                known = ", ".join(_STRATEGY_NAMES)
                raise ConfigError(f"unknown setting {name!r} of strategies.{strategy} ({source}); there are {known}")


def _wrap(kind: type, value: object) -> object:
    if kind is Secret and isinstance(value, str | Secret):
        return value if isinstance(value, Secret) else Secret(value)
    raise TypeError(f"Expected `str`, got `{type(value).__name__}`")


def _explained(error: msgspec.ValidationError, sources: Mapping[str, str]) -> ConfigError:
    """msgspec says "… - at `$.lanes`"; people get the setting's name, where it came from and what it may be."""
    reason, _, place = str(error).partition(" - at `$")
    path = place.strip("`.")
    name = path.split("[")[0].split(".")[0]
    if not name:  # a check of several values at once says itself which is wrong
        named = reason.split(" ")[0]
        return ConfigError(f"setting {named} ({sources[named]}): {reason}" if named in sources else f"setting {reason}")
    words = get_args(EngineSettings.__annotations__[name])
    allowed = f": one of {', '.join(words)}" if words and all(isinstance(word, str) for word in words) else ""
    inner = path.removeprefix(name).replace("[...]", "")  # which of a strategy's limits
    if reason == "Invalid decimal string":
        reason = "a number like 1000 or 0.5 was expected"
    return ConfigError(f"setting {name}{inner} ({sources.get(name, 'default')}): {reason}{allowed}")
