"""Whatever comes from outside: no answer, header or body makes a classifier fail, and what it
tells can be stored.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitstars.fetch import (
    answers,
    classify,
    classify_graph,
    decode,
    decode_graph,
    headers,
    problems,
)
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.headers import Answer
from tests.fetch.conftest import NOW

ROUTES: list[Callable[[Answer], answers.Outcome]] = [
    classify.classify_stars,
    classify.classify_repository,
    classify.classify_repositories,
    classify.classify_starred,
    classify.classify_weeks,
    classify.classify_identity,
    problems.classify_problem,
]
DECODERS: list[Callable[[bytes], Any]] = [
    lambda body: decode.decode_stars(body, None, False),
    decode.decode_repository,
    lambda body: decode.decode_repositories(body, False),
    lambda body: decode.decode_starred(body, False),
    lambda body: decode.decode_weeks(body, False),
    lambda body: decode.decode_identity(body, None),
    decode.decode_problem,
    decode_graph.decode_graph,
]

AT = "2020-01-02T03:04:05Z"
#: Values that have the shape of what is promised, and what is close to it.
LIKELY: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(0, 1, -1, 7, 2**53, 2**63 - 1, 2**63, 10**400, 1.5, True, None, "", "7"),
        *(AT, "2020-02-31T00:00:00Z", "0000-00-00T00:00:00Z", "o/r", "READ", "ADMIN", "FORBIDDEN"),
        *("RATE_LIMITED", "RESOURCE_LIMITS_EXCEEDED", "\ud800", "\x00", "API rate limit exceeded"),
        *("r0", "r1", "stargazers", [], {}, [[]], {"": {}}, ["r0", 1], ["r0", None]),
    ]
)
NAMES = st.sampled_from(
    [
        *("id", "login", "avatar_url", "html_url", "starred_at", "user", "full_name", "private"),
        "repo",
        *("stargazers_count", "permissions", "disabled", "updated_at", "count", "week", "total"),
        *("days", "message", "data", "errors", "rateLimit", "cost", "remaining", "limit"),
        *("resetAt", "r0", "r1", "databaseId", "nameWithOwner", "stargazerCount", "isDisabled"),
        *("viewerPermission", "stargazers", "totalCount", "edges", "pageInfo", "hasNextPage"),
        *("endCursor", "starredAt", "node", "avatarUrl", "url", "type", "path", "code"),
        *("extensions", "isPrivate", "updatedAt", "starredRepositories", "isOverLimit", ""),
    ]
)
JSON = st.recursive(
    LIKELY | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=20,
)
NESTED = st.builds(
    lambda opened, depth, closed: opened * depth + closed * depth,
    st.sampled_from([b"[", b'{"data":', b'{"data":{"r0":', b'{"errors":[']),
    st.sampled_from([1, 10, 2000, 100_000]),
    st.sampled_from([b"", b"]", b"}", b"}}"]),
)
WORDS = st.text(max_size=20) | st.sampled_from(
    [
        *("", "0", "-1", "60", "1e999", "nan", "9" * 5000, "²", "core", "graphql", "search"),
        *("Mon, 21 Sep 2026 14:13:30 GMT", "Mon, 99 Sep 2026 14:13:30 GMT", "Mon, 21 Sep 0000"),
        '<https://x/?page=2>; rel="next"',
        f'<https://x/?page={"9" * 5000}>; rel="last"',
    ]
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after"),
            *("x-ratelimit-resource", "date", "link", "etag", "x-oauth-scopes"),
            *("x-github-request-id", "x-accepted-github-permissions", "location"),
        ]
    ),
    WORDS,
)
STATUSES = st.sampled_from(
    [*(200, 201, 204, 301, 304, 400, 401, 403, 404, 407, 408, 410, 418), *(422, 429, 451, 500)]
) | st.integers(100, 999)


def encode(value: Any) -> bytes:
    """As JSON; texts that are no UTF-8 are written as they are."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


BODIES = st.one_of(
    JSON.map(encode),
    JSON.map(json.dumps).map(str.encode),
    st.tuples(JSON.map(encode), st.integers(0, 200)).map(lambda pair: pair[0][: pair[1]]),
    st.binary(max_size=60),
    NESTED,
    st.sampled_from([b"null", b"", b"\xef\xbb\xbf{}", b"[[]]", b"1" * 5000]),
)
ANSWERS = st.builds(Answer, STATUSES, HEADERS, BODIES, st.just(NOW))


def be_storable(value: object) -> None:
    """Texts are UTF-8, numbers fit into 64 bits, and no text is endless."""
    match value:
        case str():
            assert len(value.encode()) <= 10_000
        case int():
            assert -(2**63) <= value < 2**63


def walk(outcome: object) -> None:
    for name in getattr(outcome, "__slots__", ()):
        value = getattr(outcome, name)
        for one in value if isinstance(value, tuple) else (value,):
            be_storable(one)
            walk(one)
            for part in one if isinstance(one, tuple) else ():
                be_storable(part)


@settings(max_examples=400, deadline=None)
@given(answer=ANSWERS)
def test_no_answer_of_a_rest_route_makes_the_classifier_fail(answer: Answer) -> None:
    for classify_route in ROUTES:
        walk(classify_route(answer))


@settings(max_examples=400, deadline=None)
@given(answer=ANSWERS, width=st.integers(1, 3))
def test_no_answer_to_a_query_makes_the_classifier_fail(answer: Answer, width: int) -> None:
    asks = [GraphAsk(f"o/{number}") for number in range(width)]

    for result in (
        classify_graph.classify_graph_stars(answer, asks),
        classify_graph.classify_graph_counts(answer, width),
        classify_graph.classify_graph_starred(answer),
    ):
        assert result.common is not None or len(result.outcomes) in (width, 1)
        for outcome in (result.common, *result.outcomes):
            walk(outcome)


@settings(max_examples=400, deadline=None)
@given(body=BODIES)
def test_a_decoder_reads_a_body_or_calls_it_undecodable(body: bytes) -> None:
    for read in DECODERS:
        with suppress(decode.Undecodable):
            read(body)
    assert decode.describe_body(body) in (
        decode.JSON,
        decode.HTML,
        decode.NO_JSON,
        decode.NOTHING,
    )


@settings(max_examples=400, deadline=None)
@given(answer=ANSWERS)
def test_no_header_makes_its_reader_fail(answer: Answer) -> None:
    rate, pause = headers.read_rate(answer), headers.read_retry_after(answer)

    assert rate is None or (rate.limit >= 0 and rate.remaining >= 0)
    assert pause is None or 0 <= pause <= 86_400
    assert all(page < 10**9 for page in headers.read_links(answer).values())
    assert headers.read_skew(answer) == headers.read_skew(answer)
    assert len(headers.read_etag(answer) or "") <= 500
    assert len(headers.read_accepted_permissions(answer) or "") <= 500


@pytest.mark.parametrize("size", [200_000, 2_000_000])
def test_a_large_body_of_another_shape_is_told_in_a_short_text(size: int) -> None:
    answer = Answer(418, {"x-github-request-id": "1"}, encode({"message": "x" * size}), NOW)

    outcome = classify.classify_stars(answer)

    assert isinstance(outcome, answers.Garbage)
    assert len(outcome.text) < 600
