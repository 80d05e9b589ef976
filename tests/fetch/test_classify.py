"""Every face of refusal and every error body of GitHub's REST API, told apart."""

import json
from typing import Any

import pytest

from gitstars.fetch import answers, classify
from gitstars.fetch.answers import (
    BadToken,
    BudgetSpent,
    Garbage,
    Gone,
    Missing,
    PaginationWall,
    Refused,
    SecondaryLimit,
    Transient,
)
from gitstars.model import Resource, Stargazer, Week
from tests.fetch.conftest import NOW, RESET, MakeAnswer

SPENT = (
    "API rate limit exceeded for user ID 1. If you reach out to GitHub Support for help, please "
    "include the request ID."
)
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)
ABUSE = "You have triggered an abuse detection mechanism."
INTEGRATION = "Resource not accessible by integration"
TOKEN = "Resource not accessible by personal access token"
PERMISSION = "You do not have permission to view the stargazers of this repository"
SSO = (
    "Resource protected by organization SAML enforcement. You must grant your OAuth token access "
    "to this organization."
)
OAUTH_APP = (
    "Although you appear to have the correct authorization credentials, the `x` organization has "
    "enabled OAuth App access restrictions"
)
WALL = "In order to keep the API fast for everyone, pagination is limited for this resource."
BLOCKED = "Repository access blocked"

PROBLEMS: list[tuple[str, int, Any, dict[str, Any], answers.Outcome]] = [
    ("refused to an app", 403, INTEGRATION, {}, Refused("integration", INTEGRATION)),
    ("refused to a fine-grained token", 403, TOKEN, {}, Refused("token", TOKEN)),
    ("refused to a stranger", 403, PERMISSION, {}, Refused("permission", PERMISSION)),
    (
        "refused with the last point",
        403,
        PERMISSION,
        {"remaining": 0},
        Refused("permission", PERMISSION),
    ),
    ("refused until single sign-on", 403, SSO, {}, Refused("sso", SSO)),
    ("refused by an organisation", 403, OAUTH_APP, {}, Refused("oauth_app", OAUTH_APP)),
    ("refused in new words", 403, "Not for you", {}, Refused("forbidden", "Not for you")),
    ("404 on the list", 404, "Not Found", {}, Missing("Not Found")),
    ("spent, 403", 403, SPENT, {"remaining": 0}, BudgetSpent(Resource.CORE, RESET)),
    ("spent, 429", 429, SPENT, {"remaining": 0}, BudgetSpent(Resource.CORE, RESET)),
    ("spent, other words", 403, "Slow down", {"remaining": 0}, BudgetSpent(Resource.CORE, RESET)),
    (
        "spent, GraphQL's budget",
        403,
        SPENT,
        {"remaining": 0, "resource": "graphql"},
        BudgetSpent(Resource.GRAPHQL, RESET),
    ),
    (
        "secondary with a time",
        403,
        SECONDARY,
        {"retry_after": "37"},
        SecondaryLimit(NOW + 37, SECONDARY),
    ),
    ("secondary, 429", 429, SECONDARY, {"retry_after": "1"}, SecondaryLimit(NOW + 1, SECONDARY)),
    ("secondary without a time", 403, SECONDARY, {}, SecondaryLimit(NOW + 60, SECONDARY)),
    (
        "secondary while the budget is spent too",
        403,
        SECONDARY,
        {"remaining": 0},
        SecondaryLimit(NOW + 60, SECONDARY),
    ),
    ("secondary by its old name", 403, ABUSE, {}, SecondaryLimit(NOW + 60, ABUSE)),
    (
        "secondary by the header alone",
        403,
        "Wait",
        {"retry_after": "9"},
        SecondaryLimit(NOW + 9, "Wait"),
    ),
    (
        "secondary with a date",
        429,
        "Wait",
        {"retry_after": "Mon, 21 Sep 2026 14:13:30 GMT"},
        SecondaryLimit(NOW + 10, "Wait"),
    ),
    (
        "too many requests, nothing else",
        429,
        "Wait",
        {"remaining": None},
        SecondaryLimit(NOW + 60, "Wait"),
    ),
    ("no token", 401, "Requires authentication", {}, BadToken("Requires authentication")),
    ("bad token", 401, "Bad credentials", {"remaining": 0}, BadToken("Bad credentials")),
    (
        "suspended",
        403,
        "Sorry. Your account was suspended.",
        {},
        BadToken("Sorry. Your account was suspended."),
    ),
    ("legal block", 451, BLOCKED, {}, Gone("blocked", BLOCKED)),
    ("blocked by GitHub", 403, BLOCKED, {}, Gone("blocked", BLOCKED)),
    (
        "disabled",
        403,
        "This repository has been disabled.",
        {},
        Gone("disabled", "This repository has been disabled."),
    ),
    ("the wall", 422, WALL, {}, PaginationWall(WALL)),
    ("another 422", 422, "Validation Failed", {}, Garbage("HTTP 422: Validation Failed")),
    ("server error", 500, "Server Error", {}, Transient("HTTP 500: Server Error")),
    ("bad gateway", 502, "Bad Gateway", {}, Transient("HTTP 502: Bad Gateway")),
    ("the unicorn", 503, b"<html>unicorn</html>", {}, Transient("HTTP 503: <html>unicorn</html>")),
    ("time-out", 504, b"", {}, Transient("HTTP 504: an empty answer")),
    ("request time-out", 408, "Slow", {}, Transient("HTTP 408: Slow")),
    (
        "a proxy's 403",
        403,
        b"<html>blocked by policy</html>",
        {},
        Garbage("HTTP 403: <html>blocked by policy</html>"),
    ),
    (
        "a web server's 404",
        404,
        b"<html>nothing here</html>",
        {},
        Garbage("HTTP 404: <html>nothing here</html>"),
    ),
    (
        "a proxy's 429",
        429,
        b"slow",
        {"remaining": None},
        SecondaryLimit(NOW + 60, "HTTP 429: slow"),
    ),
    ("a message that is none", 404, b'{"message": 7}', {}, Garbage('HTTP 404: {"message": 7}')),
    ("a status that is none of ours", 418, "Teapot", {}, Garbage("HTTP 418: Teapot")),
]


@pytest.mark.parametrize(
    ("status", "body", "headers", "outcome"),
    [row[1:] for row in PROBLEMS],
    ids=[row[0] for row in PROBLEMS],
)
def test_every_error_body_has_its_outcome(
    make_answer: MakeAnswer,
    status: int,
    body: Any,
    headers: dict[str, Any],
    outcome: answers.Outcome,
) -> None:
    assert classify.classify_stars(make_answer(status, body, **headers)) == outcome


def star(github_id: int, at: str = "2020-01-02T03:04:05Z", login: str = "ann") -> dict[str, Any]:
    return {
        "starred_at": at,
        "user": {
            "id": github_id,
            "login": login,
            "avatar_url": "a",
            "html_url": "h",
            "type": "User",
        },
    }


def test_a_page_holds_its_stars_its_ghosts_and_where_the_list_goes_on(
    make_answer: MakeAnswer,
) -> None:
    link = (
        '<https://api.github.com/repositories/1/stargazers?per_page=100&page=3>; rel="next", '
        '<https://x/?page=9&per_page=100>; rel="last"'
    )
    body = [star(7), {"starred_at": "2020-01-03T00:00:00Z", "user": None}]

    outcome = classify.classify_stars(make_answer(200, body, link=link))

    ann = Stargazer(7, "ann", "a", "h", "2020-01-02T03:04:05Z")
    assert outcome == answers.Page((ann,), 1, True, 9, ghost_times=("2020-01-03T00:00:00Z",))


def test_a_page_without_links_is_the_last(make_answer: MakeAnswer) -> None:
    assert classify.classify_stars(make_answer(200, [])) == answers.Page((), 0, False)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>sign in</html>",
        b"",
        {"stars": []},
        [star(0)],
        [star(-4)],
        [star(7, login="")],
        [star(7, at="yesterday")],
        [star(7, at="2020-13-02T03:04:05Z")],
        [star(7, at="2020-01-02T03:04:05+02:00")],
        [{"user": star(7)["user"]}],
        [star(7)["user"]],
        [{"starred_at": "2020-01-02T03:04:05Z"}],
        [{**star(7), "user": {"id": "7", "login": "ann"}}],
        [7],
        None,
    ],
)
def test_a_200_of_another_shape_is_garbage(make_answer: MakeAnswer, body: Any) -> None:
    outcome = classify.classify_stars(make_answer(200, body))

    # Nothing at all cannot be told from something that was cut off at once.
    assert isinstance(outcome, Transient if body == b"" else Garbage)


@pytest.mark.parametrize("part", [0.01, 0.3, 0.5, 0.99])
def test_a_200_that_was_cut_off_is_transient(make_answer: MakeAnswer, part: float) -> None:
    body = json.dumps([star(n) for n in range(1, 101)]).encode()

    outcome = classify.classify_stars(make_answer(200, body[: int(len(body) * part)]))

    assert isinstance(outcome, Transient)


@pytest.mark.parametrize(
    ("page", "count", "is_refused"),
    [
        (answers.Page((), 0, False), 12, True),
        (answers.Page((), 0, False), 0, False),
        (answers.Page((), 0, False), None, False),
        (answers.Page((), 1, False), 12, False),
        (answers.Page((), 0, True), 12, False),
        (answers.Page((Stargazer(7, "a", "", "", ""),), 0, False), 12, False),
    ],
)
def test_an_empty_list_of_a_starred_repository_is_a_refusal(
    page: answers.Page, count: int | None, is_refused: bool
) -> None:
    refused = classify.judge_empty(page, count)

    assert (refused is not None) == is_refused
    assert refused is None or refused.face == "empty"


@pytest.mark.parametrize(
    ("permissions", "permission", "may_list"),
    [
        (None, None, None),
        (
            {"admin": False, "maintain": False, "push": False, "triage": False, "pull": True},
            "READ",
            False,
        ),
        ({"admin": True}, "ADMIN", True),
        ({"maintain": True}, "MAINTAIN", True),
        ({"push": True}, "WRITE", True),
        ({"triage": True}, "TRIAGE", None),
    ],
)
def test_the_permissions_tell_who_may_list(
    make_answer: MakeAnswer, permissions: Any, permission: str | None, may_list: bool | None
) -> None:
    body = {
        "id": 5,
        "full_name": "o/r",
        "stargazers_count": 3,
        "private": True,
        "updated_at": "2026-01-01T00:00:00Z",
    }
    body |= {} if permissions is None else {"permissions": permissions}

    outcome = classify.classify_repository(make_answer(200, body, etag='"e"'))

    assert outcome == answers.Metadata(
        5, "o/r", 3, True, permission, "2026-01-01T00:00:00Z", etag='"e"'
    )
    assert outcome.may_list is may_list


@pytest.mark.parametrize(
    ("judge", "body", "headers", "outcome"),
    [
        (classify.classify_count, {"count": 12}, {}, answers.Count(12)),
        (classify.classify_count, {"count": -1}, {}, Garbage),
        (
            classify.classify_weeks,
            [{"week": 1_789_862_400, "total": 3, "days": [0, 1, 2, 0, 0, 0, 0]}],
            {"link": '<https://x/y?page=2>; rel="next"'},
            answers.Weeks((Week(1_789_862_400, 3, (0, 1, 2, 0, 0, 0, 0)),), True),
        ),
        (classify.classify_weeks, [{"week": 1, "total": 3, "days": [3]}], {}, Garbage),
        (
            classify.classify_repositories,
            [{"id": 5, "full_name": "o/r", "stargazers_count": 3}],
            {},
            answers.Repositories((answers.Metadata(5, "o/r", 3),), False),
        ),
        (
            classify.classify_identity,
            {"id": 1, "login": "ann"},
            {"x_oauth_scopes": "read:user, public_repo"},
            answers.Identity(1, "ann", frozenset({"read:user", "public_repo"})),
        ),
        (
            classify.classify_identity,
            {"id": 1, "login": "ann"},
            {"x_oauth_scopes": ""},
            answers.Identity(1, "ann", frozenset()),
        ),
        (
            classify.classify_identity,
            {"id": 1, "login": "ann"},
            {},
            answers.Identity(1, "ann", None),
        ),
    ],
)
def test_every_other_route_has_its_outcome(
    make_answer: MakeAnswer, judge: Any, body: Any, headers: dict[str, str], outcome: Any
) -> None:
    got = judge(make_answer(200, body, **headers))

    assert isinstance(got, outcome) if isinstance(outcome, type) else got == outcome


def test_an_unchanged_record_is_told_as_such(make_answer: MakeAnswer) -> None:
    assert classify.classify_repository(make_answer(304, b"")) == answers.NotModified()


def test_a_reset_is_told_by_our_clock_when_it_differs_from_githubs(make_answer: MakeAnswer) -> None:
    ten_minutes_behind_ours = "Mon, 21 Sep 2026 14:03:20 GMT"

    outcome = classify.classify_stars(
        make_answer(403, SPENT, remaining=0, date=ten_minutes_behind_ours)
    )

    assert outcome == BudgetSpent(Resource.CORE, RESET + 600)


def test_a_reset_in_the_past_still_waits_a_moment(make_answer: MakeAnswer) -> None:
    answer = make_answer(403, SPENT, remaining=0, x_ratelimit_reset="1000")
    answer.headers["x-ratelimit-reset"] = "1000"  # type: ignore[index]

    assert classify.classify_stars(answer) == BudgetSpent(Resource.CORE, NOW + 1)
