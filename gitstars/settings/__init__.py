"""The settings as frozen values, one struct a section: names, types, defaults and ranges, and
the flag and variable that set each.

Reading them from files, environment and flags is left to ``config``. The parts are handed on, never
the whole.
"""

from typing import Annotated, Literal

from gitstars.settings.base import Section, setting
from gitstars.settings.serving import AdminConfig as AdminConfig
from gitstars.settings.serving import HealthConfig as HealthConfig
from gitstars.settings.serving import LogConfig as LogConfig
from gitstars.settings.serving import PublicConfig as PublicConfig


class DatabaseConfig(Section, frozen=True, kw_only=True):
    """Where the records live."""

    url: Annotated[
        str,
        setting(
            "a server's `ws://`, `wss://`, `http://` or `https://` address, `surrealkv://PATH` "
            "or `mem://` for the embedded database;"
            " empty: embedded, in the platform's data folder",
            flag="--db-url",
            env="DB_URL",
        ),
    ] = ""
    user: Annotated[str, setting("user of the server", flag="--db-user", env="DB_USER")] = ""
    password: Annotated[
        str, setting("that user's password", flag="--db-pass", env="DB_PASS", secret=True)
    ] = ""
    namespace: Annotated[
        str, setting("namespace", flag="--db-namespace", env="DB_NAMESPACE", min_length=1)
    ] = "gitstars"
    database: Annotated[
        str, setting("database", flag="--db-database", env="DB_DATABASE", min_length=1)
    ] = "stars"
    pool_max_size: Annotated[
        int,
        setting(
            "connections at most", flag="--db-pool-max-size", env="DB_POOL_MAX_SIZE", ge=1, le=1000
        ),
    ] = 10
    pool_min_idle: Annotated[
        int,
        setting(
            "connections kept open when idle",
            flag="--db-pool-min-idle",
            env="DB_POOL_MIN_IDLE",
            ge=0,
            le=1000,
        ),
    ] = 2
    proxy: Annotated[
        str,
        setting(
            "address of an HTTP proxy on the way to a server; empty: it is reached directly, "
            "whatever `HTTPS_PROXY` and the like say",
            flag="--db-proxy",
            env="DB_PROXY",
        ),
    ] = ""
    connection_timeout_seconds: Annotated[
        float,
        setting(
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
        setting(
            "root of the REST API; GitHub Enterprise Server: `https://HOST/api/v3`", min_length=1
        ),
    ] = "https://api.github.com"
    graphql_url: Annotated[
        str,
        setting(
            (
                "address of the GraphQL API, on the same host; GitHub Enterprise Server: "
                "`https://HOST/api/graphql`"
            ),
            min_length=1,
        ),
    ] = "https://api.github.com/graphql"
    client_id: Annotated[
        str,
        setting(
            "id of an OAuth application with the device flow on, through which `gitstars accounts "
            "add --login` signs people in; empty: they give a token"
        ),
    ] = ""
    use_graphql: Annotated[
        bool,
        setting(
            "read lists through GraphQL, where one query brings many pages; REST stays the fallback"
        ),
    ] = True
    proxy: Annotated[
        str,
        setting(
            "address of the HTTP proxy on the way to GitHub; `direct`: none; empty: the variables "
            "`HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` decide"
        ),
    ] = ""
    ca_file: Annotated[
        str,
        setting(
            "file of the certificates (PEM) that are trusted for GitHub, in place of the usual "
            "ones; empty: the variables `REQUESTS_CA_BUNDLE` and `SSL_CERT_FILE` decide"
        ),
    ] = ""
    requests_per_hour: Annotated[
        int,
        setting("long-run pace of one user, for each of GitHub's two budgets", ge=1, le=1_000_000),
    ] = 4000
    concurrency: Annotated[int, setting("requests of one user in flight", ge=1, le=100)] = 8
    total_concurrency: Annotated[int, setting("requests of all users in flight", ge=1, le=1000)] = (
        100
    )
    connect_timeout_seconds: Annotated[
        float, setting("longest wait for a connection", ge=0.1, le=300)
    ] = 10.0
    read_timeout_seconds: Annotated[
        float, setting("longest wait for an answer", ge=0.1, le=600)
    ] = 30.0
    page_size: Annotated[int, setting("stargazers a page", ge=1, le=100)] = 100
    rest_points_per_minute: Annotated[
        int, setting("REST points a minute and user", ge=1, le=1_000_000)
    ] = 900
    graphql_points_per_minute: Annotated[
        int, setting("GraphQL points a minute and user", ge=1, le=1_000_000)
    ] = 2000

    @property
    def proxy_url(self) -> str:
        """The address of the proxy; empty: GitHub is reached directly."""
        return "" if self.proxy == DIRECT else self.proxy


class CollectConfig(Section, frozen=True, kw_only=True):
    """How one repository is collected."""

    lease_seconds: Annotated[
        float, setting("how long a claim holds without a heartbeat", ge=10, le=86_400)
    ] = 3600.0
    heartbeat_seconds: Annotated[
        float,
        setting("pause between heartbeats; at most half of `lease_seconds`", ge=1, le=43_200),
    ] = 300.0
    history: Annotated[
        Literal["restricted", "all", "none"],
        setting(
            "which repositories get their weekly star history: those that may not be listed, "
            "all,"
            " none"
        ),
    ] = "restricted"
    private: Annotated[bool, setting("collect private repositories too")] = False
    pages_ahead: Annotated[
        int,
        setting(
            "pages of one REST list on their way at once; a kill costs at most so many requests",
            ge=1,
            le=100,
        ),
    ] = 1
    max_errors: Annotated[
        int,
        setting(
            (
                "wrong answers of GitHub or the database in a row after which a repository no "
                "longer comes back by itself; outages and passing failures are not counted"
            ),
            ge=1,
            le=100,
        ),
    ] = 8


class DiscoverConfig(Section, frozen=True, kw_only=True):
    """How accounts and their repositories are found."""

    stable_seconds: Annotated[
        float,
        setting(
            "collecting for a new account begins when the number of its repositories did not "
            "change for this long",
            ge=0,
            le=600,
        ),
    ] = 5.0
    stable_timeout_seconds: Annotated[
        float,
        setting("it begins after this long even if the number still changes", ge=1, le=86_400),
    ] = 120.0
    scan_seconds: Annotated[
        float, setting("pause between scans for events that were missed", ge=1, le=86_400)
    ] = 300.0
    poll_seconds: Annotated[
        float,
        setting(
            "pause between looks at the accounts where the database has no live queries",
            ge=0.1,
            le=3600,
        ),
    ] = 2.0
    include: Annotated[
        tuple[Literal["starred", "owned", "collaborating"], ...],
        setting("which of an account's repositories are collected", min_length=1),
    ] = ("starred", "owned", "collaborating")


class RefreshConfig(Section, frozen=True, kw_only=True):
    """When a completed repository comes back."""

    after_hours: Annotated[
        float, setting("age at which new stars are fetched", ge=0.1, le=8760)
    ] = 24.0
    sweep_days: Annotated[
        int,
        setting(
            "age at which the whole list is read again, to find stars that were taken back",
            ge=1,
            le=3650,
        ),
    ] = 30


class WorkersConfig(Section, frozen=True, kw_only=True):
    """How many workers there are."""

    initial: Annotated[
        int, setting("workers at the start; 0: as many as accounts", ge=0, le=1000)
    ] = 0
    maximum: Annotated[int, setting("workers at most", ge=1, le=1000)] = 1000
    stuck_after_hours: Annotated[
        float, setting("a worker without progress for this long is replaced", ge=0.01, le=8760)
    ] = 6.0


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
    public: PublicConfig = PublicConfig()
    log: LogConfig = LogConfig()
