"""``gitstars doctor``: looks at everything gitstars needs, with the server up or down, and says
what works, what does not, what to do.
"""

import socket
from collections.abc import Iterator
from dataclasses import asdict, replace

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import open_client
from gitstars.cli.doctor_finding import Finding, Patient
from gitstars.cli.options import with_config
from gitstars.clock import show_duration
from gitstars.config import AdminConfig, HealthConfig, LoadedConfig
from gitstars.errors import RequestRefused, ServerUnreachable
from gitstars.redaction import redact


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
    """Check database, schema, tokens and what they may do, the way to GitHub, clocks, ports and
    files.

    Works with the server up or down and changes nothing. It asks GitHub: three requests of each
    account at most.
    """
    config = loaded.config
    patient = Patient(config, open_client(config.admin, url) if config.admin.port or url else None)
    findings = []
    for found in examine(patient):
        finding = replace(found, text=redact(found.text), advice=redact(found.advice))
        findings.append(finding)
        if not as_json:
            _tell(finding)
    if as_json:
        show.print_json([asdict(finding) for finding in findings])
    problems = sum(finding.state == "problem" for finding in findings)
    warnings = sum(finding.state == "warning" for finding in findings)
    if not as_json:
        counts = (len(findings), "check"), (problems, "problem"), (warnings, "warning")
        checks, *told = (show.count_of(number, noun) for number, noun in counts)
        click.echo(f"{checks}: {', '.join(told)}")
    return 1 if problems else 0


def examine(patient: Patient) -> Iterator[Finding]:
    """All checks, in their order."""
    from gitstars.cli.doctor_database import check_accounts_of_server, check_database
    from gitstars.cli.doctor_files import check_files

    for check in (check_server, check_ports, check_files, check_database, check_accounts_of_server):
        yield from check(patient)


def _tell(finding: Finding) -> None:
    advice = f"-> {finding.advice}" if finding.advice else ""
    if show.is_terminal():
        # Each finding is a table of its own: they come one by one.
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(width=8)
        table.add_column(width=10)
        table.add_column(overflow="fold")
        state = Text(finding.state, show.STYLES[finding.state])
        table.add_row(state, finding.check, Text(finding.text))
        if advice:
            table.add_row("", "", Text(advice))
        Console(highlight=False).print(table)
        return
    click.echo(f"{finding.state:8} {finding.check:10} {finding.text}")
    if advice:
        click.echo(f"{'':19} {advice}")


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
    url = patient.client.url
    try:
        stats = patient.client.get("/stats", api.Stats)
        listed = patient.client.get("/accounts", api.Accounts).accounts
    except ServerUnreachable:
        yield Finding("server", "ok", f"no server runs at {url}: looking at everything directly")
        return
    except RequestRefused as error:
        advice = "run this as the server's user, or set ADMIN_API_KEY to the server's key"
        yield Finding("server", "problem", str(error), advice)
        return
    patient.stats, patient.accounts = stats, {account.user_id: account for account in listed}
    yield describe_server(stats, url)


def describe_server(stats: api.Stats, url: str) -> Finding:
    """What a running server says of itself."""
    text = (
        f"gitstars {stats.version} at {url} is {stats.status}, up "
        f"{show_duration(stats.uptime_seconds)}"
    )
    reasons = "; ".join(stats.reasons)
    if stats.status == "healthy":
        return Finding("server", "ok", text)
    return Finding("server", "warning" if stats.status == "degraded" else "problem", text, reasons)


def check_ports(patient: Patient) -> Iterator[Finding]:
    """Whether the configured ports can be had, or are our server's."""
    for name, settings in (("health", patient.config.health), ("admin", patient.config.admin)):
        what = f"{name} port {settings.host}:{settings.port}"
        if not settings.port:
            yield Finding("ports", "ok", f"{name} is switched off")
        elif patient.stats is not None:
            is_ours = _answers(settings)
            text = f"{what} belongs to the running server" if is_ours else f"{what} is free"
            yield Finding("ports", "ok", text)
        elif problem := _why_not_bound(settings.host, settings.port):
            yield Finding(
                "ports",
                "problem",
                f"{what} cannot be had: {problem}",
                f"stop what listens there, or set {name}.port",
            )
        else:
            yield Finding("ports", "ok", f"{what} is free")


def _answers(settings: AdminConfig | HealthConfig) -> bool:
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
        return error.strerror or "the host name is not known"
    return ""
