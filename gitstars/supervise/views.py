"""Values of the stages as the admin API shows them. Functions without state."""

from collections.abc import Iterable, Mapping
from typing import Any

from gitstars import api
from gitstars.clock import show_time
from gitstars.execute.worker import WorkerState
from gitstars.model import Status, Week
from gitstars.redaction import redact, redact_or_none
from gitstars.report.history import History
from gitstars.store.access import AccessRow
from gitstars.store.repositories import RepositoryView
from gitstars.store.stargazers import StarOfPerson, StoredStar
from gitstars.supervise.readings import Reading
from gitstars.supervise.seen import AccountState, OutageSeen, RoutesSeen, RowLeftOut, TokenOut
from gitstars.supervise.supervisor import DutyState

#: In these states nothing stands in the way, so there is no reason.
UNTROUBLED = (Status.COMPLETED, Status.PROCESSING)
#: Why a repository does not move that no account here brings any more.
UNWANTED = (
    "nobody with an account here stars or follows it: it is not collected further, and what is "
    "stored stays"
)
#: GitHub's days are not UTC days: a day has begun everywhere on Earth so long after it began in UTC
#: (seconds).
LAST_ZONE_SECONDS = 12 * 3600
DAY_SECONDS = 86_400


def time_or_none(epoch_seconds: float | None) -> str | None:
    """A time as text."""
    return None if epoch_seconds is None else show_time(epoch_seconds)


# Repositories


def show_repository(view: RepositoryView, is_wanted: bool = True) -> api.Repository:
    """A row of the list; ``is_wanted``: somebody with an account here wants it collected."""
    return api.Repository(**_repository_fields(view, is_wanted))


def show_details(
    view: RepositoryView,
    access: Iterable[AccessRow],
    logins: Mapping[int, str],
    weeks: Iterable[Week],
    obstacle: str | None,
    is_wanted: bool,
    now: float,
) -> api.RepositoryDetails:
    """Everything known; ``logins`` are of the users with an account here, ``now`` is epoch
    seconds.
    """
    return api.RepositoryDetails(
        **_repository_fields(view, is_wanted),
        obstacle=redact_or_none(obstacle),
        access=[show_access(row, logins.get(row.user_id) or str(row.user_id)) for row in access],
        history=[
            api.Week(week=show_time(week.week), total=week.total, days=days_begun(week, now))
            for week in weeks
        ],
    )


def show_access(row: AccessRow, login: str) -> api.Access:
    """What is known of one account's right to list a repository."""
    return api.Access(
        user_id=row.user_id,
        login=login,
        may_list=row.may_list,
        face=row.face,
        text=redact_or_none(row.text),
        advice=redact_or_none(row.advice),
        accepted_permissions=redact_or_none(row.accepted_permissions),
        checked_at=time_or_none(row.checked_at),
        look_again_at=time_or_none(row.look_again_at),
    )


def days_begun(week: Week, now: float) -> list[int]:
    """The days of a week without those to come, which GitHub answers as zeros.

    A day that has stars has begun; one without has begun once it has in every time zone.
    """
    days = list(week.days)
    for place in reversed(range(len(days))):
        if days[place] or week.week + place * DAY_SECONDS + LAST_ZONE_SECONDS <= now:
            return days[: place + 1]
    return []


def _repository_fields(view: RepositoryView, is_wanted: bool) -> dict[str, Any]:
    reason = None if view.status in UNTROUBLED else redact_or_none(view.last_error)
    return {
        "id": view.record_id,
        "full_name": view.full_name,
        "github_id": view.github_id,
        "stars": view.stars,
        "is_private": view.is_private,
        "status": Status(view.status) if view.status in set(Status) else Status.PENDING,
        "reason": reason if is_wanted else UNWANTED,
        "notes": redact_or_none(view.notes),
        "processed_stargazers": view.processed,
        "total_stargazers": view.total_stargazers,
        "ghosts": view.ghosts,
        "last_page": view.last_page,
        "total_pages": view.total_pages,
        "error_count": view.error_count,
        "claimed_by": view.claimed_by,
        "claimed_at": time_or_none(view.claimed_at),
        "lease_expires_at": time_or_none(view.lease_expires_at),
        "started_at": time_or_none(view.started_at),
        "completed_at": time_or_none(view.completed_at),
        "next_retry_at": time_or_none(view.next_retry_at),
    }


# Accounts


def show_token(out: TokenOut | None) -> api.Token:
    """Whether a token is used, and if not, why and until when."""
    if out is None:
        return api.Token(state="usable", text=None, look_again_at=None)
    states: dict[str, api.TokenState] = {"foreign": "foreign", "unsendable": "unsendable"}
    return api.Token(
        state=states.get(out.reason, "rejected"),
        text=redact(out.text),
        look_again_at=time_or_none(out.until),
    )


def show_left_out(row: RowLeftOut) -> api.LeftOut:
    """A row that is not served."""
    return api.LeftOut(record_id=row.record_id, login=row.login, reason=redact(row.reason))


def show_activity(state: AccountState | None, now: float, monotonic: float) -> api.Activity | None:
    """What the loop of an account does; None where no worker serves it.

    ``now`` and ``monotonic`` are the two readings of the clock at this moment.
    """
    if state is None:
        return None
    return api.Activity(
        slots=dict(state.in_flight),
        open=list(state.open),
        next_ask=redact_or_none(state.next_ask),
        waits_for=redact_or_none(state.waits_for),
        waits_until=time_or_none(state.waits_until),
        progressed_at=show_time(now - (monotonic - state.progressed_at)),
    )


def sum_budgets(accounts: Iterable[api.Account]) -> api.BudgetSums:
    """All accounts' budgets added up; what is not known of one counts as full."""
    budgets = [account.budgets for account in accounts]
    return api.BudgetSums(
        core=_sum([each.core for each in budgets]), graphql=_sum([each.graphql for each in budgets])
    )


def _sum(budgets: list[api.Budget]) -> api.BudgetSum:
    left = (each.limit if each.remaining is None else each.remaining for each in budgets)
    return api.BudgetSum(limit=sum(each.limit for each in budgets), remaining=sum(left))


# The server


def show_worker(state: WorkerState) -> api.Worker:
    """A worker and what it does."""
    doing: api.WorkerState
    if state.is_retiring:
        doing = "retiring"
    elif not state.is_idle:
        doing = "busy"
    else:
        doing = "idle" if state.waits_until is None else "waiting"
    return api.Worker(
        number=state.number,
        state=doing,
        users=state.users,
        repositories=state.repositories,
        waits_until=time_or_none(state.waits_until),
        idle_seconds=None if state.idle_seconds is None else round(state.idle_seconds, 1),
    )


def show_github(outage: OutageSeen | None, routes: RoutesSeen) -> api.GitHubState:
    """The way to GitHub."""
    return api.GitHubState(
        reachable=outage is None,
        error=None if outage is None else redact(outage.text),
        since=None if outage is None else show_time(outage.since),
        next_probe_at=None if outage is None else show_time(outage.until),
        routes=api.Routes(graphql=routes.has_graphql, history=routes.has_history),
    )


def show_resources(reading: Reading) -> api.Resources:
    """What the process and its machine use."""
    return api.Resources(
        cpu_percent=round(reading.process_cpu_percent, 1),
        machine_cpu_percent=round(reading.cpu_percent, 1),
        memory_mb=round(reading.memory_bytes / 2**20, 1),
        memory_percent=round(reading.memory_percent, 1),
        open_files=reading.open_files,
        disk_free_mb=reading.disk_free_bytes // 2**20,
    )


def show_duty(duty: DutyState) -> api.DutyReport:
    """How a duty goes."""
    return api.DutyReport(
        name=duty.name,
        runs=duty.runs,
        failures=duty.failures,
        restarts=duty.restarts,
        last_run_at=time_or_none(duty.last_run_at),
        last_error=redact_or_none(duty.last_error),
    )


def show_history(full_name: str, per: api.Per, history: History) -> api.StarHistory:
    """A repository's history as it is answered."""
    points = [
        api.HistoryPoint(
            day=point.day.isoformat(), added=point.added, removed=point.removed, total=point.total
        )
        for point in history.points
    ]
    return api.StarHistory(
        full_name=full_name,
        per=per,
        source=history.source,
        is_exact=history.is_exact,
        note=history.note,
        points=points,
        counts=[api.DayCount(day=count.day, stars=count.stars) for count in history.counts],
    )


def show_stargazer(star: StoredStar) -> api.Stargazer:
    """A star with its person as it is answered."""
    return api.Stargazer(
        user_id=star.user_id,
        login=star.login,
        starred_at=show_time(star.starred_at),
        unstarred_at=time_or_none(star.unstarred_at),
    )


def show_star_of_user(star: StarOfPerson) -> api.UserStar:
    """A star with its repository as it is answered."""
    return api.UserStar(
        full_name=star.full_name,
        github_id=star.repo_id,
        starred_at=show_time(star.starred_at),
        unstarred_at=time_or_none(star.unstarred_at),
    )
