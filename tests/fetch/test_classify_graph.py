"""GraphQL answers, alias by alias: one bad alias never spoils the others, and what is about the
whole query holds for all.
"""

from typing import Any

import pytest

from gitstars.fetch import answers, classify_graph
from gitstars.fetch.answers import (
    BadToken,
    BudgetSpent,
    Garbage,
    Gone,
    Missing,
    Outcome,
    Page,
    Refused,
    RouteMissing,
    SecondaryLimit,
)
from gitstars.fetch.answers import Transient as Passing
from gitstars.fetch.classify import RateInfo, Verdict
from gitstars.fetch.graphql import GraphAsk
from gitstars.model import Resource, Stargazer
from tests.fetch.conftest import NOW, RESET, MakeAnswer

ASKS = [GraphAsk("o/a"), GraphAsk("o/b")]
FORBIDDEN = "You do not have permission to view the stargazers of this repository"
RATE = {"cost": 1, "limit": 5000, "remaining": 4200, "resetAt": "2026-09-21T14:43:20Z"}
AT = "2020-01-02T03:04:05Z"
ANN = {"databaseId": 7, "login": "ann", "avatarUrl": "a", "url": "u"}
METADATA = answers.Metadata(5, "o/r", 12, permission="WRITE", updated_at=AT)
ANN_STAR = Stargazer(7, "ann", "a", "u", AT)
FINE = Page((ANN_STAR,), 0, True, end_cursor="c", total=12, repository=METADATA)


def stars(*nodes: Any, total: int = 12, has_next: bool = True) -> dict[str, Any]:
    edges = [{"starredAt": AT, "node": node} for node in nodes]
    return {
        "totalCount": total,
        "edges": edges,
        "pageInfo": {"hasNextPage": has_next, "endCursor": "c"},
    }


def repository(stargazers: Any = None, **changes: Any) -> dict[str, Any]:
    record = {
        "databaseId": 5,
        "nameWithOwner": "o/r",
        "stargazerCount": 12,
        "isPrivate": False,
        "isDisabled": False,
    }
    return {
        **record,
        "updatedAt": AT,
        "viewerPermission": "WRITE",
        "stargazers": stargazers,
        **changes,
    }


def problem(kind: str | None, message: str, *path: str | int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "message": message, **({"path": list(path)} if path else {}), **more}


#: What r0 answers beside a faultless r1, the errors of the query, and what becomes of r0.
ALIASES: list[tuple[str, Any, list[dict[str, Any]], Outcome]] = [
    ("a page", repository(stars(ANN)), [], FINE),
    (
        "a null list",
        repository(None),
        [problem("FORBIDDEN", FORBIDDEN, "r0", "stargazers")],
        Refused("permission", FORBIDDEN, METADATA),
    ),
    (
        "null climbed",
        None,
        [problem("FORBIDDEN", FORBIDDEN, "r0", "stargazers")],
        Refused("permission", FORBIDDEN),
    ),
    ("null climbed, no path", None, [problem("FORBIDDEN", "No")], Refused("forbidden", "No")),
    ("an app", None, [problem("FORBIDDEN", "Resource not accessible by integration", "r0")], None),  # type: ignore[list-item]
    (
        "no scope",
        None,
        [problem("INSUFFICIENT_SCOPES", "has not been granted the required scopes", "r0")],
        None,
    ),  # type: ignore[list-item]
    (
        "blocked",
        None,
        [problem("FORBIDDEN", "Repository access blocked", "r0")],
        Gone("blocked", "Repository access blocked"),
    ),
    (
        "disabled",
        repository(stars(ANN), isDisabled=True),
        [],
        Gone("disabled", "GitHub disabled this repository"),
    ),
    (
        "not there",
        None,
        [problem("NOT_FOUND", "Could not resolve", "r0")],
        Missing("Could not resolve"),
    ),
    ("timed out alone", None, [problem("timedout", "slow", "r0")], Passing("timedout: slow")),
    (
        "no type",
        None,
        [problem(None, "Something went wrong", "r0")],
        Passing("no type: Something went wrong"),
    ),
    (
        "cut short",
        repository(stars(ANN)),
        [problem("RESOURCE_LIMITS_EXCEEDED", "x", "r0", "stargazers", "edges", 4)],
        None,
    ),  # type: ignore[list-item]
    (
        "a hidden user",
        repository(stars(ANN, None)),
        [problem("NOT_FOUND", "x", "r0", "stargazers", "edges", 1, "node")],
        None,
    ),  # type: ignore[list-item]
    (
        "a spent cursor",
        None,
        [problem("INVALID_CURSOR_ARGUMENTS", "no cursor", "r0", "stargazers")],
        Garbage("no cursor"),
    ),
    ("nothing said", None, [], Garbage("r0 is null and no error says why")),
]
OPEN = {
    "an app": Refused("integration", "Resource not accessible by integration"),
    "no scope": Refused("scope", "has not been granted the required scopes"),
    "cut short": Passing("RESOURCE_LIMITS_EXCEEDED: x"),
    "a hidden user": Page(
        (ANN_STAR,), 1, True, end_cursor="c", total=12, repository=METADATA, ghost_times=(AT,)
    ),
}


def judge(make_answer: MakeAnswer, body: Any, status: int = 200, **headers: Any) -> Verdict:
    return classify_graph.classify_graph_stars(
        make_answer(status, body, resource="graphql", **headers), ASKS
    )


@pytest.mark.parametrize(
    ("name", "data", "errors", "outcome"), ALIASES, ids=[row[0] for row in ALIASES]
)
def test_an_alias_has_its_own_outcome_and_the_others_theirs(
    make_answer: MakeAnswer,
    name: str,
    data: Any,
    errors: list[dict[str, Any]],
    outcome: Outcome | None,
) -> None:
    body = {"data": {"rateLimit": RATE, "r0": data, "r1": repository(stars(ANN))}, "errors": errors}

    verdict = judge(make_answer, body)

    assert verdict.common is None
    assert verdict.outcomes == (outcome or OPEN[name], FINE)
    assert verdict.cost == 1


@pytest.mark.parametrize(
    "data",
    [
        repository({"totalCount": 1}),
        repository(stars({**ANN, "databaseId": 0})),
        repository(stars({**ANN, "login": ""})),
        repository(stars(ANN), databaseId=None),
        {"stargazers": stars(ANN)},
        7,
        [],
    ],
)
def test_an_alias_of_another_shape_is_garbage_alone(make_answer: MakeAnswer, data: Any) -> None:
    verdict = judge(
        make_answer, {"data": {"rateLimit": RATE, "r0": data, "r1": repository(stars(ANN))}}
    )

    assert isinstance(verdict.outcomes[0], Garbage)
    assert verdict.outcomes[1] == FINE


def test_null_edges_and_users_without_a_number_are_ghosts(make_answer: MakeAnswer) -> None:
    listed = stars(ANN, None, {**ANN, "databaseId": None})
    listed["edges"].append(None)

    verdict = judge(make_answer, {"data": {"r0": repository(listed), "r1": repository(stars(ANN))}})

    assert isinstance(page := verdict.outcomes[0], Page)
    assert (page.stargazers, page.ghosts, page.ghost_times) == ((ANN_STAR,), 3, (AT, AT, AT))


@pytest.mark.parametrize(("after", "kind"), [(None, Refused), ("c", Page)])
def test_an_empty_list_is_a_refusal_only_at_its_beginning(
    make_answer: MakeAnswer, after: str | None, kind: type
) -> None:
    answer = make_answer(200, {"data": {"r0": repository(stars(has_next=False))}})

    (outcome,) = classify_graph.classify_graph_stars(
        answer, [GraphAsk("o/a", after=after)]
    ).outcomes

    assert isinstance(outcome, kind)
    assert not isinstance(outcome, Refused) or (outcome.face, outcome.repository) == (
        "empty",
        METADATA,
    )


LIMITED = "API rate limit already exceeded for user ID 1."
WHOLE: list[tuple[str, int, Any, dict[str, Any], Outcome]] = [
    (
        "spent",
        200,
        {"errors": [problem("RATE_LIMITED", LIMITED)]},
        {"remaining": 0},
        BudgetSpent(Resource.GRAPHQL, RESET),
    ),
    (
        "limited, healthy",
        200,
        {"errors": [problem("RATE_LIMITED", "x")]},
        {"retry_after": "5"},
        SecondaryLimit(NOW + 5, "x"),
    ),
    (
        "by its code",
        200,
        {"errors": [problem("RATE_LIMIT", "x", code="graphql_rate_limit")]},
        {},
        SecondaryLimit(NOW + 60, "x"),
    ),
    (
        "by a code below",
        200,
        {"data": None, "errors": [problem(None, "x", extensions={"code": "graphql_rate_limit"})]},
        {},
        SecondaryLimit(NOW + 60, "x"),
    ),
    (
        "secondary by REST's words",
        403,
        "You have exceeded a secondary rate limit.",
        {"retry_after": "5"},
        None,
    ),  # type: ignore[list-item]
    (
        "timed out, typed",
        200,
        {"data": None, "errors": [problem("timedout", "slow")]},
        {},
        Passing("timedout: slow"),
    ),
    (
        "timed out, untyped",
        200,
        {"data": None, "errors": [problem(None, "timedout")]},
        {},
        Passing("no type: timedout"),
    ),
    (
        "too much",
        200,
        {"errors": [problem("MAX_NODE_LIMIT_EXCEEDED", "x")]},
        {},
        Passing("MAX_NODE_LIMIT_EXCEEDED: x"),
    ),
    (
        "cut off by GitHub",
        502,
        "Something went wrong",
        {},
        Passing("HTTP 502: Something went wrong"),
    ),
    (
        "cut off on the way",
        200,
        b'{"data": {"r0": {"databaseId"',
        {},
        Passing("the answer was cut off after 29 bytes"),
    ),
    ("no GraphQL here", 404, "Not Found", {}, RouteMissing()),
    ("bad token", 401, "Bad credentials", {}, BadToken("Bad credentials")),
    ("neither data nor errors", 200, {}, {}, Garbage("the answer has neither data nor errors")),
    (
        "not understood",
        200,
        {"errors": [problem(None, "no field x", extensions={"code": "undefinedField"})]},
        {},
        Garbage("the server does not understand the query: no field x"),
    ),
]


@pytest.mark.parametrize(
    ("status", "body", "headers", "outcome"),
    [row[1:] for row in WHOLE],
    ids=[row[0] for row in WHOLE],
)
def test_what_is_about_the_whole_query_is_common(
    make_answer: MakeAnswer,
    status: int,
    body: Any,
    headers: dict[str, Any],
    outcome: Outcome | None,
) -> None:
    verdict = judge(make_answer, body, status, **headers)

    assert verdict.common == (
        outcome or SecondaryLimit(NOW + 5, "You have exceeded a secondary rate limit.")
    )


def test_html_with_status_200_is_garbage(make_answer: MakeAnswer) -> None:
    assert isinstance(judge(make_answer, b"<html>").common, Garbage)


def test_an_alias_that_takes_the_whole_data_with_it_leaves_the_others_to_be_asked_again(
    make_answer: MakeAnswer,
) -> None:
    verdict = judge(make_answer, {"data": None, "errors": [problem("NOT_FOUND", "gone", "r1")]})

    assert verdict.common is None
    assert isinstance(verdict.outcomes[0], Passing)
    assert verdict.outcomes[1] == Missing("gone")


def test_the_figures_come_from_the_answer_where_the_headers_have_none(
    make_answer: MakeAnswer,
) -> None:
    body = {"data": {"rateLimit": RATE, "r0": None, "r1": None}}

    assert judge(make_answer, body, remaining=None).rate == RateInfo(
        Resource.GRAPHQL, 5000, 4200, RESET
    )
    assert judge(make_answer, body, remaining=3).rate == RateInfo(Resource.GRAPHQL, 5000, 3, RESET)
    assert (
        judge(make_answer, {"data": {"rateLimit": None, "r0": None}}, remaining=None).rate is None
    )


def test_records_are_metadata_each_with_its_own_trouble(make_answer: MakeAnswer) -> None:
    body = {
        "data": {
            "rateLimit": RATE,
            "r0": repository(),
            "r1": None,
            "r2": None,
            "r3": repository(viewerPermission="READ"),
        },
        "errors": [
            problem("NOT_FOUND", "gone", "r1"),
            problem("FORBIDDEN", "Repository access blocked", "r2"),
        ],
    }

    verdict = classify_graph.classify_graph_counts(make_answer(200, body), 4)

    stranger = answers.Metadata(5, "o/r", 12, permission="READ", updated_at=AT)
    assert verdict.outcomes == (
        METADATA,
        Missing("gone"),
        Gone("blocked", "Repository access blocked"),
        stranger,
    )
