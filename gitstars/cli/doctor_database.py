"""``gitstars doctor``: the database, its schema, its clock, and the accounts in it."""

import time
from collections.abc import Iterator
from pathlib import Path

from gitstars import api
from gitstars.cli.doctor_finding import Finding, Patient
from gitstars.cli.doctor_github import GitHubCheck
from gitstars.clock import show_duration
from gitstars.errors import DatabaseError, EmbeddedPathUnusable, QueryFailed
from gitstars.model import Account
from gitstars.store import accounts, schema, trial
from gitstars.store.database import Database

#: Clocks may differ by this much before pacing and leases suffer (seconds).
CLOCK_TOLERANCE_SECONDS = 10.0


def check_database(patient: Patient) -> Iterator[Finding]:
    """The database itself, its schema, its clock, and the accounts in it with their tokens."""
    settings = patient.config.database
    scheme, _, path = settings.url.partition("://")
    used = patient.stats.database.address if patient.stats is not None else settings.url
    if used != settings.url:
        yield Finding(
            "database",
            "warning",
            f"the running server uses {used}, and this configuration names {settings.url}",
            "give this command the configuration of the server",
        )
        return
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
    except DatabaseError as error:
        yield _explain_closed(error, path, patient)
        return
    took = f"opened in {(time.monotonic() - started) * 1000:.0f} ms"
    try:
        yield Finding("database", "ok", f"{database.address} answers, {took}")
        yield from _check_contents(patient, database)
    except DatabaseError as error:
        yield Finding("database", "problem", str(error))
    finally:
        database.close()


def _explain_closed(error: DatabaseError, path: str, patient: Patient) -> Finding:
    """Why the database could not be opened."""
    if not isinstance(error, EmbeddedPathUnusable):
        advice = "check database.url, user and password, and that the database runs"
        return Finding("database", "problem", str(error), advice)
    if patient.stats is None:
        return Finding("database", "problem", str(error))
    text = f"{path} is in use by the running server; what follows is what it says"
    return Finding("database", "ok", text)


def _check_contents(patient: Patient, database: Database) -> Iterator[Finding]:
    drift = database.run("RETURN time::now()")[0].timestamp() - time.time()
    yield check_clock("the database's clock", drift)
    try:
        version = schema.read_version(database)
        listed = accounts.read_accounts(database)
    except QueryFailed:
        yield Finding("schema", "ok", "the tables are not there yet; gitstars serve makes them")
        return
    yield check_version(version, len(schema.STEPS))
    fault = trial.find_fault(database)
    if fault is None:
        yield Finding("schema", "ok", "the tables take what gitstars writes")
    else:
        said, _, advice = fault.partition("; ")
        yield Finding("schema", "problem", said, advice or trial.WHAT_TO_DO)
    for left_out in listed.left_out:
        name = left_out.login or left_out.record_id
        why, _, advice = left_out.reason.rpartition("; ")
        yield Finding("accounts", "problem", f"{name} is left out: {why}", advice)
    yield from _check_tokens(patient, listed.accounts)


def _check_tokens(patient: Patient, listed: list[Account]) -> Iterator[Finding]:
    """The way to GitHub, and each token where there is a way."""
    check = GitHubCheck(patient.config.github)
    try:
        way = list(check.check_way())
        yield from way
        if not listed:
            yield NO_ACCOUNT
        if any(finding.state == "problem" and finding.check == "github" for finding in way):
            return
        for account in listed:
            finding = check.check_account(account)
            yield finding
            yield from compare_with_server(account, finding, patient)
    finally:
        check.close()


NO_ACCOUNT = Finding("accounts", "warning", api.NOBODY_HERE, api.SIGN_IN_ADVICE)


def compare_with_server(account: Account, finding: Finding, patient: Patient) -> Iterator[Finding]:
    """Where a running server thinks otherwise of the token."""
    seen = patient.accounts.get(account.user_id)
    if seen is None or seen.token.state == "usable" or finding.state == "problem":
        return
    again = seen.token.look_again_at
    yield Finding(
        "tokens",
        "warning",
        f"{account.login or account.user_id}: the running server does not use this token yet: "
        f"{seen.token.text}" + (f"; it looks again at {again}" if again else ""),
        "gitstars resume, or reprocess, looks at it at once",
    )


def check_accounts_of_server(patient: Patient) -> Iterator[Finding]:
    """What a running server says of its database and accounts, where the database is its own
    alone.
    """
    if patient.client is None or patient.stats is None or not patient.has_own_database:
        return
    database, github = patient.stats.database, patient.stats.github
    if database.reachable:
        yield Finding("database", "ok", f"{database.address} answers the server")
    else:
        text = f"{database.address} does not answer the server"
        yield Finding("database", "problem", text, database.error or "")
    if database.schema_problem is not None:
        yield Finding("schema", "problem", database.schema_problem)
    if github.reachable:
        yield Finding("github", "ok", "GitHub answers the server")
    else:
        text = f"GitHub has not answered the server since {github.since}: {github.error}"
        yield Finding("github", "problem", text, f"it is tried again at {github.next_probe_at}")
    if not patient.accounts:
        yield NO_ACCOUNT
    for account in patient.accounts.values():
        name = account.login or str(account.user_id)
        if account.reason is None:
            yield Finding("tokens", "ok", f"{name}: its token is used")
        else:
            advice = "gitstars resume looks at a token that is out at once"
            yield Finding("tokens", "warning", f"{name}: {account.reason}", advice)


def check_clock(name: str, drift_seconds: float) -> Finding:
    """``drift_seconds`` is how far that clock is ahead of ours."""
    if abs(drift_seconds) <= CLOCK_TOLERANCE_SECONDS:
        return Finding("clocks", "ok", f"{name} agrees with this machine's")
    side = "ahead of" if drift_seconds > 0 else "behind"
    text = f"{name} is {show_duration(abs(drift_seconds))} {side} this machine's"
    return Finding(
        "clocks", "problem", text, "set the clocks with NTP: leases and budgets depend on them"
    )


def check_version(version: int, newest: int) -> Finding:
    """Whether this gitstars understands the schema."""
    if version > newest:
        text = f"version {version} is newer than this gitstars, which knows {newest}"
        return Finding("schema", "problem", text, "update gitstars")
    later = "" if version == newest else "; gitstars serve brings it up"
    return Finding("schema", "ok", f"version {version} of {newest}{later}")
