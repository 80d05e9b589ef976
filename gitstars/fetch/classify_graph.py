"""What a GraphQL answer means: pure.

One outcome an alias; an answer about the query as a whole gives every alias the same one.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from gitstars.fetch import answers, decode
from gitstars.fetch.classify import (
    Answer,
    RateInfo,
    Verdict,
    classify_problem,
    judge_empty,
    judge_limit,
    judge_unreadable,
    read_rate,
    read_skew,
)
from gitstars.fetch.decode import GraphBody, GraphProblem
from gitstars.fetch.graphql import GraphAsk, aliases
from gitstars.fetch.refusals import find_face, find_removal
from gitstars.model import Resource

LIMIT_TYPES = frozenset({"RATE_LIMITED", "RATE_LIMIT"})
#: Errors about what may not be seen. Anything else (no type, ``timedout``,
#: RESOURCE_LIMITS_EXCEEDED, INTERNAL, …) may pass.
ACCESS_TYPES = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES"})
#: The cursor is none of this list, or more was asked for than is allowed: the same again would meet
#: the same.
MISTAKE_TYPES = frozenset({"INVALID_CURSOR_ARGUMENTS", "EXCESSIVE_PAGINATION"})
FINAL_TYPES = ACCESS_TYPES | {"NOT_FOUND"}
#: The query itself is wrong for this server: ``extensions.code`` of GraphQL's validation errors.
QUERY_CODES = frozenset(
    {"undefinedField", "argumentNotAccepted", "undefinedType", "variableMismatch"}
)
NULL = msgspec.Raw(b"null")


def classify_graph_stars(answer: Answer, asks: Sequence[GraphAsk]) -> Verdict:
    """The outcomes of a query over lists: Page, Refused, Missing, Gone, Transient, Garbage, or a
    common one.
    """
    return _classify(answer, [_judge_next_page if ask.after else _judge_first_page for ask in asks])


def classify_graph_counts(answer: Answer, width: int) -> Verdict:
    """The outcomes of a query over records: Metadata, Refused, Missing, Gone, Transient,
    Garbage, or a common one.
    """
    return _classify(answer, [_judge_record] * width)


#: What became of an alias by its record and page; None: the errors have to tell.
_Judge = Callable[[answers.Metadata, answers.Page | None], answers.Outcome | None]


def _classify(answer: Answer, judges: Sequence[_Judge]) -> Verdict:
    rate = read_rate(answer)
    if answer.status != 200:
        outcome = classify_problem(answer)
        return Verdict(
            answers.RouteMissing() if isinstance(outcome, answers.Missing) else outcome, rate
        )
    try:
        body = decode.decode_graph(answer.body)
        told = (
            decode.decode_graph_rate(body.data["rateLimit"])
            if body.data and "rateLimit" in body.data
            else None
        )
    except msgspec.MsgspecError as error:
        return Verdict(judge_unreadable(answer, error), rate)
    if told is not None:
        rate = rate or RateInfo(
            Resource.GRAPHQL,
            told.limit,
            told.remaining,
            datetime.fromisoformat(told.reset_at).timestamp() + read_skew(answer),
        )
    common = _judge_whole(answer, body, rate)
    if common is not None:
        return Verdict(common, rate)
    names = aliases(len(judges))
    outcomes = tuple(
        _judge_alias(name, body, judge) for name, judge in zip(names, judges, strict=True)
    )
    return Verdict(None, rate, outcomes, told.cost if told else 0)


def _judge_whole(answer: Answer, body: GraphBody, rate: RateInfo | None) -> answers.Outcome | None:
    """What the errors say about the query as a whole."""
    for problem in body.errors or ():
        code = problem.code or (problem.extensions.code if problem.extensions else None)
        if (
            problem.type in LIMIT_TYPES
            or code == "graphql_rate_limit"
            or "rate limit" in problem.message.lower()
        ):
            return judge_limit(answer, problem.message, rate)
        if code in QUERY_CODES:
            return answers.Garbage(f"the server does not understand the query: {problem.message}")
    general = next((problem for problem in body.errors or () if not problem.path), None)
    if body.data is None and not body.errors:
        return answers.Garbage("the answer has neither data nor errors")
    if general is not None and (body.data is None or general.type not in FINAL_TYPES):
        return _judge_problem(general)
    return None


def _judge_alias(name: str, body: GraphBody, judge: _Judge) -> answers.Outcome:
    errors = body.errors or []
    own = [problem for problem in errors if problem.path and problem.path[0] == name] or [
        p for p in errors if not p.path
    ]
    if body.data is None and not own:
        return answers.Transient(
            f"another alias took the whole answer with it: {errors[0].message}"
        )
    passing = next((problem for problem in own if problem.type not in FINAL_TYPES), None)
    if passing is not None:
        # Something below was left out, so a page that looks whole may not be.
        return _judge_problem(passing)
    try:
        decoded = decode.decode_graph_repository((body.data or {}).get(name, NULL))
    except msgspec.MsgspecError as error:
        return (
            _judge_problem(own[0])
            if own
            else answers.Garbage(f"{name} has another shape than promised: {error}")
        )
    outcome = judge(*decoded) if decoded is not None else None
    if outcome is None:
        outcome = (
            _judge_problem(own[0])
            if own
            else answers.Garbage(f"{name} is null and no error says why")
        )
    return (
        replace(outcome, repository=decoded[0])
        if decoded is not None and isinstance(outcome, answers.Refused)
        else outcome
    )


def _judge_problem(problem: GraphProblem) -> answers.Outcome:
    text = problem.message or problem.type or "an error without a text"
    if problem.type == "NOT_FOUND":
        return answers.Missing(text)
    if problem.type in ACCESS_TYPES:
        removal = find_removal(text)
        if removal is not None:
            return answers.Gone(removal, text)
        return answers.Refused(
            "scope" if problem.type == "INSUFFICIENT_SCOPES" else find_face(text) or "forbidden",
            text,
        )
    if problem.type in MISTAKE_TYPES:
        return answers.Garbage(text)
    return answers.Transient(f"{problem.type or 'no type'}: {text}")


def _judge_first_page(
    metadata: answers.Metadata, page: answers.Page | None
) -> answers.Outcome | None:
    return (page and judge_empty(page, page.total)) or _judge_next_page(metadata, page)


def _judge_next_page(
    metadata: answers.Metadata, page: answers.Page | None
) -> answers.Outcome | None:
    return (
        answers.Gone("disabled", "GitHub disabled this repository")
        if metadata.is_disabled
        else page
    )


def _judge_record(metadata: answers.Metadata, page: answers.Page | None) -> answers.Outcome | None:
    return metadata
