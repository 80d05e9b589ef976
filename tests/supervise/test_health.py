"""Healthy, degraded, unhealthy: the rule."""

from dataclasses import replace

import pytest

from gitstars.supervise.health import Facts, decide_health

WELL = Facts(
    is_started=True,
    is_stopping=False,
    database_problem=None,
    database_seconds=0.01,
    workers=2,
    failing_duties=(),
    is_queue_full=False,
    disk_free_bytes=10**12,
    memory_percent=40.0,
)


def test_where_nothing_is_wrong_there_is_no_reason() -> None:
    health = decide_health(WELL)

    assert (health.status, health.reasons) == ("healthy", [])


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"is_started": False}, "unhealthy", "it is starting"),
        ({"is_stopping": True}, "unhealthy", "it is stopping"),
        ({"database_problem": "no database answers"}, "unhealthy", "no database answers"),
        ({"workers": 0}, "unhealthy", "no worker runs"),
        (
            {"failing_duties": [("budgets", "no answer")]},
            "degraded",
            "duty budgets fails: no answer",
        ),
        ({"schema_problem": "table x demands y"}, "unhealthy", "table x demands y"),
        (
            {"github_problem": "GitHub has not answered since 14:02 (connection refused)"},
            "degraded",
            "GitHub has not answered since 14:02 (connection refused)",
        ),
        (
            {"watcher_problem": "the accounts could not be read"},
            "degraded",
            "the accounts could not be read",
        ),
        (
            {"accounts_out": [("ada (1)", "GitHub rejects its token")]},
            "degraded",
            "account ada (1): GitHub rejects its token",
        ),
        ({"database_seconds": 3.21}, "degraded", "the database takes 3.2 s to answer"),
        (
            {"is_queue_full": True},
            "degraded",
            "the queue is full; more repositories follow when it has drained",
        ),
        ({"disk_free_bytes": 5 * 2**20}, "degraded", "only 5 MB are free on the disk"),
        ({"memory_percent": 97.2}, "degraded", "memory is 97 % full"),
    ],
)
def test_each_trouble_is_told(change: dict[str, object], status: str, reason: str) -> None:
    health = decide_health(replace(WELL, **change))  # type: ignore[arg-type]

    assert (health.status, health.reasons) == (status, [reason])


def test_the_gravest_comes_first_and_all_are_told() -> None:
    health = decide_health(
        replace(
            WELL, accounts_out=[("ada (1)", "out")], database_problem="gone", database_seconds=9.0
        )
    )

    assert (health.status, health.reasons) == (
        "unhealthy",
        ["gone", "account ada (1): out"],
    )


def test_of_many_tokens_that_are_out_some_are_named() -> None:
    out = [(f"user {number}", "out") for number in range(8)]

    health = decide_health(replace(WELL, accounts_out=out))

    assert health.reasons[4:] == [
        "account user 4: out",
        "3 more accounts are not used",
    ]
