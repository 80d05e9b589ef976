"""Everything that Prometheus reads, in a registry of our own.

The list with explanations is ``docs/metrics.md``.
"""

import bisect
import math
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from gitstars import api
from gitstars.model import Resource

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
#: Upper bounds of the buckets of a page's latency (seconds).
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
#: A rendering is used again for this long (seconds): hundreds of readers cost what one costs.
FRESH_SECONDS = 1.0
PAGE = "page"

#: The statistics and the accounts, as ``Snapshots`` has them.
Status = Callable[[], api.Stats]
Accounts = Callable[[], list[api.Account]]


class CallTimes:
    """Counts GitHub's answers, and how long pages took. Made before whatever it is told by."""

    def __init__(self) -> None:
        self.answers: Counter[tuple[str, str]] = Counter()
        self.buckets: dict[str, list[int]] = {}
        self.sums: dict[str, float] = {}

    def observe(self, resource: str, kind: str, seconds: float) -> None:
        """An answer of class ``kind`` (``BudgetSpent`` becomes ``budget_spent``) came after
        ``seconds``.
        """
        outcome = re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()
        self.answers[resource, outcome] += 1
        if outcome == PAGE:
            self.buckets.setdefault(resource, [0] * (len(BUCKETS) + 1))[
                bisect.bisect_left(BUCKETS, seconds)
            ] += 1
            self.sums[resource] = self.sums.get(resource, 0.0) + seconds


class Metrics:
    """Renders the metrics of one server."""

    def __init__(
        self,
        status: Status,
        accounts: Accounts,
        latencies: Callable[[], list[float]],
        calls: CallTimes,
    ) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(EngineCollector(status, accounts, latencies, calls))
        ProcessCollector(registry=self._registry)
        self._rendered = b""
        self._rendered_at = -math.inf

    def render(self) -> bytes:
        """The text that Prometheus reads."""
        now = time.monotonic()
        if now - self._rendered_at >= FRESH_SECONDS:
            self._rendered, self._rendered_at = generate_latest(self._registry), now
        return self._rendered


class EngineCollector(Collector):
    """Turns the last readings into metrics."""

    def __init__(
        self,
        status: Status,
        accounts: Accounts,
        latencies: Callable[[], list[float]],
        calls: CallTimes,
    ) -> None:
        self._status = status
        self._accounts = accounts
        self._latencies = latencies
        self._calls = calls

    def describe(self) -> list[Metric]:
        """Nothing: asking now would be too early."""
        return []

    def collect(self) -> Iterator[Metric]:
        status = self._status()
        yield from _collect_state(status)
        yield from _collect_github(status.github)
        yield from self._collect_calls()
        yield from self._collect_accounts()
        yield from _collect_work(status)
        yield from self._collect_database(status.database)

    def _collect_calls(self) -> Iterator[Metric]:
        answers = CounterMetricFamily(
            "gitstars_github_answers", "Answers of GitHub", labels=["resource", "outcome"]
        )
        for (resource, outcome), count in sorted(self._calls.answers.items()):
            answers.add_metric([resource, outcome], count)
        yield answers
        pages = HistogramMetricFamily(
            "gitstars_page_seconds",
            "How long a page of stargazers took to fetch",
            labels=["resource"],
        )
        for resource, counts in sorted(self._calls.buckets.items()):
            sums = [sum(counts[: position + 1]) for position in range(len(counts))]
            named = [
                (_bound(bound), float(total))
                for bound, total in zip((*BUCKETS, math.inf), sums, strict=True)
            ]
            pages.add_metric([resource], named, self._calls.sums[resource])
        yield pages

    def _collect_accounts(self) -> Iterator[Metric]:
        by_budget = ["user_id", "resource"]
        remaining = GaugeMetricFamily(
            "gitstars_budget_remaining", "Points left in the running hour", labels=by_budget
        )
        limit = GaugeMetricFamily("gitstars_budget_limit", "Points of an hour", labels=by_budget)
        out = GaugeMetricFamily(
            "gitstars_account_out", "1: the account cannot be used now", labels=["user_id"]
        )
        tokens = GaugeMetricFamily(
            "gitstars_token_out",
            "1: the account's token is not used, for this reason",
            labels=["user_id", "reason"],
        )
        for account in self._accounts():
            user = str(account.user_id)
            out.add_metric([user], account.reason is not None)
            if account.token.state != "usable":
                tokens.add_metric([user, account.token.state], 1)
            for resource in Resource:
                budget: api.Budget = getattr(account.budgets, resource)
                limit.add_metric([user, resource], budget.limit)
                if budget.remaining is not None:
                    remaining.add_metric([user, resource], budget.remaining)
        yield from (remaining, limit, out, tokens)

    def _collect_database(self, database: api.DatabaseState) -> Iterator[Metric]:
        yield _gauge("gitstars_database_up", "1: the database answers", database.reachable)
        yield _gauge(
            "gitstars_database_writable",
            "1: its tables take what gitstars writes",
            database.schema_problem is None,
        )
        latency = GaugeMetricFamily(
            "gitstars_database_seconds", "How long the last 512 queries took", labels=["percentile"]
        )
        ordered = sorted(self._latencies())
        for percentile in (50, 90, 99) if ordered else ():
            place = min(len(ordered) - 1, percentile * len(ordered) // 100)
            latency.add_metric([str(percentile)], ordered[place])
        yield latency
        pool = GaugeMetricFamily(
            "gitstars_database_connections",
            "Connections of the pool; waiting: callers",
            labels=["state"],
        )
        for state in ("idle", "in_use", "waiting", "maximum"):
            pool.add_metric([state], getattr(database.pool, state))
        yield pool


def _collect_state(status: api.Stats) -> Iterator[Metric]:
    info = GaugeMetricFamily("gitstars_build", "Always 1; which version runs", labels=["version"])
    info.add_metric([status.version], 1)
    yield info
    health = GaugeMetricFamily("gitstars_health", "1 at the state that holds", labels=["status"])
    for name in ("healthy", "degraded", "unhealthy"):
        health.add_metric([name], status.status == name)
    yield health
    yield _gauge("gitstars_paused", "1: collecting is paused", status.paused)
    yield _gauge("gitstars_uptime_seconds", "Time since the start", status.uptime_seconds)
    yield _gauge("gitstars_accounts", "Accounts with a token", status.accounts.count)
    yield _gauge(
        "gitstars_accounts_watched",
        "1: new and changed accounts are seen",
        status.accounts.watcher_problem is None,
    )
    duties = GaugeMetricFamily(
        "gitstars_duty_failures", "Bad steps of a duty since its last good one", labels=["duty"]
    )
    for duty in status.duties:
        duties.add_metric([duty.name], duty.failures)
    yield duties


def _collect_github(github: api.GitHubState) -> Iterator[Metric]:
    yield _gauge("gitstars_github_up", "1: GitHub answers", github.reachable)
    routes = GaugeMetricFamily(
        "gitstars_github_route",
        "1: the GitHub server is believed to have the route",
        labels=["route"],
    )
    routes.add_metric(["graphql"], github.routes.graphql)
    routes.add_metric(["history"], github.routes.history)
    yield routes


def _collect_work(status: api.Stats) -> Iterator[Metric]:
    totals, workers = status.totals, status.workers
    yield CounterMetricFamily(
        "gitstars_stars_stored", "Stars stored since the start", value=totals.stars_stored
    )
    yield CounterMetricFamily(
        "gitstars_pages_stored", "Pages stored since the start", value=totals.pages_stored
    )
    yield _gauge(
        "gitstars_stars_per_second",
        "Stars stored a second, over the last ten",
        status.rates.stars_per_second,
    )
    repositories = GaugeMetricFamily(
        "gitstars_repositories", "Repositories by status", labels=["status"]
    )
    for name, count in sorted(status.repositories.items()):
        repositories.add_metric([name], count)
    yield repositories
    yield _gauge("gitstars_queue_depth", "Jobs that wait", status.queue.depth)
    yield _gauge(
        "gitstars_queue_oldest_seconds",
        "How long the oldest job has waited",
        status.queue.oldest_seconds,
    )
    states = GaugeMetricFamily("gitstars_workers", "Workers by state", labels=["state"])
    for state in ("busy", "waiting", "idle", "retiring"):
        states.add_metric([state], getattr(workers, state))
    yield states
    yield CounterMetricFamily(
        "gitstars_workers_replaced", "Workers replaced since the start", value=workers.replaced
    )


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _bound(bound: float) -> str:
    return "+Inf" if math.isinf(bound) else str(bound)
