"""What an answer of GitHub's REST API means: (status, headers, body) and what was asked become one
outcome. GraphQL is ``classify_graph``'s, answers that are no 200 are ``problems``'s.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from gitstars.fetch import answers, decode
from gitstars.fetch.headers import Answer, RateInfo, read_etag, read_links, read_scopes
from gitstars.fetch.problems import classify_problem, find_foreign
from gitstars.fetch.proof import tolerated


@dataclass(frozen=True, slots=True)
class CallResult:
    """What a call brought, to whom it may concern.

    ``common`` is about the call as a whole; None: every alias has one of ``outcomes``.

    ``seconds`` is how long the answer took, ``cost`` what a GraphQL query was charged (points; 0:
    not told), ``scopes`` what the answer told of the token (None: nothing).

    ``is_too_wide``: GitHub could not answer some alias beside the others, or nobody can tell which
    alias an error is about; a narrower query may.
    """

    common: answers.Outcome | None
    rate: RateInfo | None = None
    outcomes: tuple[answers.Outcome, ...] = ()
    cost: int = 0
    seconds: float = 0.0
    is_too_wide: bool = False
    scopes: frozenset[str] | None = None


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
        lambda body: replace(decode.decode_repository(body), etag=read_etag(answer)),
        is_conditional=True,
    )


def classify_repositories(answer: Answer) -> answers.Outcome:
    """The outcome of ``GET /user/repos``."""
    return _classify(
        answer, lambda body: decode.decode_repositories(body, "next" in read_links(answer))
    )


def classify_starred(answer: Answer) -> answers.Outcome:
    """The outcome of ``GET /user/starred``."""
    return _classify(answer, lambda body: decode.decode_starred(body, "next" in read_links(answer)))


def classify_weeks(answer: Answer) -> answers.Outcome:
    """The outcome of ``GET .../stargazers/history``."""
    return _classify(
        answer,
        lambda body: replace(
            decode.decode_weeks(body, "next" in read_links(answer)), etag=read_etag(answer)
        ),
        is_conditional=True,
    )


def classify_identity(answer: Answer) -> answers.Outcome:
    """The outcome of ``GET /user``."""
    return _classify(answer, lambda body: decode.decode_identity(body, read_scopes(answer)))


def classify_owner(answer: Answer) -> answers.Outcome:
    """The outcome of ``GET /users/...``."""
    return _classify(answer, decode.decode_owner)


def decide_missing_list(
    page: answers.Page,
    repository: answers.Metadata,
    is_first: bool,
    may_token_list: bool | None = None,
) -> answers.Refused | answers.Withheld | None:
    """What a page means that shows less of a list than the repository's count promises; None: it
    does not.

    Such a page proves nothing: neither that the list is complete, nor that a star was taken back.
    It is a refusal where the account may not push to the repository, or its token lacks the scope
    (``may_token_list`` False); else the list is withheld for a while.

    ``is_first``: the page is the first one of its end of the list, so that it has to show stars.
    """
    shown = len(page.stargazers) + page.ghosts
    stars = max(repository.stars, page.total or 0)
    if shown == 0 and stars > 0 and (is_first or page.total == 0):
        text = f"the list is empty while the repository has {stars} stars"
    elif page.total is not None and page.total < repository.stars - tolerated(repository.stars):
        text = f"the list has {page.total} stars while the repository has {repository.stars}"
    elif is_first and not page.has_next and shown < (page.total or 0) - tolerated(page.total or 0):
        text = f"the list ends after {shown} of its {page.total} stars"
    else:
        return None
    if repository.permission in answers.LISTING_PERMISSIONS and may_token_list is not False:
        return answers.Withheld(text, repository)
    return answers.Refused("empty", text, repository)


def classify_unreadable(
    answer: Answer, error: decode.Undecodable
) -> answers.Transient | answers.Garbage:
    """What a 200 means whose body cannot be read: a passing fault when it was cut off or is not
    GitHub's, else garbage.
    """
    if error.is_cut_off:
        return answers.Transient(f"the answer was cut off after {len(answer.body)} bytes")
    return find_foreign(answer) or answers.Garbage(
        f"the answer has another shape than promised{error.place}"
    )


def _classify(
    answer: Answer, read: Callable[[bytes], answers.Outcome], is_conditional: bool = False
) -> answers.Outcome:
    if answer.status == 304 and is_conditional:
        return answers.NotModified()
    if answer.status != 200:
        return classify_problem(answer)
    try:
        return read(answer.body)
    except decode.Undecodable as error:
        return classify_unreadable(answer, error)
