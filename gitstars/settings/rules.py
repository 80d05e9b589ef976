"""The rules that a type cannot say: addresses, and settings that must agree.

Pure; ``config`` words the error.
"""

import ipaddress
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from gitstars.settings import Config, DatabaseConfig, GithubConfig

#: Off loopback the admin key needs this many characters.
LEAST_KEY_LENGTH = 16

SERVER_SCHEMES = ("ws", "wss", "http", "https")
EMBEDDED_SCHEMES = ("surrealkv", "mem")


class Violation(NamedTuple):
    """``key``'s value breaks a rule; ``other`` is the setting it disagrees with, if there is
    one.
    """

    key: str
    problem: str
    other: str = ""


def violations(config: Config) -> Iterator[Violation]:
    """Every rule that ``config`` breaks."""
    database, collect, workers = config.database, config.collect, config.workers
    if database.pool_min_idle > database.pool_max_size:
        problem = f"must not be above database.pool_max_size ({database.pool_max_size})"
        yield Violation("database.pool_min_idle", problem, "database.pool_max_size")
    if collect.heartbeat_seconds > collect.lease_seconds / 2:
        problem = f"must be at most half of collect.lease_seconds ({collect.lease_seconds:g})"
        yield Violation("collect.heartbeat_seconds", problem, "collect.lease_seconds")
    if workers.initial > workers.maximum:
        yield Violation(
            "workers.initial",
            f"must not be above workers.maximum ({workers.maximum})",
            "workers.maximum",
        )
    yield from _database(database)
    yield from _github(config.github)
    yield from _servers(config)


def is_loopback(host: str) -> bool:
    """Whether ``host`` is only reached from this machine.

    Of names only ``localhost`` is: others may come to mean anything.
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _address_problem(url: str, schemes: tuple[str, ...]) -> str | None:
    """What is wrong with the address of a server, if anything."""
    if not url.isprintable() or " " in url:
        return "must not hold spaces"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "must be an address such as " + f"{schemes[0]}://HOST:PORT"
    if parts.scheme not in schemes or not host:
        return "must be an address that begins with " + " or ".join(
            f"{scheme}://" for scheme in schemes
        )
    if parts.username is not None or parts.password is not None:
        return "must not hold a user or a password"
    return None


def _proxy_problem(url: str) -> str | None:
    """What is wrong with the address of a proxy, if anything; it may hold user and password."""
    scheme, separator, rest = url.partition("://")
    return _address_problem(f"{scheme}{separator}{rest.rpartition('@')[2]}", ("http", "https"))


def _database(database: DatabaseConfig) -> Iterator[Violation]:
    scheme, separator, path = database.url.partition("://")
    if separator and scheme in EMBEDDED_SCHEMES:
        if bool(path) != (scheme == "surrealkv"):
            yield Violation(
                "database.url", "must be surrealkv://PATH or mem:// for the embedded database"
            )
        return
    if not separator or scheme not in SERVER_SCHEMES:
        yield Violation(
            "database.url",
            "must begin with ws://, wss://, http://, https://, surrealkv:// or mem://",
        )
    elif problem := _address_problem(database.url, SERVER_SCHEMES):
        yield Violation(
            "database.url",
            problem
            + ("; set database.user and database.password" if "password" in problem else ""),
        )
    if database.proxy and (problem := _proxy_problem(database.proxy)):
        yield Violation("database.proxy", problem)
    if database.password and not database.user:
        yield Violation(
            "database.user", "must be set when database.password is", "database.password"
        )
    if database.user and not database.password:
        yield Violation("database.password", "must be set when database.user is", "database.user")


def _github(github: GithubConfig) -> Iterator[Violation]:
    for key, url in (
        ("github.api_url", github.api_url),
        ("github.graphql_url", github.graphql_url),
    ):
        if problem := _address_problem(url, ("https", "http")):
            yield Violation(key, problem)
            return
        parts = urlsplit(url)
        if parts.query or parts.fragment:
            yield Violation(key, "must not hold ? or #")
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            yield Violation(key, "must be https:// off loopback, because tokens travel to it")
    if github.proxy_url and (problem := _proxy_problem(github.proxy_url)):
        yield Violation("github.proxy", f"{problem}, or direct")
    # A token of one server must never be sent to another one.
    if urlsplit(github.api_url).hostname != urlsplit(github.graphql_url).hostname:
        yield Violation(
            "github.graphql_url",
            f"must be on the host of github.api_url ({github.api_url})",
            "github.api_url",
        )


def _servers(config: Config) -> Iterator[Violation]:
    admin, health = config.admin, config.health
    if health.port and health.port == admin.port:
        yield Violation("health.port", "must differ from admin.port", "admin.port")
    for name, other in (("admin.port", admin.port), ("health.port", health.port)):
        if config.public.port and config.public.port == other:
            yield Violation("public.port", f"must differ from {name}", name)
    for name, key in (("admin.api_key", admin.api_key), ("admin.read_key", admin.read_key)):
        if not key.isascii() or not key.isprintable() or " " in key:
            yield Violation(name, "must be printable ASCII without spaces")
    if admin.read_key and len(admin.read_key) < LEAST_KEY_LENGTH:
        yield Violation("admin.read_key", f"must have at least {LEAST_KEY_LENGTH} characters")
    if admin.read_key and admin.read_key == admin.api_key:
        yield Violation("admin.read_key", "must differ from admin.api_key", "admin.api_key")
    if admin.port and not is_loopback(admin.host) and len(admin.api_key) < LEAST_KEY_LENGTH:
        problem = (
            f"must have at least {LEAST_KEY_LENGTH} characters because admin.host ({admin.host}) "
            "is not loopback"
        )
        yield Violation("admin.api_key", problem, "admin.host")
