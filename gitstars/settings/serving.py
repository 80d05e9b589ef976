"""The sections about what the server shows: its two HTTP servers and its log."""

from typing import Annotated, Literal

from gitstars.settings.base import Section, setting


class HealthConfig(Section, frozen=True, kw_only=True):
    """The health server."""

    host: Annotated[str, setting("address to listen on", min_length=1)] = "127.0.0.1"
    port: Annotated[
        int,
        setting(
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
        str, setting("address to listen on; off loopback `api_key` is required", min_length=1)
    ] = "127.0.0.1"
    port: Annotated[
        int,
        setting(
            "port of the admin API and dashboard; 0: off",
            flag="--admin-port",
            env="ADMIN_PORT",
            ge=0,
            le=65_535,
        ),
    ] = 8081
    api_key: Annotated[
        str,
        setting(
            "key that callers must show; empty: made at random and kept in the data folder",
            flag="--admin-api-key",
            env="ADMIN_API_KEY",
            secret=True,
        ),
    ] = ""
    read_key: Annotated[
        str,
        setting(
            "key that only looks, and never at who starred; empty: there is none",
            env="ADMIN_READ_KEY",
            secret=True,
        ),
    ] = ""


class PublicConfig(Section, frozen=True, kw_only=True):
    """Charts, badges and numbers of public repositories for everybody, without a key."""

    host: Annotated[str, setting("address to listen on", min_length=1)] = "127.0.0.1"
    port: Annotated[
        int,
        setting(
            "port of charts and badges for everybody; 0: off",
            env="PUBLIC_PORT",
            ge=0,
            le=65_535,
        ),
    ] = 0


class LogConfig(Section, frozen=True, kw_only=True):
    """What is logged, on standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        setting(
            "level of gitstars' own modules; libraries stay at warning",
            flag="--log-level",
            env="LOG_LEVEL",
        ),
    ] = "info"
    format: Annotated[
        Literal["text", "json"],
        setting("one line of text or one JSON object an event", flag="--log-format"),
    ] = "text"
