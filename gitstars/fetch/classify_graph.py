"""What a GraphQL answer means: one outcome an alias, or a common one that is about the call.

What an answer says about the query as a whole says nothing about its aliases. It is a passing
fault, and the query is to be asked narrower; only what the body says of a query that asked for one
list alone is the outcome of that list. GitHub refuses a list in the body, never by a status.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from gitstars.fetch import answers, decode_graph
from gitstars.fetch.classify import CallResult, classify_unreadable, decide_missing_list
from gitstars.fetch.decode import Undecodable
from gitstars.fetch.decode_graph import GraphBody, GraphProblem, GraphRate
from gitstars.fetch.graphql import GraphAsk, aliases
from gitstars.fetch.headers import (
    Answer,
    RateInfo,
    read_accepted_permissions,
    read_rate,
    read_scopes,
    read_skew,
)
from gitstars.fetch.problems import classify_problem, clean_text, decide_limit, find_foreign
from gitstars.fetch.refusals import find_face, find_removal
from gitstars.model import Resource
from gitstars.tokens import LISTING_SCOPES

LIMIT_TYPES = frozenset({"RATE_LIMITED", "RATE_LIMIT"})
LIMIT_CODE = "graphql_rate_limit"
#: Errors about what may not be seen. Anything else (no type, ``timedout``, INTERNAL, …) may pass.
ACCESS_TYPES = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES"})
#: The query was too wide for GitHub: the same alias may be answered in a narrower one.
WIDTH_TYPES = frozenset({"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED", "timedout"})
#: The cursor is none of this list, or more was asked for than is allowed: the same again would meet
#: the same.
MISTAKE_TYPES = frozenset({"INVALID_CURSOR_ARGUMENTS", "EXCESSIVE_PAGINATION"})
FINAL_TYPES = ACCESS_TYPES | {"NOT_FOUND"}
#: The server does not understand the query: ``extensions.code`` of GraphQL's validation errors.
QUERY_CODES = frozenset(
    {"undefinedField", "argumentNotAccepted", "undefinedType", "variableMismatch"}
)
#: Outcomes that are about the call, and hold for every alias.
ABOUT_THE_CALL = (*answers.ABOUT_THE_CALL, answers.RouteMissing)
NULL = msgspec.Raw(b"null")

#: What became of a repository by its record and page; None: the errors have to tell.
_Judge = Callable[[answers.Metadata, answers.Page | None], answers.Outcome | None]
#: What became of an alias, and the repository's record where it has one. Raises Undecodable.
_Read = Callable[[msgspec.Raw], tuple[answers.Outcome | None, answers.Metadata | None]]


def classify_graph_stars(
    answer: Answer, asks: Sequence[GraphAsk], may_token_list: bool | None = None
) -> CallResult:
    """The outcomes of a query over lists: Page, Refused, Withheld, Missing, Gone, Transient,
    Garbage, or a common one.

    ``may_token_list``: what is known of the token's scopes; those that the answer names win.
    """
    scopes = read_scopes(answer)
    if scopes is not None:
        may_token_list = bool(LISTING_SCOPES & scopes)
    judges = [_page_judge(ask, may_token_list) for ask in asks]
    return _classify(answer, [_repository_reader(judge) for judge in judges])


def classify_graph_counts(answer: Answer, width: int) -> CallResult:
    """The outcomes of a query over records: Metadata, Refused, Missing, Gone, Transient,
    Garbage, or a common one.
    """
    return _classify(answer, [_repository_reader(lambda metadata, page: metadata)] * width)


def classify_graph_starred(answer: Answer) -> CallResult:
    """The outcome of a query over what the account starred: StarredRepositories, Refused,
    Missing, Transient, Garbage, or a common one.
    """
    return _classify(answer, [lambda raw: (decode_graph.decode_graph_starred(raw), None)])


def _classify(answer: Answer, readers: Sequence[_Read]) -> CallResult:
    rate, width = read_rate(answer), len(readers)
    if answer.status != 200:
        outcome = classify_problem(answer, Resource.GRAPHQL)
        if isinstance(outcome, answers.Missing):
            outcome = answers.RouteMissing()
        return CallResult(_pass_over(outcome), rate)
    try:
        body = decode_graph.decode_graph(answer.body)
        told = _read_told_rate(body)
    except Undecodable as error:
        return CallResult(_spread(classify_unreadable(answer, error), width), rate)
    rate = rate or _to_rate(told, answer)
    common = _read_whole(answer, body, rate)
    if common is not None:
        is_too_wide = any(problem.type in WIDTH_TYPES for problem in body.errors or ())
        return CallResult(_spread(common, width), rate, is_too_wide=is_too_wide)
    accepted = read_accepted_permissions(answer)
    read = [
        _read_alias(name, body, reader, width == 1, accepted)
        for name, reader in zip(aliases(width), readers, strict=True)
    ]
    outcomes = tuple(outcome for outcome, _ in read)
    is_too_wide = any(is_wide for _, is_wide in read)
    if all(isinstance(outcome, answers.Garbage) for outcome in outcomes):
        # That each list is at fault in its own way is less likely than that the answer is.
        common = find_foreign(answer)
        if common is None and width > 1:
            common = answers.Transient("no alias of the answer has the shape that was promised")
        if common is not None:
            return CallResult(common, rate, is_too_wide=True)
    return CallResult(None, rate, outcomes, told.cost if told else 0, is_too_wide=is_too_wide)


def _spread(outcome: answers.Outcome, width: int) -> answers.Outcome:
    """What an outcome of the whole query means for each of its aliases."""
    return outcome if width == 1 else _pass_over(outcome)


def _pass_over(outcome: answers.Outcome) -> answers.Outcome:
    """What an outcome of the whole query means where it says nothing about any list."""
    if isinstance(outcome, (*ABOUT_THE_CALL, answers.Transient)):
        return outcome
    text = getattr(outcome, "text", "") or type(outcome).__name__
    return answers.Transient(f"the whole query was refused: {text}")


def _read_told_rate(body: GraphBody) -> GraphRate | None:
    raw = body.data.get("rateLimit") if body.data else None
    return None if raw is None else decode_graph.decode_graph_rate(raw)


def _to_rate(told: GraphRate | None, answer: Answer) -> RateInfo | None:
    """The figures in the body, for an answer that has none in its headers."""
    if told is None:
        return None
    try:
        reset_at = datetime.fromisoformat(told.reset_at).timestamp()
    except (ValueError, OverflowError):
        return None
    return RateInfo(Resource.GRAPHQL, told.limit, told.remaining, reset_at + read_skew(answer))


def _read_whole(answer: Answer, body: GraphBody, rate: RateInfo | None) -> answers.Outcome | None:
    """What the errors say about the query as a whole."""
    problems = body.errors or []
    for problem in problems:
        code = problem.code or (problem.extensions.code if problem.extensions else None)
        text = clean_text(problem.message)
        is_limit = problem.type in LIMIT_TYPES or code == LIMIT_CODE
        if is_limit or "rate limit" in text.lower():
            return decide_limit(answer, text, rate, Resource.GRAPHQL)
        if code in QUERY_CODES:
            return answers.Transient(f"the server does not understand the query: {text}")
    if body.data is None and not problems:
        return find_foreign(answer) or answers.Garbage("the answer has neither data nor errors")
    general = next((problem for problem in problems if not problem.path), None)
    if general is not None and (body.data is None or general.type not in FINAL_TYPES):
        # Something was left out, and nobody says where.
        return _read_problem(general, read_accepted_permissions(answer))
    return None


def _read_alias(
    name: str, body: GraphBody, read: _Read, is_alone: bool, accepted: str | None
) -> tuple[answers.Outcome, bool]:
    """What became of an alias, and whether it has to be asked in a narrower query."""
    problems = body.errors or []
    general = [problem for problem in problems if not problem.path]
    own = [problem for problem in problems if problem.path and problem.path[0] == name]
    if is_alone:
        own = own or general
    if body.data is None and not own:
        text = f"another alias took the whole answer with it: {clean_text(problems[0].message)}"
        return answers.Transient(text), True
    passing = next((problem for problem in own if problem.type not in FINAL_TYPES), None)
    if passing is not None:
        # Something below was left out, so a page that looks whole may not be.
        return _read_problem(passing, accepted), passing.type in WIDTH_TYPES
    try:
        outcome, record = read((body.data or {}).get(name, NULL))
    except Undecodable as error:
        if own:
            return _read_problem(own[0], accepted), False
        return answers.Garbage(f"{name} has another shape than promised{error.place}"), False
    is_missing = outcome is None or isinstance(outcome, answers.Refused | answers.Withheld)
    if is_missing and own:
        outcome = _read_problem(own[0], accepted)
    elif outcome is None and general:
        text = clean_text(general[0].message)
        return answers.Transient(f"it is not told which list this is about: {text}"), True
    elif outcome is None:
        return answers.Garbage(f"{name} is null and no error says why"), False
    if record is not None and isinstance(outcome, answers.Refused):
        outcome = replace(outcome, repository=record)
    assert outcome is not None
    return outcome, False


def _read_problem(problem: GraphProblem, accepted: str | None) -> answers.Outcome:
    text = clean_text(problem.message or problem.type or "an error without a text")
    if problem.type == "NOT_FOUND":
        return answers.Missing(text)
    if problem.type in ACCESS_TYPES:
        removal = find_removal(text)
        if removal is not None:
            return answers.Gone(removal, text)
        is_scope = problem.type == "INSUFFICIENT_SCOPES"
        face = "scope" if is_scope else find_face(text) or "forbidden"
        return answers.Refused(face, text, accepted_permissions=accepted)
    if problem.type in MISTAKE_TYPES:
        return answers.Garbage(text)
    return answers.Transient(f"{clean_text(problem.type or 'no type')}: {text}")


def _repository_reader(judge: _Judge) -> _Read:
    """An alias that is a repository."""

    def read(raw: msgspec.Raw) -> tuple[answers.Outcome | None, answers.Metadata | None]:
        decoded = decode_graph.decode_graph_repository(raw)
        return (None, None) if decoded is None else (judge(*decoded), decoded[0])

    return read


def _page_judge(ask: GraphAsk, may_token_list: bool | None) -> _Judge:
    """What the record and the page of ``ask`` mean."""

    def judge(metadata: answers.Metadata, page: answers.Page | None) -> answers.Outcome | None:
        if metadata.is_disabled:
            return answers.Gone("disabled", "GitHub disabled this repository")
        if page is None:
            return None
        is_first = ask.after is None
        return decide_missing_list(page, metadata, is_first, may_token_list) or page

    return judge
