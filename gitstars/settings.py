"""The settings as frozen values, one struct a section: names, types, defaults and ranges, and
the flag and variable that set each.

Reading them from files, environment and flags is left to ``config``. The parts are handed on, never
the whole.
"""

import re
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, inspect
from msgspec.structs import FieldInfo, fields


def _setting(
    text: str, *, flag: str = "", env: str = "", secret: bool = False, **limits: Any
) -> Meta:
    return Meta(description=text, extra={"flag": flag, "env": env, "secret": secret}, **limits)


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the sections. Its ``repr`` leaves secrets out, so that a section may be logged."""

    def __repr__(self) -> str:
        shown = (
            f"{name}={'***' if name in SECRET_NAMES else _hide(repr(getattr(self, name)))}"
            for name in self.__struct_fields__
        )
        return f"{type(self).__name__}({', '.join(shown)})"


#: Fields that are never shown.
SECRET_NAMES = frozenset({"password", "api_key"})


def _hide(text: str) -> str:
    """``text`` without the user and password of an address."""
    return re.sub(r"//[^/@\s]*@", "//***@", text)


class DatabaseConfig(Section, frozen=True, kw_only=True):
    """Where the records live."""

    url: Annotated[
        str,
        _setting(
            "a server's `ws://`, `wss://`, `http://` or `https://` address, `surrealkv://PATH` "
            "or `mem://` for the embedded database;"
            " empty: embedded, in the platform's data folder",
            flag="--db-url",
            env="DB_URL",
        ),
    ] = ""
    user: Annotated[str, _setting("user of the server", flag="--db-user", env="DB_USER")] = ""
    password: Annotated[
        str, _setting("that user's password", flag="--db-pass", env="DB_PASS", secret=True)
    ] = ""
    namespace: Annotated[
        str, _setting("namespace", flag="--db-namespace", env="DB_NAMESPACE", min_length=1)
    ] = "gitstars"
    database: Annotated[
        str, _setting("database", flag="--db-database", env="DB_DATABASE", min_length=1)
    ] = "stars"
    pool_max_size: Annotated[
        int,
        _setting(
            "connections at most", flag="--db-pool-max-size", env="DB_POOL_MAX_SIZE", ge=1, le=1000
        ),
    ] = 10
    pool_min_idle: Annotated[
        int,
        _setting(
            "connections kept open when idle",
            flag="--db-pool-min-idle",
            env="DB_POOL_MIN_IDLE",
            ge=0,
            le=1000,
        ),
    ] = 2
    proxy: Annotated[
        str,
        _setting(
            "address of an HTTP proxy on the way to a server; empty: it is reached directly, "
            "whatever `HTTPS_PROXY` and the like say",
            flag="--db-proxy",
            env="DB_PROXY",
        ),
    ] = ""
    connection_timeout_seconds: Annotated[
        float,
        _setting(
            "longest wait for a connection",
            flag="--db-connection-timeout",
            env="DB_CONNECTION_TIMEOUT",
            ge=0.1,
            le=3600,
        ),
    ] = 30.0


#: What ``github.proxy`` says where no proxy is wanted, whatever the environment names.
DIRECT = "direct"


class GithubConfig(Section, frozen=True, kw_only=True):
    """How GitHub is reached, and how fast."""

    api_url: Annotated[
        str,
        _setting(
            "root of the REST API; GitHub Enterprise Server: `https://HOST/api/v3`", min_length=1
        ),
    ] = "https://api.github.com"
    graphql_url: Annotated[
        str,
        _setting(
            (
                "address of the GraphQL API, on the same host; GitHub Enterprise Server: "
                "`https://HOST/api/graphql`"
            ),
            min_length=1,
        ),
    ] = "https://api.github.com/graphql"
    use_graphql: Annotated[
        bool,
        _setting(
            "read lists through GraphQL, where one query brings many pages; REST stays the fallback"
        ),
    ] = True
    proxy: Annotated[
        str,
        _setting(
            "address of the HTTP proxy on the way to GitHub; `direct`: none; empty: the variables "
            "`HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` decide"
        ),
    ] = ""
    ca_file: Annotated[
        str,
        _setting(
            "file of the certificates (PEM) that are trusted for GitHub, in place of the usual "
            "ones; empty: the variables `REQUESTS_CA_BUNDLE` and `SSL_CERT_FILE` decide"
        ),
    ] = ""
    requests_per_hour: Annotated[
        int,
        _setting("long-run pace of one user, for each of GitHub's two budgets", ge=1, le=1_000_000),
    ] = 4000
    concurrency: Annotated[int, _setting("requests of one user in flight", ge=1, le=100)] = 8
    total_concurrency: Annotated[
        int, _setting("requests of all users in flight", ge=1, le=1000)
    ] = 100
    connect_timeout_seconds: Annotated[
        float, _setting("longest wait for a connection", ge=0.1, le=300)
    ] = 10.0
    read_timeout_seconds: Annotated[
        float, _setting("longest wait for an answer", ge=0.1, le=600)
    ] = 30.0
    page_size: Annotated[int, _setting("stargazers a page", ge=1, le=100)] = 100
    rest_points_per_minute: Annotated[
        int, _setting("REST points a minute and user", ge=1, le=1_000_000)
    ] = 900
    graphql_points_per_minute: Annotated[
        int, _setting("GraphQL points a minute and user", ge=1, le=1_000_000)
    ] = 2000

    @property
    def proxy_url(self) -> str:
        """The address of the proxy; empty: GitHub is reached directly."""
        return "" if self.proxy == DIRECT else self.proxy


class CollectConfig(Section, frozen=True, kw_only=True):
    """How one repository is collected."""

    lease_seconds: Annotated[
        float, _setting("how long a claim holds without a heartbeat", ge=10, le=86_400)
    ] = 3600.0
    heartbeat_seconds: Annotated[
        float,
        _setting("pause between heartbeats; at most half of `lease_seconds`", ge=1, le=43_200),
    ] = 300.0
    history: Annotated[
        Literal["restricted", "all", "none"],
        _setting(
            "which repositories get their weekly star history: those that may not be listed, "
            "all,"
            " none"
        ),
    ] = "restricted"
    private: Annotated[bool, _setting("collect private repositories too")] = False
    pages_ahead: Annotated[
        int,
        _setting(
            "pages of one REST list on their way at once; a kill costs at most so many requests",
            ge=1,
            le=100,
        ),
    ] = 1
    max_errors: Annotated[
        int,
        _setting(
            (
                "failures in a row after which a repository no longer comes back by itself, "
                "outages "
                "not counted"
            ),
            ge=1,
            le=100,
        ),
    ] = 8


class DiscoverConfig(Section, frozen=True, kw_only=True):
    """How accounts and their repositories are found."""

    stable_seconds: Annotated[
        float,
        _setting("a new account's repositories must stay the same number this long", ge=0, le=600),
    ] = 5.0
    stable_timeout_seconds: Annotated[
        float, _setting("after this long, go on with what is there", ge=1, le=86_400)
    ] = 120.0
    scan_seconds: Annotated[
        float, _setting("pause between scans for events that were missed", ge=1, le=86_400)
    ] = 300.0
    poll_seconds: Annotated[
        float,
        _setting(
            "pause between looks at the accounts where the database has no live queries",
            ge=0.1,
            le=3600,
        ),
    ] = 2.0
    include: Annotated[
        tuple[Literal["starred", "owned", "collaborating"], ...],
        _setting("which of an account's repositories are collected", min_length=1),
    ] = ("starred", "owned", "collaborating")


class RefreshConfig(Section, frozen=True, kw_only=True):
    """When a completed repository comes back."""

    after_hours: Annotated[
        float, _setting("age at which new stars are fetched", ge=0.1, le=8760)
    ] = 24.0
    sweep_days: Annotated[
        int,
        _setting(
            "age at which the whole list is read again, to find stars that were taken back",
            ge=1,
            le=3650,
        ),
    ] = 30


class WorkersConfig(Section, frozen=True, kw_only=True):
    """How many workers there are."""

    initial: Annotated[
        int, _setting("workers at the start; 0: as many as accounts", ge=0, le=1000)
    ] = 0
    maximum: Annotated[int, _setting("workers at most", ge=1, le=1000)] = 1000
    stuck_after_hours: Annotated[
        float, _setting("a worker without progress for this long is replaced", ge=0.01, le=8760)
    ] = 6.0


class HealthConfig(Section, frozen=True, kw_only=True):
    """The health server."""

    host: Annotated[str, _setting("address to listen on", min_length=1)] = "127.0.0.1"
    port: Annotated[
        int,
        _setting(
            "port of the health server; 0: off",
            flag="--health-port",
            env="HEALTH_PORT",
            ge=0,
            le=65_535,
        ),
    ] = 8080


class AdminConfig(Section, frozen=True, kw_only=True):
    """The admin API and the dashboard."""

    host: Annotated[
        str, _setting("address to listen on; off loopback `api_key` is required", min_length=1)
    ] = "127.0.0.1"
    port: Annotated[
        int,
        _setting(
            "port of the admin API and dashboard; 0: off",
            flag="--admin-port",
            env="ADMIN_PORT",
            ge=0,
            le=65_535,
        ),
    ] = 8081
    api_key: Annotated[
        str,
        _setting(
            "key that callers must show; empty: made at random and kept in the data folder",
            flag="--admin-api-key",
            env="ADMIN_API_KEY",
            secret=True,
        ),
    ] = ""


class LogConfig(Section, frozen=True, kw_only=True):
    """What is logged, on standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        _setting(
            "level of gitstars' own modules; libraries stay at warning",
            flag="--log-level",
            env="LOG_LEVEL",
        ),
    ] = "info"
    format: Annotated[
        Literal["text", "json"],
        _setting("one line of text or one JSON object an event", flag="--log-format"),
    ] = "text"


class Config(Section, frozen=True, kw_only=True):
    """All of it."""

    database: DatabaseConfig = DatabaseConfig()
    github: GithubConfig = GithubConfig()
    collect: CollectConfig = CollectConfig()
    discover: DiscoverConfig = DiscoverConfig()
    refresh: RefreshConfig = RefreshConfig()
    workers: WorkersConfig = WorkersConfig()
    health: HealthConfig = HealthConfig()
    admin: AdminConfig = AdminConfig()
    log: LogConfig = LogConfig()


class Setting(Struct, frozen=True, kw_only=True):
    """One key of the configuration, as ``catalogue`` lists it.

    ``expected`` says in words what its values must be.
    """

    key: str
    type: Any
    default: Any
    description: str
    flag: str
    env: str
    secret: bool
    expected: str


def catalogue() -> tuple[Setting, ...]:
    """Every key, in the order of the sections."""
    return tuple(
        _describe(f"{section.name}.{field.name}", field)
        for section in fields(Config)
        for field in fields(type(section.default))
    )


def _describe(key: str, field: FieldInfo) -> Setting:
    meta = next(note for note in field.type.__metadata__ if isinstance(note, Meta))
    extra = meta.extra or {}
    return Setting(
        key=key,
        type=field.type,
        default=field.default,
        description=meta.description or "",
        flag=extra["flag"],
        env=extra["env"],
        secret=extra["secret"],
        expected=_expected(inspect.type_info(field.type)),
    )


def _expected(kind: inspect.Type) -> str:
    match kind:
        case inspect.Metadata(type=inner):
            return _expected(inner)
        case inspect.IntType(ge=low, le=high) | inspect.FloatType(ge=low, le=high):
            return f"{low:g}-{high:g}" if high is not None and high < 1_000_000 else f"{low}-{high}"
        case inspect.BoolType():
            return "true or false"
        case inspect.LiteralType(values=values):
            return " or ".join((", ".join(map(str, values[:-1])), str(values[-1])))
        case inspect.VarTupleType(item_type=item):
            return f"a list of {_expected(item)}"
        case inspect.StrType(min_length=least):
            return "a text that is not empty" if least else "a text"
    raise TypeError(f"no words for {kind!r}")
