"""Every face of refusal and every error body of GitHub's REST API, told apart."""

import json
from collections.abc import Callable
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
    Withheld,
)
from gitstars.fetch.headers import Answer
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

#: Stands for any answer that is not GitHub's.
FOREIGN = Transient("not GitHub's", is_foreign=True)

PROBLEMS: list[tuple[str, int, Any, dict[str, Any], answers.Outcome]] = [
    ("refused to an app", 403, INTEGRATION, {}, Refused("integration", INTEGRATION)),
    ("refused to a fine-grained token", 403, TOKEN, {}, Refused("token", TOKEN)),
    (
        "refused to a fine-grained token, and what it lacks",
        403,
        TOKEN,
        {"x_accepted_github_permissions": "metadata=read; contents=write"},
        Refused("token", TOKEN, accepted_permissions="metadata=read; contents=write"),
    ),
    (
        "refused in new words, and what is lacking",
        403,
        "Not for you",
        {"x_accepted_github_permissions": "contents=write"},
        Refused("forbidden", "Not for you", accepted_permissions="contents=write"),
    ),
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
    (
        "spent in words, points left",
        403,
        SPENT,
        {"remaining": 4999},
        BudgetSpent(Resource.CORE, RESET),
    ),
    ("spent in words, 429", 429, SPENT, {"remaining": 4}, BudgetSpent(Resource.CORE, RESET)),
    (
        "spent in words, no figures",
        403,
        SPENT,
        {"remaining": None},
        BudgetSpent(Resource.CORE, NOW + 60),
    ),
    (
        "spent in words for an address, no figures",
        403,
        "API rate limit exceeded for 192.0.2.7. (But here's the good news: ...)",
        {"remaining": None},
        BudgetSpent(Resource.CORE, NOW + 60),
    ),
    (
        "spent in words, points left, a pause",
        403,
        SPENT,
        {"retry_after": "9"},
        BudgetSpent(Resource.CORE, NOW + 9),
    ),
    (
        "spent in words, points left, a reset that is past",
        403,
        SPENT,
        {"x_ratelimit_reset": f"{NOW - 5:.0f}"},
        BudgetSpent(Resource.CORE, NOW + 60),
    ),
    (
        "spent in words, points left, a reset a month ahead",
        403,
        SPENT,
        {"x_ratelimit_reset": f"{NOW + 30 * 86_400:.0f}"},
        BudgetSpent(Resource.CORE, NOW + 60),
    ),
    (
        "spent, and the ledger makes sense of a reset a month ahead",
        403,
        SPENT,
        {"remaining": 0, "x_ratelimit_reset": f"{NOW + 30 * 86_400:.0f}"},
        BudgetSpent(Resource.CORE, NOW + 30 * 86_400),
    ),
    (
        "spent, a reset that is no number",
        403,
        SPENT,
        {"remaining": 0, "x_ratelimit_reset": "soon"},
        BudgetSpent(Resource.CORE, NOW + 60),
    ),
    (
        "spent, a reset without an end",
        403,
        SPENT,
        {"remaining": 0, "x_ratelimit_reset": "1e999"},
        BudgetSpent(Resource.CORE, NOW + 60),
    ),
    (
        "spent, a resource of tomorrow",
        403,
        SPENT,
        {"remaining": 0, "resource": "stargazers"},
        BudgetSpent(Resource.CORE, NOW + 60),
    ),
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
        "a limit by the header alone, in HTML",
        403,
        b"<html>Whoa there!</html>",
        {"retry_after": "9"},
        SecondaryLimit(NOW + 9, "HTTP 403"),
    ),
    (
        "spent by the headers alone, in HTML",
        403,
        b"<html>Whoa there!</html>",
        {"remaining": 0},
        BudgetSpent(Resource.CORE, RESET),
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
    ("the unicorn", 503, b"<html>unicorn</html>", {}, Transient("HTTP 503")),
    ("time-out", 504, b"", {}, Transient("HTTP 504")),
    ("request time-out", 408, "Slow", {}, Transient("HTTP 408: Slow")),
    (
        "a proxy's 429",
        429,
        b"slow",
        {"remaining": None},
        SecondaryLimit(NOW + 60, "HTTP 429"),
    ),
    (
        "a message that is none",
        404,
        b'{"message": 7}',
        {},
        Transient("HTTP 404, without a message"),
    ),
    (
        "about the call alone",
        403,
        "Request forbidden by administrative rules.",
        {},
        Transient("HTTP 403: Request forbidden by administrative rules."),
    ),
    ("an API version that is over", 410, "Gone", {}, Garbage("HTTP 410: Gone")),
    ("a version that is not known", 400, "Bad Request", {}, Garbage("HTTP 400: Bad Request")),
    ("unchanged, unasked", 304, b"", {}, FOREIGN),
    ("a redirect", 302, "Found", {}, Transient("HTTP 302: Found")),
    ("no content", 204, b"", {}, FOREIGN),
    (
        "a long text on several lines",
        404,
        "Not\n\tFound\x07 " + "x" * 1000,
        {},
        Missing("Not Found " + "x" * 490),
    ),
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
    got = classify.classify_stars(make_answer(status, body, **headers))

    if outcome is FOREIGN:
        assert isinstance(got, Transient)
        assert got.is_foreign
    else:
        assert got == outcome


PORTAL = b"<!doctype html><title>Sign in to the network</title>"
#: What is answered by something that is not GitHub, and whether it carries GitHub's header (a
#: gateway may leave it when it replaces the body).
FOREIGN_ANSWERS: list[tuple[str, int, Any, bool]] = [
    ("a captive portal", 200, PORTAL, False),
    ("a captive portal that keeps the headers", 200, PORTAL, True),
    ("a portal's own JSON", 200, {"status": "login required"}, False),
    ("a portal's empty object", 200, {}, False),
    ("null", 200, b"null", False),
    ("a proxy that wants a password", 407, PORTAL, False),
    ("a proxy that wants a password, in JSON", 407, "Proxy Authentication Required", True),
    ("a proxy's 403", 403, b"<html>blocked by policy</html>", True),
    ("a gateway's 403 in GitHub's shape", 403, "Forbidden", False),
    ("a gateway's refusal in GitHub's words", 403, PERMISSION, False),
    ("a gateway's 404 in GitHub's shape", 404, "no Route matched with those values", False),
    ("a web server's 404", 404, b"<html>nothing here</html>", True),
    ("a gateway's 401", 401, "Unauthorized", False),
    ("a web server's 401", 401, b"<html>who are you</html>", True),
    ("a gateway's 410", 410, "Gone", False),
    ("a gateway's 422", 422, WALL, False),
    ("a gateway's 451", 451, "Blocked in your country", False),
    ("a firewall's 451", 451, b"<html>blocked</html>", True),
    ("plain text", 400, b"Bad Request", False),
    ("an unfollowed redirect", 302, b"", False),
    ("the client's error of a balancer", 400, b"<html>400 Bad Request</html>", True),
]


@pytest.mark.parametrize(
    ("status", "body", "is_marked"),
    [row[1:] for row in FOREIGN_ANSWERS],
    ids=[row[0] for row in FOREIGN_ANSWERS],
)
@pytest.mark.parametrize(
    "read",
    [
        classify.classify_stars,
        classify.classify_repository,
        classify.classify_repositories,
        classify.classify_weeks,
        classify.classify_identity,
    ],
)
def test_what_github_did_not_answer_says_nothing_about_what_was_asked(
    make_answer: MakeAnswer,
    read: Callable[[Answer], answers.Outcome],
    status: int,
    body: Any,
    is_marked: bool,
) -> None:
    outcome = read(make_answer(status, body, remaining=None, is_marked=is_marked))

    assert isinstance(outcome, Transient)
    assert outcome.is_foreign
    assert "<" not in outcome.text


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 408])
@pytest.mark.parametrize("body", [b"<html>unicorn</html>", b"", "Server Error", b"upstream"])
@pytest.mark.parametrize("is_marked", [True, False])
def test_trouble_of_a_server_may_be_githubs_own(
    make_answer: MakeAnswer, status: int, body: Any, is_marked: bool
) -> None:
    outcome = classify.classify_stars(make_answer(status, body, is_marked=is_marked))

    assert isinstance(outcome, Transient)
    assert not outcome.is_foreign


def test_an_answer_of_the_right_shape_is_believed_without_githubs_header(
    make_answer: MakeAnswer,
) -> None:
    answer = make_answer(200, [star(7)], remaining=None, is_marked=False)

    assert isinstance(classify.classify_stars(answer), answers.Page)


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
        [star(2**63)],
        [star(10**400)],
        [7],
        None,
        b"[" * 5000 + b"]" * 5000,
    ],
)
def test_a_200_of_github_in_another_shape_is_garbage(make_answer: MakeAnswer, body: Any) -> None:
    outcome = classify.classify_stars(make_answer(200, body))

    assert isinstance(outcome, Garbage)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ([star(7), star(0)], "the answer has another shape than promised at $[1].user.id"),
        ({"stars": []}, "the answer has another shape than promised"),
    ],
)
def test_garbage_names_the_place_in_our_own_words(
    make_answer: MakeAnswer, body: Any, text: str
) -> None:
    outcome = classify.classify_stars(make_answer(200, body))

    assert outcome == Garbage(text)


@pytest.mark.parametrize(
    "body",
    [b"[\xff\xfe]", b'[{"starred_at": "\xff"}]', b"\xef\xbb\xbf[]", b"[,]", b"{'a': 1}", b"\x00"],
)
def test_a_200_that_is_no_json_is_not_githubs(make_answer: MakeAnswer, body: bytes) -> None:
    outcome = classify.classify_stars(make_answer(200, body))

    assert isinstance(outcome, Transient)
    assert outcome.is_foreign


def test_nothing_at_all_cannot_be_told_from_what_was_cut_off_at_once(
    make_answer: MakeAnswer,
) -> None:
    outcome = classify.classify_stars(make_answer(200, b""))

    assert outcome == Transient("the answer was cut off after 0 bytes")


@pytest.mark.parametrize("part", [0.01, 0.3, 0.5, 0.99])
def test_a_200_that_was_cut_off_is_transient(make_answer: MakeAnswer, part: float) -> None:
    body = json.dumps([star(n) for n in range(1, 101)]).encode()

    outcome = classify.classify_stars(make_answer(200, body[: int(len(body) * part)]))

    assert isinstance(outcome, Transient)


def make_page(shown: int, ghosts: int = 0, has_next: bool = False, total: int | None = None) -> Any:
    stars = tuple(Stargazer(n, f"user-{n}", "", "", "") for n in range(1, shown + 1))
    return answers.Page(stars, ghosts, has_next, total=total)


#: A page, the repository's count, whether it is the first of its end, and whether it shows less
#: than there has to be.
SHOWN: list[tuple[str, answers.Page, int, bool, bool]] = [
    ("the usual face", make_page(0, total=0), 1500, True, True),
    ("the usual face of one star", make_page(0, total=0), 1, True, True),
    ("the usual face of two stars", make_page(0, total=0), 2, True, True),
    ("the usual face on a later page", make_page(0, total=0), 1500, False, True),
    ("the usual face of one star on a later page", make_page(0, total=0), 1, False, True),
    ("by page numbers", make_page(0), 12, True, True),
    ("nothing, and more behind it", make_page(0, has_next=True), 12, True, True),
    ("nothing of a total", make_page(0, total=12), 12, True, True),
    ("nothing of a total, and no count", make_page(0, total=12), 0, True, True),
    ("a total far below the count", make_page(50, total=50), 100, True, True),
    (
        "a total far below the count, later",
        make_page(50, total=50, has_next=True),
        100,
        False,
        True,
    ),
    ("the end after a part of the total", make_page(3, total=50), 50, True, True),
    ("no stars", make_page(0, total=0), 0, True, False),
    ("no stars, by page numbers", make_page(0), 0, True, False),
    ("the end, behind the last star", make_page(0, total=100), 100, False, False),
    ("the end by page numbers", make_page(0), 100, False, False),
    ("ghosts alone", make_page(0, ghosts=12, total=12), 12, True, False),
    ("a whole list", make_page(12, total=12), 12, True, False),
    ("one page of several", make_page(100, total=250, has_next=True), 250, True, False),
    ("the last page of several", make_page(50, total=250), 250, False, False),
    ("a star came", make_page(13, total=13), 12, True, False),
    ("many stars came", make_page(100, total=900, has_next=True), 12, True, False),
    ("a star was taken back", make_page(11, total=11), 12, True, False),
    (
        "some of 40,000 were taken back",
        make_page(100, total=39_950, has_next=True),
        40_000,
        True,
        False,
    ),
    (
        "a page of 40,000 is missing",
        make_page(100, total=39_900, has_next=True),
        40_000,
        True,
        True,
    ),
]


@pytest.mark.parametrize(
    ("page", "count", "is_first", "is_missing"),
    [row[1:] for row in SHOWN],
    ids=[row[0] for row in SHOWN],
)
@pytest.mark.parametrize(
    ("permission", "may_token_list", "kind"),
    [
        ("READ", True, Refused),
        ("READ", None, Refused),
        (None, True, Refused),
        (None, None, Refused),
        ("TRIAGE", True, Refused),
        ("WRITE", False, Refused),
        ("ADMIN", False, Refused),
        ("WRITE", True, Withheld),
        ("MAINTAIN", None, Withheld),
        ("ADMIN", True, Withheld),
        ("a permission of tomorrow", True, Refused),
    ],
)
def test_a_list_that_shows_less_than_the_count_is_refused_or_withheld_and_proves_nothing(
    page: answers.Page,
    count: int,
    is_first: bool,
    is_missing: bool,
    permission: str | None,
    may_token_list: bool | None,
    kind: type[Refused | Withheld],
) -> None:
    record = answers.Metadata(5, "o/r", count, permission=permission)

    outcome = classify.decide_missing_list(page, record, is_first, may_token_list)

    if not is_missing:
        assert outcome is None
        return
    assert isinstance(outcome, kind)
    assert outcome.repository is record
    assert not isinstance(outcome, Refused) or outcome.face == "empty"


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
    ("classify", "body", "headers", "outcome"),
    [
        (
            classify.classify_weeks,
            [{"week": 1_789_862_400, "total": 3, "days": [0, 1, 2, 0, 0, 0, 0]}],
            {"link": '<https://x/y?page=2>; rel="next"'},
            answers.Weeks((Week(1_789_862_400, 3, (0, 1, 2, 0, 0, 0, 0)),), True),
        ),
        (
            classify.classify_weeks,
            [],
            {"etag": 'W/"abc"'},
            answers.Weeks((), False, 'W/"abc"'),
        ),
        (
            classify.classify_weeks,
            [
                {"week": 1_789_862_400, "total": 3, "days": [0, 1, 2, 0, 0, 0, 0]},
                {"week": 1_789_257_600, "total": 4, "days": [0, 1, 2, 0, 0, 0, 0]},
            ],
            {},
            Garbage("the answer has another shape than promised at $[1].total"),
        ),
        (classify.classify_weeks, [{"week": 1, "total": -1, "days": [-1] + [0] * 6}], {}, Garbage),
        (classify.classify_weeks, [{"week": 1, "total": 0, "days": [0] * 8}], {}, Garbage),
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
    make_answer: MakeAnswer, classify: Any, body: Any, headers: dict[str, str], outcome: Any
) -> None:
    got = classify(make_answer(200, body, **headers))

    assert isinstance(got, outcome) if isinstance(outcome, type) else got == outcome


def test_an_unchanged_record_is_told_as_such(make_answer: MakeAnswer) -> None:
    assert classify.classify_repository(make_answer(304, b"")) == answers.NotModified()
    assert classify.classify_weeks(make_answer(304, b"")) == answers.NotModified()


@pytest.mark.parametrize("etag", ["", "x" * 501, '"\xe4"', '"a\nb"', '"a\x00"'])
def test_an_entity_tag_that_cannot_be_sent_back_is_not_kept(
    make_answer: MakeAnswer, etag: str
) -> None:
    outcome = classify.classify_weeks(make_answer(200, [], etag=etag))

    assert outcome == answers.Weeks((), False, None)


def test_a_reset_is_told_by_our_clock_when_it_differs_from_githubs(make_answer: MakeAnswer) -> None:
    ten_minutes_behind_ours = "Mon, 21 Sep 2026 14:03:20 GMT"

    outcome = classify.classify_stars(
        make_answer(403, SPENT, remaining=0, date=ten_minutes_behind_ours)
    )

    assert outcome == BudgetSpent(Resource.CORE, RESET + 600)


def test_a_reset_in_the_past_still_waits_a_moment(make_answer: MakeAnswer) -> None:
    answer = make_answer(403, SPENT, remaining=0, x_ratelimit_reset="1000")

    assert classify.classify_stars(answer) == BudgetSpent(Resource.CORE, NOW + 1)
