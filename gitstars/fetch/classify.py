"""What an answer of GitHub means: pure. (status, headers, body) becomes one outcome."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from gitstars.fetch import answers, decode
from gitstars.model import Resource

#: Without ``retry-after`` GitHub wants a minute at least.
SECONDARY_SECONDS = 60.0
SECONDARY_WORDS = ("secondary rate limit", "abuse detection", "exceeded a secondary")
BLOCKED_WORDS = ("access blocked", "repository has been disabled", "disabled due to")

#: GitHub's words for a refusal, and the face we call it by.
REFUSALS = (
    ("not accessible by integration", "integration"),
    ("not accessible by personal access token", "token"),
    ("permission to view the stargazers", "permission"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, as far as it is judged. Header names are lower case; ``at`` is when it came (epoch seconds)."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    at: float


@dataclass(frozen=True, slots=True)
class RateInfo:
    """The budget figures that an answer carried."""

    resource: Resource
    limit: int
    remaining: int
    reset_at: float


def read_rate(answer: Answer) -> RateInfo | None:
    """The ``x-ratelimit-*`` headers; None when they are missing or nonsense."""
    headers = answer.headers
    try:
        return RateInfo(
            Resource(headers.get("x-ratelimit-resource", "core")),
            int(headers["x-ratelimit-limit"]),
            int(headers["x-ratelimit-remaining"]),
            float(headers["x-ratelimit-reset"]),
        )
    except (KeyError, ValueError):
        return None


def classify_stars(answer: Answer) -> answers.Outcome:
    """The outcome of ``GET .../stargazers``."""
    if answer.status != 200:
        return classify_problem(answer)
    links = read_links(answer.headers.get("link", ""))
    return _decoded(lambda body: decode.decode_stars(body, links.get("last"), "next" in links), answer)


def classify_repository(answer: Answer) -> answers.Outcome:
    """The outcome of ``GET /repos/...``."""
    return _decoded(decode.decode_repository, answer) if answer.status == 200 else classify_problem(answer)


def classify_problem(answer: Answer) -> answers.Outcome:
    """The outcome of an answer that is no 200, whatever was asked."""
    text = decode.decode_problem(answer.body)
    lowered = text.lower()
    match answer.status:
        case 401:
            return answers.BadToken(text)
        case 403 | 429:
            return _classify_forbidden(answer, text, lowered)
        case 404:
            return answers.Missing(text)
        case 451:
            return answers.Gone("blocked", text)
        case 422 if "pagination is limited" in lowered:
            return answers.PaginationWall(text)
        case status if status >= 500 or status == 408:
            return answers.Transient(f"HTTP {status}: {text}")
        case status:
            return answers.Garbage(f"HTTP {status}: {text}")


def read_links(header: str) -> dict[str, int]:
    """The page numbers of a Link header by relation."""
    found = re.findall(r'<[^>]*[?&]page=(\d+)[^>]*>;\s*rel="(\w+)"', header)
    return {relation: int(page) for page, relation in found}


def judge_empty(page: answers.Page, count: int | None) -> answers.Refused | None:
    """An empty first page while the count is above zero is a refusal."""
    if page.stargazers or page.ghosts or page.has_next or not count:
        return None
    return answers.Refused("empty", f"the list is empty while the repository has {count} stars")


def _classify_forbidden(answer: Answer, text: str, lowered: str) -> answers.Outcome:
    rate = read_rate(answer)
    retry_after = answer.headers.get("retry-after", "")
    if any(words in lowered for words in SECONDARY_WORDS):
        return answers.SecondaryLimit(answer.at + (float(retry_after) if retry_after.isdigit() else SECONDARY_SECONDS), text)
    if rate is not None and rate.remaining == 0 and ("rate limit" in lowered or answer.status == 429):
        return answers.BudgetSpent(rate.resource, max(rate.reset_at, answer.at + 1))
    if retry_after.isdigit() or answer.status == 429:
        return answers.SecondaryLimit(answer.at + (float(retry_after) if retry_after.isdigit() else SECONDARY_SECONDS), text)
    if any(words in lowered for words in BLOCKED_WORDS):
        return answers.Gone("disabled", text)
    face = next((face for words, face in REFUSALS if words in lowered), "forbidden")
    return answers.Refused(face, text)


def _decoded(read: Callable[[bytes], answers.Page | answers.Metadata], answer: Answer) -> answers.Outcome:
    try:
        return read(answer.body)
    except msgspec.ValidationError as error:
        return answers.Garbage(f"the answer has another shape than promised: {error}")
    except msgspec.MsgspecError as error:
        return answers.Garbage(f"the answer is no JSON: {error}")
