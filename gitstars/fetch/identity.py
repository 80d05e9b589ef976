"""Whose token it is: the questions that find out, and what is known of every user's token.

Nothing of this is kept through a restart: a new process asks once for each token.
"""

from dataclasses import dataclass, replace
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from gitstars.fetch import answers
from gitstars.fetch.answers import Identity
from gitstars.fetch.headers import Answer, read_scopes
from gitstars.fetch.problems import classify_problem, find_foreign
from gitstars.model import Resource

#: The path of the REST call, and the query that asks the same where REST's budget is spent.
IDENTITY_PATH = "/user"
IDENTITY_QUERY = msgspec.json.encode({"query": "{viewer{databaseId login}}"})
#: Tokens kept; beyond, the one that was verified first is asked again.
TOKENS_BOUND = 10_000


class _Viewer(Struct, rename="camel"):
    database_id: Annotated[int, Meta(gt=0)]
    login: str


class _Data(Struct):
    viewer: _Viewer


class _Body(Struct):
    data: _Data


def classify_viewer(answer: Answer) -> answers.Outcome:
    """The outcome of ``IDENTITY_QUERY``."""
    if answer.status != 200:
        return classify_problem(answer, Resource.GRAPHQL)
    try:
        viewer = msgspec.json.decode(answer.body, type=_Body).data.viewer
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return find_foreign(answer) or answers.Transient("GitHub did not say whose token it is")
    return Identity(viewer.database_id, viewer.login, read_scopes(answer))


@dataclass(frozen=True, slots=True)
class _Known:
    at: float
    #: None: the token works, and GitHub does not say whose it is (tokens of App installations).
    identity: Identity | None


class Identities:
    """The tokens that work, each with its user, and since when (epoch seconds)."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], _Known] = {}
        self._newest: dict[int, str] = {}

    def keep(self, user_id: int, token: str, identity: Identity | None, now: float) -> None:
        """The token works."""
        self._known.pop((user_id, token), None)
        if len(self._known) >= TOKENS_BOUND:
            first = next(iter(self._known))
            del self._known[first]
            self._newest.pop(first[0], None)
        self._known[user_id, token] = _Known(now, identity)
        self._newest[user_id] = token

    def forget(self, user_id: int, token: str) -> None:
        """Ask again before the next call."""
        self._known.pop((user_id, token), None)

    def forget_all(self, user_id: int) -> None:
        """Ask again before the user's next call."""
        for key in [key for key in self._known if key[0] == user_id]:
            del self._known[key]

    def is_anonymous(self, user_id: int, token: str) -> bool:
        """The token works, and GitHub did not say whose it is."""
        known = self._known.get((user_id, token))
        return known is not None and known.identity is None

    def verified_at(self, user_id: int, token: str) -> float | None:
        """When this token was seen to work; None: never, or not since it was refused."""
        known = self._known.get((user_id, token))
        return None if known is None else known.at

    def find(self, user_id: int) -> Identity | None:
        """Whose token the user's newest one is, and its scopes; None: not known."""
        known = self._known.get((user_id, self._newest.get(user_id, "")))
        return None if known is None else known.identity

    def learn_scopes(self, user_id: int, token: str, scopes: frozenset[str] | None) -> None:
        """An answer told the token's scopes; what counts is the newest answer."""
        known = self._known.get((user_id, token))
        if known is None or known.identity is None or scopes in (None, known.identity.scopes):
            return
        identity = replace(known.identity, scopes=scopes)
        self._known[user_id, token] = replace(known, identity=identity)
