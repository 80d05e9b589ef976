"""What an answer of GitHub means: pure.

(status, headers, body) and what was asked become one outcome.

A refusal, a limit or a 404 is believed only when the body is GitHub's JSON: what a proxy has to say
is garbage.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime

import msgspec

from gitstars.fetch import answers, decode
from gitstars.fetch.refusals import find_face, find_removal
from gitstars.model import Resource

#: Without ``retry-after`` GitHub wants a minute at least.
SECONDARY_SECONDS = 60.0
#: No pause that GitHub asks for is longer (seconds).
LONGEST_PAUSE_SECONDS = 86_400.0
SECONDARY_WORDS = ("secondary rate limit", "abuse detection", "number of login attempts exceeded")
#: A clock that differs from GitHub's by more (seconds) is taken to be wrong; less is the answer's
#: way here.
SKEW_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, as far as it is judged.

    Header names are lower case; ``at`` is when it came (epoch seconds).
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    at: float


@dataclass(frozen=True, slots=True)
class RateInfo:
    """The budget figures that an answer carried; ``reset_at`` by our clock."""

    resource: Resource
    limit: int
    remaining: int
    reset_at: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a call brought, to whom it may concern.

    ``common`` is about the call as a whole; None: every alias has one of ``outcomes``.

    ``seconds`` is how long the answer took, ``cost`` what a GraphQL query was charged (points; 0:
    not told).
    """

    common: answers.Outcome | None
    rate: RateInfo | None = None
    outcomes: tuple[answers.Outcome, ...] = ()
    cost: int = 0
    seconds: float = 0.0


def read_rate(answer: Answer) -> RateInfo | None:
    """The ``x-ratelimit-*`` headers; None when they are missing or nonsense."""
    headers = answer.headers
    try:
        return RateInfo(
            Resource(headers.get("x-ratelimit-resource", "core")),
            int(headers["x-ratelimit-limit"]),
            int(headers["x-ratelimit-remaining"]),
            float(headers["x-ratelimit-reset"]) + read_skew(answer),
        )
    except (KeyError, ValueError):
        return None


def read_skew(answer: Answer) -> float:
    """How far our clock is ahead of GitHub's (seconds); 0 where they agree or the answer has no
    date.
    """
    try:
        skew = answer.at - parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return 0.0
    return skew if abs(skew) > SKEW_SECONDS else 0.0


def read_retry_after(answer: Answer) -> float | None:
    """``retry-after`` in seconds, a day at most; None when the answer names none."""
    text = answer.headers.get("retry-after", "").strip()
    try:
        seconds = (
            float(text)
            if text.isascii() and text.isdigit()
            else parsedate_to_datetime(text).timestamp() - answer.at + read_skew(answer)
        )
    except (ValueError, OverflowError):
        return None
    return min(LONGEST_PAUSE_SECONDS, max(0.0, seconds))


def read_scopes(answer: Answer) -> frozenset[str] | None:
    """``X-OAuth-Scopes``; None: the token is of a kind without scopes."""
    text = answer.headers.get("x-oauth-scopes")
    return (
        None
        if text is None
        else frozenset(scope.strip() for scope in text.split(",") if scope.strip())
    )


def read_links(answer: Answer) -> dict[str, int]:
    """The page numbers of the Link header by relation."""
    found = re.findall(r'<[^>]*[?&]page=(\d+)[^>]*>;\s*rel="(\w+)"', answer.headers.get("link", ""))
    return {relation: int(page) for page, relation in found}


def classify_stars(answer: Answer) -> answers.Outcome:
    """The outcome of ``GET .../stargazers``."""
    links = read_links(answer)
    return _classify(
        answer, lambda body: decode.decode_stars(body, links.get("last"), "next" in links)
    )


def classify_repository(answer: Answer) -> answers.Outcome:
    """The outcome of ``GET /repos/...``."""
    return _classify(
        answer,
        lambda body: replace(decode.decode_repository(body), etag=answer.headers.get("etag")),
    )


def classify_repositories(answer: Answer) -> answers.Outcome:
    """The outcome of ``GET /user/repos``."""
    return _classify(
        answer, lambda body: decode.decode_repositories(body, "next" in read_links(answer))
    )


def classify_count(answer: Answer) -> answers.Outcome:
    """The outcome of ``GET .../stargazers/count``."""
    return _classify(answer, decode.decode_count)


def classify_weeks(answer: Answer) -> answers.Outcome:
    """The outcome of ``GET .../stargazers/history``."""
    return _classify(answer, lambda body: decode.decode_weeks(body, "next" in read_links(answer)))


def classify_identity(answer: Answer) -> answers.Outcome:
    """The outcome of ``GET /user``."""
    return _classify(answer, lambda body: decode.decode_identity(body, read_scopes(answer)))


def classify_problem(answer: Answer) -> answers.Outcome:
    """The outcome of an answer that is no 200, whatever was asked."""
    try:
        text = decode.decode_problem(answer.body) or "no message"
    except msgspec.MsgspecError:
        return _classify_foreign(answer)
    match answer.status:
        case 401:
            return answers.BadToken(text)
        case 403 | 429:
            return _classify_forbidden(answer, text)
        case 404 | 410:
            return answers.Missing(text)
        case 422 if "pagination is limited" in text.lower():
            return answers.PaginationWall(text)
        case 451:
            return answers.Gone("blocked", text)
        case status if status >= 500 or status == 408:
            return answers.Transient(f"HTTP {status}: {text}")
        case status:
            return answers.Garbage(f"HTTP {status}: {text}")


def judge_empty(page: answers.Page, count: int | None) -> answers.Refused | None:
    """An empty first page while the count is above zero is a refusal."""
    if page.stargazers or page.ghosts or page.has_next or not count:
        return None
    return answers.Refused(
        "empty", f"the list is empty while the repository has {count} stars", page.repository
    )


def judge_limit(
    answer: Answer, text: str, rate: RateInfo | None
) -> answers.BudgetSpent | answers.SecondaryLimit:
    """Which limit an answer that is surely about a limit means."""
    if rate is not None and rate.remaining == 0 and not _is_secondary(text):
        return answers.BudgetSpent(rate.resource, max(rate.reset_at, answer.at + 1))
    pause = read_retry_after(answer)
    return answers.SecondaryLimit(answer.at + (SECONDARY_SECONDS if pause is None else pause), text)


def judge_unreadable(
    answer: Answer, error: msgspec.MsgspecError
) -> answers.Transient | answers.Garbage:
    """What a 200 means whose body met ``error``: Transient when it was cut off, else Garbage."""
    if isinstance(error, msgspec.ValidationError):
        return answers.Garbage(f"the answer has another shape than promised: {error}")
    # An answer without a length that was cut off shows only here.
    if "truncated" in str(error):
        return answers.Transient(f"the answer was cut off after {len(answer.body)} bytes")
    return answers.Garbage(f"the answer is no JSON: {error}")


def _classify(answer: Answer, read: Callable[[bytes], answers.Outcome]) -> answers.Outcome:
    if answer.status == 304:
        return answers.NotModified()
    if answer.status != 200:
        return classify_problem(answer)
    try:
        return read(answer.body)
    except msgspec.MsgspecError as error:
        return judge_unreadable(answer, error)


def _classify_foreign(answer: Answer) -> answers.Outcome:
    """No JSON: a load balancer, a proxy, a page of HTML."""
    text = (
        f"HTTP {answer.status}: "
        f"{answer.body[:200].decode(errors='replace').strip() or 'an empty answer'}"
    )
    if answer.status == 429:
        return judge_limit(answer, text, read_rate(answer))
    return (
        answers.Transient(text)
        if answer.status >= 500 or answer.status == 408
        else answers.Garbage(text)
    )


def _classify_forbidden(answer: Answer, text: str) -> answers.Outcome:
    rate = read_rate(answer)
    if answer.status == 429 or _is_secondary(text):
        return judge_limit(answer, text, rate)
    removal = find_removal(text)
    if removal is not None:
        return answers.Gone(removal, text)
    if "account was suspended" in text.lower():
        return answers.BadToken(text)
    face = find_face(text)
    if face is not None:
        # Even when this very call took the last point of the budget.
        return answers.Refused(face, text)
    if (rate is not None and rate.remaining == 0) or read_retry_after(answer) is not None:
        return judge_limit(answer, text, rate)
    return answers.Refused("forbidden", text)


def _is_secondary(text: str) -> bool:
    lowered = text.lower()
    return any(words in lowered for words in SECONDARY_WORDS)
