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
    Withheld,
)
from gitstars.fetch.answers import Transient as Passing
from gitstars.fetch.classify import CallResult
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.headers import RateInfo
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


EMPTY = {"totalCount": 0, "edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}


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


#: Stands for any answer that is not GitHub's.
FOREIGN = Passing("not GitHub's", is_foreign=True)

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
    (
        "null climbed, no path",
        None,
        [problem("FORBIDDEN", "No")],
        Passing("it is not told which list this is about: No"),
    ),
    (
        "null climbed from the count",
        None,
        [problem("FORBIDDEN", FORBIDDEN, "r0", "stargazers", "totalCount")],
        Refused("permission", FORBIDDEN),
    ),
    (
        "the usual face, and an error that says why",
        repository(EMPTY),
        [problem("FORBIDDEN", FORBIDDEN, "r0", "stargazers")],
        Refused("permission", FORBIDDEN, METADATA),
    ),
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


def read(make_answer: MakeAnswer, body: Any, status: int = 200, **headers: Any) -> CallResult:
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

    result = read(make_answer, body)

    assert result.common is None
    assert result.outcomes == (outcome or OPEN[name], FINE)
    assert result.cost == 1


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
    result = read(
        make_answer, {"data": {"rateLimit": RATE, "r0": data, "r1": repository(stars(ANN))}}
    )

    assert isinstance(result.outcomes[0], Garbage)
    assert result.outcomes[1] == FINE


def test_null_edges_and_users_without_a_number_are_ghosts(make_answer: MakeAnswer) -> None:
    listed = stars(ANN, None, {**ANN, "databaseId": None})
    listed["edges"].append(None)

    result = read(make_answer, {"data": {"r0": repository(listed), "r1": repository(stars(ANN))}})

    assert isinstance(page := result.outcomes[0], Page)
    assert (page.stargazers, page.ghosts, page.ghost_times) == ((ANN_STAR,), 3, (AT, AT, AT))


#: The answer of 2026-09-25 to a token of an outsider, and what else the record may say.
FACES: list[tuple[str, dict[str, Any], dict[str, str], type[Outcome]]] = [
    ("an outsider", {"viewerPermission": "READ"}, {}, Refused),
    ("nobody knows", {"viewerPermission": None}, {}, Refused),
    ("a triager", {"viewerPermission": "TRIAGE"}, {}, Refused),
    ("one star", {"viewerPermission": "READ", "stargazerCount": 1}, {}, Refused),
    ("two stars", {"viewerPermission": "READ", "stargazerCount": 2}, {}, Refused),
    ("an owner without the scope", {"viewerPermission": "ADMIN"}, {"x_oauth_scopes": ""}, Refused),
    (
        "a writer with other scopes",
        {"viewerPermission": "WRITE"},
        {"x_oauth_scopes": "read:user, repo:status"},
        Refused,
    ),
    ("an owner", {"viewerPermission": "ADMIN"}, {"x_oauth_scopes": "public_repo"}, Withheld),
    ("a maintainer", {"viewerPermission": "MAINTAIN"}, {"x_oauth_scopes": "gist, repo"}, Withheld),
    ("a writer without scopes", {"viewerPermission": "WRITE"}, {}, Withheld),
    ("a disabled repository", {"viewerPermission": "READ", "isDisabled": True}, {}, Gone),
    ("no stars", {"viewerPermission": "READ", "stargazerCount": 0}, {}, Page),
]


@pytest.mark.parametrize(
    ("record", "headers", "kind"), [row[1:] for row in FACES], ids=[row[0] for row in FACES]
)
@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("first", [100, 10])
def test_an_empty_list_beside_a_count_is_refused_or_withheld_from_whichever_end(
    make_answer: MakeAnswer,
    record: dict[str, Any],
    headers: dict[str, str],
    kind: type[Outcome],
    newest_first: bool,
    first: int,
) -> None:
    answer = make_answer(
        200, {"data": {"rateLimit": RATE, "r0": repository(EMPTY, **record)}}, **headers
    )

    (outcome,) = classify_graph.classify_graph_stars(
        answer, [GraphAsk("o/a", first, None, newest_first)]
    ).outcomes

    assert isinstance(outcome, kind)
    if isinstance(outcome, Refused | Withheld):
        assert outcome.repository is not None
        assert outcome.repository.stars == record.get("stargazerCount", 12)
    assert not isinstance(outcome, Refused) or outcome.face == "empty"


@pytest.mark.parametrize("known", [True, False, None])
def test_the_scopes_that_the_answer_names_win_over_those_that_were_known(
    make_answer: MakeAnswer, known: bool | None
) -> None:
    body = {"data": {"rateLimit": RATE, "r0": repository(EMPTY)}}
    told = make_answer(200, body, x_oauth_scopes="repo")
    untold = make_answer(200, body)

    outcomes = [
        classify_graph.classify_graph_stars(answer, [GraphAsk("o/a")], known).outcomes[0]
        for answer in (told, untold)
    ]

    assert [type(outcome) for outcome in outcomes] == [
        Withheld,
        Refused if known is False else Withheld,
    ]


@pytest.mark.parametrize(
    ("page", "after", "kind"),
    [
        (stars(has_next=False), None, Withheld),
        (stars(has_next=False), "c", Page),
        (EMPTY, "c", Withheld),
        (stars(ANN, total=3), "c", Withheld),
        (stars(ANN, total=3), None, Withheld),
        (stars(ANN, total=12, has_next=False), None, Withheld),
        (stars(ANN, total=12, has_next=False), "c", Page),
        (stars(ANN, total=900), None, Page),
    ],
)
def test_a_page_proves_nothing_where_it_shows_less_than_the_count(
    make_answer: MakeAnswer, page: dict[str, Any], after: str | None, kind: type[Outcome]
) -> None:
    answer = make_answer(200, {"data": {"rateLimit": RATE, "r0": repository(page)}})

    (outcome,) = classify_graph.classify_graph_stars(
        answer, [GraphAsk("o/a", after=after)]
    ).outcomes

    assert isinstance(outcome, kind)


def test_a_page_of_which_github_hides_every_edge_is_a_page_of_ghosts(
    make_answer: MakeAnswer,
) -> None:
    page = {**stars(total=12, has_next=True), "edges": [None, None, None]}
    answer = make_answer(200, {"data": {"rateLimit": RATE, "r0": repository(page)}})

    (outcome,) = classify_graph.classify_graph_stars(answer, [GraphAsk("o/a")]).outcomes

    assert outcome == Page((), 3, True, end_cursor="c", total=12, repository=METADATA)


def test_one_answer_tells_thirty_lists_that_they_are_refused(make_answer: MakeAnswer) -> None:
    record = repository(EMPTY, viewerPermission="READ")
    answer = make_answer(
        200, {"data": {"rateLimit": RATE} | {f"r{number}": record for number in range(30)}}
    )
    asks = [GraphAsk(f"o/{number}") for number in range(30)]

    result = classify_graph.classify_graph_stars(answer, asks)

    assert [type(outcome) for outcome in result.outcomes] == [Refused] * 30
    assert (result.cost, result.is_too_wide) == (1, False)


def test_the_permissions_that_a_refused_token_lacks_are_kept(make_answer: MakeAnswer) -> None:
    text = "Resource not accessible by personal access token"
    body = {
        "data": {"r0": repository(None)},
        "errors": [problem("FORBIDDEN", text, "r0", "stargazers")],
    }
    answer = make_answer(200, body, x_accepted_github_permissions="contents=write")

    (outcome,) = classify_graph.classify_graph_stars(answer, [GraphAsk("o/a")]).outcomes

    assert outcome == Refused("token", text, METADATA, "contents=write")


@pytest.mark.parametrize(
    "kind", ["RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED", "timedout"]
)
@pytest.mark.parametrize("path", [("r0",), ("r0", "stargazers"), ()])
def test_an_alias_that_was_too_much_narrows_the_query(
    make_answer: MakeAnswer, kind: str, path: tuple[str, ...]
) -> None:
    body = {
        "data": {"rateLimit": RATE, "r0": None, "r1": repository(stars(ANN))},
        "errors": [problem(kind, "x", *path)],
    }

    result = read(make_answer, body)

    if path:
        assert result.outcomes == (Passing(f"{kind}: x"), FINE)
    else:
        assert result.common == Passing(f"{kind}: x")
    assert result.is_too_wide


def test_an_alias_that_fails_for_another_reason_narrows_nothing(make_answer: MakeAnswer) -> None:
    body = {
        "data": {"rateLimit": RATE, "r0": None, "r1": repository(stars(ANN))},
        "errors": [problem("INTERNAL", "x", "r0")],
    }

    assert not read(make_answer, body).is_too_wide


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
    (
        "not understood",
        200,
        {"errors": [problem(None, "no field x", extensions={"code": "undefinedField"})]},
        {},
        Passing("the server does not understand the query: no field x"),
    ),
    (
        "spent in words, points left",
        200,
        {"errors": [problem(None, LIMITED)]},
        {},
        BudgetSpent(Resource.GRAPHQL, RESET),
    ),
    (
        "spent in words beside data",
        200,
        {"data": {"r0": None}, "errors": [problem("FORBIDDEN", LIMITED, "r0")]},
        {},
        BudgetSpent(Resource.GRAPHQL, RESET),
    ),
    (
        "spent in words, no figures",
        200,
        {"errors": [problem(None, LIMITED)]},
        {"remaining": None},
        BudgetSpent(Resource.GRAPHQL, NOW + 60),
    ),
    (
        "spent in words, 403, no figures",
        403,
        LIMITED,
        {"remaining": None},
        BudgetSpent(Resource.GRAPHQL, NOW + 60),
    ),
    ("suspended", 403, "Your account was suspended", {}, BadToken("Your account was suspended")),
    ("a proxy that wants a password", 407, b"", {}, FOREIGN),
    ("a portal", 200, b"<html>", {}, FOREIGN),
    ("a portal's JSON", 200, {"login": "required"}, {"is_marked": False}, FOREIGN),
    ("a portal's empty data", 200, {"data": {}}, {"is_marked": False}, FOREIGN),
    ("a gateway's 404", 404, "no route", {"is_marked": False}, FOREIGN),
    ("a gateway's 403", 403, "Forbidden", {"is_marked": False}, FOREIGN),
    ("a web server's 404", 404, b"<html>", {}, FOREIGN),
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
    result = read(make_answer, body, status, **headers)

    if outcome is FOREIGN:
        assert isinstance(result.common, Passing)
        assert result.common.is_foreign
    else:
        assert result.common == (
            outcome or SecondaryLimit(NOW + 5, "You have exceeded a secondary rate limit.")
        )


#: What GitHub says of a query as a whole, and what it means for a list that was asked for alone.
REFUSED_WHOLE: list[tuple[str, int, Any, Outcome]] = [
    ("null", 200, b"null", Garbage("the answer has another shape than promised")),
    ("a list", 200, [], Garbage("the answer has another shape than promised")),
    ("neither data nor errors", 200, {}, Garbage("the answer has neither data nor errors")),
    (
        "nesting that breaks the decoder",
        200,
        b'{"data": {"r0": ' + b"[" * 5000 + b"]" * 5000 + b"}}",
        Garbage("the answer has another shape than promised"),
    ),
    (
        "a number that is too large",
        200,
        b'{"data": {"rateLimit": {"cost": ' + b"9" * 400 + b"}}}",
        Garbage("the answer has another shape than promised at $.cost"),
    ),
    (
        "a refusal without a path",
        200,
        {"data": None, "errors": [problem("FORBIDDEN", "No")]},
        Refused("forbidden", "No"),
    ),
    (
        "an absence without a path",
        200,
        {"data": None, "errors": [problem("NOT_FOUND", "No")]},
        Missing("No"),
    ),
    (
        "a refusal without a path beside data",
        200,
        {"data": {"r0": None}, "errors": [problem("FORBIDDEN", "No")]},
        Refused("forbidden", "No"),
    ),
    (
        "no alias of the promised shape",
        200,
        {"data": {}},
        Garbage("r0 is null and no error says why"),
    ),
]


@pytest.mark.parametrize(
    ("status", "body", "alone"),
    [row[1:] for row in REFUSED_WHOLE],
    ids=[row[0] for row in REFUSED_WHOLE],
)
def test_what_is_said_of_the_whole_query_is_about_a_list_only_where_it_stands_alone(
    make_answer: MakeAnswer, status: int, body: Any, alone: Outcome
) -> None:
    answer = make_answer(status, body)

    of_two = classify_graph.classify_graph_stars(answer, ASKS)
    of_one = classify_graph.classify_graph_stars(answer, ASKS[:1])

    of_each = (of_two.common, of_two.common) if of_two.common else of_two.outcomes
    assert [type(outcome) for outcome in of_each] == [Passing, Passing]
    assert (of_one.common or of_one.outcomes[0]) == alone


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, "Problems parsing JSON"),
        (403, "Not for you"),
        (403, FORBIDDEN),
        (403, "Repository access blocked"),
        (418, "Something that nobody has seen before"),
        (422, "Unprocessable"),
        (451, "Blocked"),
    ],
)
@pytest.mark.parametrize("width", [1, 2])
def test_a_status_that_refuses_a_query_is_a_passing_fault_also_for_a_list_alone(
    make_answer: MakeAnswer, status: int, text: str, width: int
) -> None:
    verdict = classify_graph.classify_graph_stars(make_answer(status, text), ASKS[:width])

    assert isinstance(verdict.common, Passing)
    assert text in verdict.common.text


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": {"r0": {"databaseId": "\xff\xfe"}, "r1": null}}',
        b'{"data": {"r0": \xff}}',
        b"\xef\xbb\xbf{}",
    ],
)
def test_an_answer_that_is_no_text_is_a_passing_fault_also_for_a_list_alone(
    make_answer: MakeAnswer, body: bytes
) -> None:
    answer = make_answer(200, body)

    of_two = classify_graph.classify_graph_stars(answer, ASKS)
    of_one = classify_graph.classify_graph_stars(answer, ASKS[:1])

    assert not isinstance(of_two.common, Garbage)
    assert isinstance(of_one.common or of_one.outcomes[0], Passing | Garbage)


def test_an_alias_that_takes_the_whole_data_with_it_leaves_the_others_to_be_asked_again(
    make_answer: MakeAnswer,
) -> None:
    result = read(make_answer, {"data": None, "errors": [problem("NOT_FOUND", "gone", "r1")]})

    assert result.common is None
    assert isinstance(result.outcomes[0], Passing)
    assert result.outcomes[1] == Missing("gone")


def test_the_figures_come_from_the_answer_where_the_headers_have_none(
    make_answer: MakeAnswer,
) -> None:
    body = {"data": {"rateLimit": RATE, "r0": None, "r1": None}}

    assert read(make_answer, body, remaining=None).rate == RateInfo(
        Resource.GRAPHQL, 5000, 4200, RESET
    )
    assert read(make_answer, body, remaining=3).rate == RateInfo(Resource.GRAPHQL, 5000, 3, RESET)
    no_day = {"data": {"rateLimit": {**RATE, "resetAt": "2026-02-31T00:00:00Z"}, "r0": None}}
    assert read(make_answer, no_day, remaining=None).rate is None
    assert read(make_answer, {"data": {"rateLimit": None, "r0": None}}, remaining=None).rate is None


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

    result = classify_graph.classify_graph_counts(make_answer(200, body), 4)

    stranger = answers.Metadata(5, "o/r", 12, permission="READ", updated_at=AT)
    assert result.outcomes == (
        METADATA,
        Missing("gone"),
        Gone("blocked", "Repository access blocked"),
        stranger,
    )
