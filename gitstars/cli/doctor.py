"""``gitstars doctor``: looks at everything gitstars needs, with the server up or down, and says
what works, what does not, what to do.
"""

import os
import socket
import stat
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import click
import requests

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import AdminClient, open_client
from gitstars.cli.options import with_config
from gitstars.clock import show_duration
from gitstars.config import Config, LoadedConfig, admin_key_path, data_folder
from gitstars.errors import (
    DatabaseError,
    EmbeddedPathUnusable,
    GitstarsError,
    QueryFailed,
    RequestRefused,
    ServerUnreachable,
)
from gitstars.model import Account
from gitstars.tokens import LISTING_SCOPES, TokenKind, token_kind

#: Clocks may differ by this much before pacing and leases suffer (seconds).
CLOCK_TOLERANCE_SECONDS = 10.0
#: Longest wait for GitHub (seconds).
GITHUB_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw. ``state``: ok, warning (works, but look at it) or problem (mend it)."""

    check: str
    state: str
    text: str
    advice: str = ""


@dataclass(slots=True)
class Patient:
    """What is examined; ``stats`` is what a running server says of itself."""

    config: Config
    client: AdminClient | None
    stats: api.Stats | None = None


@click.command(
    short_help="Check database, tokens, clocks and ports, and say what to do.",
    epilog="Exit codes: 0 nothing is wrong (warnings may be), 1 something is, 2 misuse.",
)
@with_config
@click.option(
    "--url",
    metavar="URL",
    help=(
        "Address of the admin API of a running server; by default this machine, at the admin port."
    ),
)
@click.option("--json", "as_json", is_flag=True, help="As a JSON list of findings.")
def doctor(loaded: LoadedConfig, url: str | None, as_json: bool) -> int:
    """Check database, schema, tokens and their scopes, clocks, ports and files.

    Works with the server up or down and changes nothing.
    """
    config = loaded.config
    patient = Patient(config, open_client(config.admin, url) if config.admin.port or url else None)
    findings = []
    for check in (check_server, check_ports, check_files, check_database, check_accounts_of_server):
        for finding in check(patient):
            findings.append(finding)
            if not as_json:
                _tell(finding)
    if as_json:
        show.print_json([asdict(finding) for finding in findings])
    problems = sum(finding.state == "problem" for finding in findings)
    warnings = sum(finding.state == "warning" for finding in findings)
    if not as_json:
        click.echo(f"{len(findings)} checks: {problems} problems, {warnings} warnings")
    return 1 if problems else 0


def _tell(finding: Finding) -> None:
    colour = {"ok": "green", "warning": "yellow", "problem": "red"}[finding.state]
    click.echo(f"{click.style(f'{finding.state:8}', fg=colour)} {finding.check:10} {finding.text}")
    if finding.advice:
        click.echo(f"{'':19} -> {finding.advice}")


def check_server(patient: Patient) -> Iterator[Finding]:
    """Whether a gitstars runs, and what it says of itself."""
    if patient.client is None:
        yield Finding(
            "server",
            "warning",
            "the admin API is switched off, a running server cannot be asked",
            "set admin.port",
        )
        return
    try:
        patient.stats = patient.client.get("/stats", api.Stats)
    except ServerUnreachable:
        yield Finding(
            "server",
            "ok",
            f"no server runs at {patient.client.url}: looking at everything directly",
        )
    except RequestRefused as error:
        yield Finding(
            "server",
            "problem",
            str(error),
            "run this as the server's user, or set ADMIN_API_KEY to the server's key",
        )
    else:
        stats = patient.stats
        state = {"healthy": "ok", "degraded": "warning"}.get(stats.status, "problem")
        reasons = "; ".join(stats.reasons)
        since = show_duration(stats.uptime_seconds)
        yield Finding(
            "server",
            state,
            f"gitstars {stats.version} at {patient.client.url} is {stats.status}, up {since}",
            reasons,
        )


def check_ports(patient: Patient) -> Iterator[Finding]:
    """Whether the configured ports can be had, or are our server's."""
    for name, settings in (("health", patient.config.health), ("admin", patient.config.admin)):
        what = f"{name} port {settings.host}:{settings.port}"
        if not settings.port:
            yield Finding("ports", "ok", f"{name} is switched off")
        elif patient.stats is not None:
            yield Finding(
                "ports",
                "ok",
                f"{what} belongs to the running server"
                if _answers(settings)
                else f"{what} is free",
            )
        elif problem := _why_not_bound(settings.host, settings.port):
            yield Finding(
                "ports",
                "problem",
                f"{what} cannot be had: {problem}",
                f"stop what listens there, or set {name}.port",
            )
        else:
            yield Finding("ports", "ok", f"{what} is free")


def _answers(settings: Any) -> bool:
    try:
        with socket.create_connection((settings.host, settings.port), timeout=2):
            return True
    except OSError:
        return False


def _why_not_bound(host: str, port: int) -> str:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def check_files(patient: Patient) -> Iterator[Finding]:
    """The data folder, the key in it, and the embedded database's folder."""
    folder = data_folder()
    yield _check_folder("data folder", folder)
    key = admin_key_path()
    if key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield Finding("files", "problem", f"{key} may be read by other users", f"chmod 600 {key}")
    scheme, _, path = patient.config.database.url.partition("://")
    if scheme == "surrealkv" and not Path(path).is_relative_to(folder):
        yield _check_folder("folder of the database", Path(path).parent)


def _check_folder(name: str, folder: Path) -> Finding:
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Finding(
            "files",
            "problem",
            f"{name} {folder} cannot be written",
            f"give this user the right to write to {there}",
        )
    space = os.statvfs(there)
    free = space.f_bavail * space.f_frsize / 2**30
    text = f"{name} {folder} can be {'written' if there == folder else 'made'}, {free:.1f} GiB free"
    return (
        Finding("files", "ok", text)
        if free > 1
        else Finding("files", "warning", text, "make room: a full disk stops collecting")
    )


def check_database(patient: Patient) -> Iterator[Finding]:
    """The database itself, its schema, its clock, and the accounts in it with their tokens."""
    from gitstars.store.database import Database

    settings = patient.config.database
    scheme, _, path = settings.url.partition("://")
    if scheme == "mem":
        yield Finding(
            "database",
            "warning",
            "mem:// forgets everything when the server stops",
            "name a surrealkv:// path or a server",
        )
        return
    if scheme == "surrealkv" and not Path(path).exists():
        yield Finding("database", "ok", f"{path} is not there yet; gitstars serve makes it")
        return
    database = Database(settings)
    started = time.monotonic()
    try:
        database.open()
    except EmbeddedPathUnusable as error:
        if patient.stats is not None:
            yield Finding(
                "database",
                "ok",
                f"{path} is in use by the running server; what follows is what it says",
            )
        else:
            yield Finding("database", "problem", str(error))
        return
    except DatabaseError as error:
        yield Finding(
            "database",
            "problem",
            str(error),
            "check database.url, user and password, and that the database runs",
        )
        return
    try:
        yield Finding(
            "database",
            "ok",
            f"{database.address} answers, opened in {(time.monotonic() - started) * 1000:.0f} ms",
        )
        yield from _check_contents(patient, database)
    except DatabaseError as error:
        yield Finding("database", "problem", str(error))
    finally:
        database.close()


def _check_contents(patient: Patient, database: Any) -> Iterator[Finding]:
    from gitstars.store import accounts, schema

    drift = database.run("RETURN time::now()")[0].timestamp() - time.time()
    yield _judge_clock("the database's clock", drift)
    try:
        version = schema.read_version(database)
        listed = accounts.read_accounts(database).accounts
    except QueryFailed:
        yield Finding("schema", "ok", "the tables are not there yet; gitstars serve makes them")
        return
    newest = len(schema.STEPS)
    if version > newest:
        yield Finding(
            "schema",
            "problem",
            f"version {version} is newer than this gitstars, which knows {newest}",
            "update gitstars",
        )
    else:
        yield Finding(
            "schema",
            "ok",
            f"version {version} of {newest}"
            + ("" if version == newest else "; gitstars serve brings it up"),
        )
    if not listed:
        yield Finding(
            "accounts",
            "warning",
            "no account with a GitHub token yet",
            "sign in to the web application with GitHub",
        )
    is_told = False
    for account in listed:
        for finding in _check_token(patient.config.github.api_url, account, tell_clock=not is_told):
            is_told = is_told or finding.check == "clocks"
            yield finding
            if finding.check == "github":
                return


def _check_token(api_url: str, account: Account, tell_clock: bool) -> Iterator[Finding]:
    """Ask GitHub who this token is; costs one request of its own account."""
    headers = {
        "Authorization": f"Bearer {account.token}",
        "Accept": "application/vnd.github+json",
        "User-Agent": "gitstars",
    }
    who = f"{account.login or account.user_id}"
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(
                f"{api_url}/user", headers=headers, timeout=GITHUB_SECONDS, allow_redirects=False
            )
    except requests.RequestException as error:
        yield Finding(
            "github",
            "problem",
            f"{api_url} does not answer ({type(error).__name__})",
            "check github.api_url and the network",
        )
        return
    if tell_clock and (date := answer.headers.get("Date")):
        yield _judge_clock("GitHub's clock", parsedate_to_datetime(date).timestamp() - time.time())
    yield judge_token(
        who,
        account,
        answer.status_code,
        answer.headers.get("X-OAuth-Scopes"),
        answer.headers.get("x-ratelimit-remaining"),
    )


def judge_token(
    who: str, account: Account, status: int, scopes: str | None, remaining: str | None
) -> Finding:
    """What an answer to ``GET /user`` says of a token: pure."""
    if status == 401:
        return Finding(
            "tokens",
            "problem",
            f"{who}: GitHub rejects the token",
            "sign in to the web application again",
        )
    if status != 200:
        state = "warning" if status in (403, 429) else "problem"
        return Finding(
            "tokens",
            state,
            f"{who}: GitHub answers {status}",
            "its budget may be spent; look again later",
        )
    left = f", {remaining} requests left this hour" if remaining else ""
    if token_kind(account.token) is TokenKind.FINE_GRAINED:
        advice = (
            "it lists the stargazers of a repository when its resource owner is the repository's "
            "owner, the repository is selected and it has Contents: read and write"
        )
        return Finding("tokens", "warning", f"{who}: a fine-grained token{left}", advice)
    granted = frozenset(scope.strip() for scope in (scopes or "").split(",") if scope.strip())
    if scopes is None or granted & LISTING_SCOPES:
        return Finding(
            "tokens", "ok", f"{who}: works, scopes {', '.join(sorted(granted)) or 'not told'}{left}"
        )
    advice = (
        "stargazers are listed only with the scope public_repo (or repo): sign in again and "
        "grant it"
    )
    return Finding(
        "tokens",
        "warning",
        f"{who}: works, but its scopes are {', '.join(sorted(granted)) or 'none'}{left}",
        advice,
    )


def _judge_clock(name: str, drift_seconds: float) -> Finding:
    if abs(drift_seconds) <= CLOCK_TOLERANCE_SECONDS:
        return Finding("clocks", "ok", f"{name} agrees with this machine's")
    side = "ahead of" if drift_seconds > 0 else "behind"
    text = f"{name} is {show_duration(abs(drift_seconds))} {side} this machine's"
    return Finding(
        "clocks", "problem", text, "set the clocks with NTP: leases and budgets depend on them"
    )


def check_accounts_of_server(patient: Patient) -> Iterator[Finding]:
    """What a running server says of its database and accounts, where the database is its own
    alone.
    """
    is_embedded = patient.config.database.url.partition("://")[0] in ("surrealkv", "mem")
    if patient.client is None or patient.stats is None or not is_embedded:
        return
    database = patient.stats.database
    if database.reachable:
        yield Finding("database", "ok", f"{database.address} answers the server")
    else:
        yield Finding(
            "database",
            "problem",
            f"{database.address} does not answer the server",
            database.error or "",
        )
    try:
        accounts = patient.client.get("/accounts", api.Accounts).accounts
    except GitstarsError as error:
        yield Finding("accounts", "problem", str(error))
        return
    if not accounts:
        yield Finding(
            "accounts",
            "warning",
            "no account with a GitHub token yet",
            "sign in to the web application with GitHub",
        )
    for account in accounts:
        reason = account.reason
        yield Finding(
            "tokens", "warning" if reason else "ok", f"{account.login}: {reason or 'works'}"
        )
