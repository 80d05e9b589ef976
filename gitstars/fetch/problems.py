"""What an answer means that is no 200: a refusal, a limit, an absence, trouble on the way.

What is said about a repository or a token is believed only of GitHub: its answers are JSON with a
``message`` and carry its own header. Anything else is a passing fault of the way to GitHub.
"""

import re

from gitstars.fetch import answers, decode
from gitstars.fetch.headers import (
    Answer,
    RateInfo,
    is_marked,
    read_accepted_permissions,
    read_rate,
    read_retry_after,
)
from gitstars.fetch.refusals import find_face, find_removal
from gitstars.model import Resource

#: Without ``retry-after`` GitHub wants a minute at least.
PAUSE_SECONDS = 60.0
#: A window is an hour long; a reset further ahead, while points are left, is not believed
#: (seconds, with a little for clocks that differ).
LONGEST_WINDOW_SECONDS = 3700.0
SECONDARY_WORDS = ("secondary rate limit", "abuse detection", "number of login attempts exceeded")
PRIMARY_WORDS = "rate limit"
#: 403s that are about the call, and neither about a repository nor about the account.
CALL_WORDS = ("administrative rules",)
#: Longer texts of GitHub's are cut (characters).
LONGEST_TEXT = 500


def classify_problem(answer: Answer, resource: Resource = Resource.CORE) -> answers.Outcome:
    """The outcome of an answer that is no 200, whatever was asked; ``resource`` is what the call
    costs.
    """
    status = answer.status
    try:
        text = clean_text(decode.decode_problem(answer.body))
    except decode.Undecodable:
        text = None
    if status == 429:
        return decide_limit(answer, text or f"HTTP {status}", read_rate(answer), resource)
    if status >= 500 or status == 408:
        return answers.Transient(f"HTTP {status}: {text}" if text else f"HTTP {status}")
    if status == 403 and text is None and is_marked(answer) and _names_a_limit(answer):
        return decide_limit(answer, f"HTTP {status}", read_rate(answer), resource)
    foreign = find_foreign(answer)
    if foreign is not None or text is None:
        return foreign or answers.Transient(f"HTTP {status}, without a message")
    match status:
        case 401:
            return answers.BadToken(text)
        case 403:
            return _classify_forbidden(answer, text, resource)
        case 404:
            return answers.Missing(text)
        case 422 if "pagination is limited" in text.lower():
            return answers.PaginationWall(text)
        case 451:
            return answers.Gone("blocked", text)
        case _ if status < 400:
            return answers.Transient(f"HTTP {status}: {text}")
    return answers.Garbage(f"HTTP {status}: {text}")


def decide_limit(
    answer: Answer, text: str, rate: RateInfo | None, resource: Resource
) -> answers.BudgetSpent | answers.SecondaryLimit:
    """Which limit an answer that is surely about a limit means.

    The end of a spent budget is as GitHub told it, however odd; the ledger makes sense of it. While
    points are left, or without figures, it is the pause that GitHub names, else the reset where
    that is plausible, else a minute.
    """
    pause = read_retry_after(answer)
    is_primary = PRIMARY_WORDS in text.lower() and not _is_secondary(text)
    if rate is not None and rate.remaining == 0 and not _is_secondary(text):
        return answers.BudgetSpent(rate.resource, max(rate.reset_at, answer.at + 1))
    until = answer.at + (PAUSE_SECONDS if pause is None else pause)
    if not is_primary:
        return answers.SecondaryLimit(until, text)
    if rate is not None and pause is None:
        ahead = rate.reset_at - answer.at
        until = rate.reset_at if 0 < ahead <= LONGEST_WINDOW_SECONDS else until
    return answers.BudgetSpent(rate.resource if rate else resource, until)


def find_foreign(answer: Answer) -> answers.Transient | None:
    """What an answer means that GitHub did not give; None: it may be GitHub's own.

    A proxy, a gateway or a captive portal answers HTML, or JSON without GitHub's own header.
    """
    if answer.status == 407:
        return answers.Transient("HTTP 407: the proxy wants a password", is_foreign=True)
    what = decode.describe_body(answer.body)
    if what == decode.JSON and is_marked(answer):
        return None
    return answers.Transient(
        f"something that is not GitHub answers (HTTP {answer.status}, {what})", is_foreign=True
    )


def clean_text(text: str) -> str:
    """GitHub's words on one line, cut where they are very long."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", text).split())[:LONGEST_TEXT] or "no message"


def _classify_forbidden(answer: Answer, text: str, resource: Resource) -> answers.Outcome:
    rate, lowered = read_rate(answer), text.lower()
    if _is_secondary(text) or PRIMARY_WORDS in lowered:
        return decide_limit(answer, text, rate, resource)
    removal = find_removal(text)
    if removal is not None:
        return answers.Gone(removal, text)
    if "account was suspended" in lowered:
        return answers.BadToken(text)
    accepted = read_accepted_permissions(answer)
    face = find_face(text)
    if face is not None:
        # Even when this very call took the last point of the budget.
        return answers.Refused(face, text, accepted_permissions=accepted)
    if _names_a_limit(answer):
        return decide_limit(answer, text, rate, resource)
    if any(words in lowered for words in CALL_WORDS):
        return answers.Transient(f"HTTP 403: {text}")
    return answers.Refused("forbidden", text, accepted_permissions=accepted)


def _names_a_limit(answer: Answer) -> bool:
    """Whether the headers tell of a limit, whatever the words do."""
    rate = read_rate(answer)
    return (rate is not None and rate.remaining == 0) or read_retry_after(answer) is not None


def _is_secondary(text: str) -> bool:
    lowered = text.lower()
    return any(words in lowered for words in SECONDARY_WORDS)
