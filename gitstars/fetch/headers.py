"""An HTTP answer, and what its headers say: budgets, pauses, scopes, pages, the entity tag.

Every value comes from outside: a header that is missing or nonsense reads as None, 0 or empty.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from gitstars.model import Resource

#: GitHub's own header, on every answer of github.com and of its servers for enterprises.
REQUEST_ID = "x-github-request-id"
#: No pause that GitHub asks for is longer (seconds).
LONGEST_PAUSE_SECONDS = 86_400.0
#: A clock that differs from GitHub's by more (seconds) is taken to be wrong; less is the answer's
#: way here.
SKEW_SECONDS = 30.0
#: Longer headers are not kept (characters).
LONGEST_KEPT = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, as far as it is classified.

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


def is_marked(answer: Answer) -> bool:
    """Whether the answer carries GitHub's own header."""
    return bool(answer.headers.get(REQUEST_ID))


def read_rate(answer: Answer) -> RateInfo | None:
    """The ``x-ratelimit-*`` headers; None when they are missing or nonsense."""
    headers = answer.headers
    try:
        rate = RateInfo(
            Resource(headers.get("x-ratelimit-resource", "core")),
            int(headers["x-ratelimit-limit"]),
            int(headers["x-ratelimit-remaining"]),
            float(headers["x-ratelimit-reset"]) + read_skew(answer),
        )
    except (KeyError, ValueError, OverflowError):
        return None
    is_sound = 0 <= rate.limit < 2**53 and 0 <= rate.remaining < 2**53
    return rate if is_sound and math.isfinite(rate.reset_at) else None


def read_skew(answer: Answer) -> float:
    """How far our clock is ahead of GitHub's (seconds); 0 where they agree or the answer has no
    date.
    """
    sent_at = _read_date(answer.headers.get("date", ""))
    if sent_at is None:
        return 0.0
    skew = answer.at - sent_at
    return skew if abs(skew) > SKEW_SECONDS else 0.0


def read_retry_after(answer: Answer) -> float | None:
    """``retry-after`` in seconds, a day at most; None when the answer names none."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(LONGEST_PAUSE_SECONDS, float(text))
    until = _read_date(text)
    if until is None:
        return None
    return min(LONGEST_PAUSE_SECONDS, max(0.0, until - answer.at + read_skew(answer)))


def read_scopes(answer: Answer) -> frozenset[str] | None:
    """``X-OAuth-Scopes``; None: the token is of a kind without scopes."""
    text = answer.headers.get("x-oauth-scopes")
    return (
        None
        if text is None
        else frozenset(scope.strip() for scope in text.split(",") if scope.strip())
    )


def read_accepted_permissions(answer: Answer) -> str | None:
    """``X-Accepted-GitHub-Permissions``: what a token without scopes needs for the call."""
    return answer.headers.get("x-accepted-github-permissions", "").strip()[:LONGEST_KEPT] or None


def read_etag(answer: Answer) -> str | None:
    """The entity tag, to be sent back with the next call; None: there is none worth keeping."""
    etag = answer.headers.get("etag", "")
    return etag if etag.isascii() and etag.isprintable() and 0 < len(etag) <= LONGEST_KEPT else None


def read_links(answer: Answer) -> dict[str, int]:
    """The page numbers of the Link header by relation."""
    link = answer.headers.get("link", "")
    found = re.findall(r'<[^<>]*[?&]page=(\d{1,9})(?!\d)[^<>]*>;\s*rel="(\w+)"', link)
    return {relation: int(page) for page, relation in found}


def _read_date(text: str) -> float | None:
    """An HTTP date in epoch seconds."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
