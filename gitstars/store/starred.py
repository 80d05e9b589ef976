"""An account's repositories: starred, owned, collaborated on or followed with it; and what is to be
done about each.

The engine compares; only what needs something is sent, so a thousand repositories in which nothing
changed cost some milliseconds. Reads only. A row that cannot be read is left out and told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from gitstars.model import Account, Repository, Status
from gitstars.store.accounts import is_github_id
from gitstars.store.database import Database, key_of, record
from gitstars.store.lifecycle import MAY_CLAIM, rule_bindings
from gitstars.store.lifecycle.rule import BEGIN_ANEW
from gitstars.store.parts import UNREADABLE, read_parts

#: Repositories of an account that one query looks through, and that one describes.
CHUNK_ROWS, DESCRIBED_ROWS = 200, 100
#: GitHub's longest: an owner of 39 characters and a repository of 100.
LONGEST_KEY = 300

#: The account may not list it, and does not look again yet.
REFUSED = "may_list = false AND look_again_at > time::now()"
#: The count of a list that nobody may read is too old.
COUNT_DUE = "(status = 'restricted' AND !(counted_at > time::now() - $fresh))"
#: A history that was interrupted has to go on, whenever it was looked at.
HISTORY_STANDS = "(history.next_page > 1 AND history.is_complete != true)"
#: The weekly history is looked at again. ``history.checked_at`` is a number (epoch seconds).
HISTORY_DUE = f"""(status IN $with_history
    AND ({HISTORY_STANDS} OR !(history.checked_at > $history_before)))"""
#: A part of what the account starred. Counting positions in the list of edges reads no edge.
STARRED = """
LET $edges = array::at(array::clump($user->starred, $limit), $number) ?? [];
LET $places = (SELECT VALUE out FROM $edges WHERE unstarred_at IS NONE);
"""
#: A part of what the account may list for other reasons, or holds itself although it was refused.
OWN = """
LET $edges = (SELECT VALUE repo FROM gitstars_access WHERE user_id = $user_id
    AND (is_own ?? may_list) = true START $number * $limit LIMIT $limit);
LET $places = $edges;
"""
#: A part of what is followed with the account.
FOLLOWED = """
LET $edges = (SELECT VALUE repo FROM gitstars_follow WHERE user_id = $user_id
    START $number * $limit LIMIT $limit);
LET $places = $edges;
"""
#: Where an account's repositories come from, in the order in which they are read.
SOURCES = (STARRED, OWN, FOLLOWED)
#: Rows of the repositories ``$places``, found by the index.
STATUS_ROWS = "SELECT * OMIT cursor FROM repo_processing_status WHERE repo IN $places"
ACCESS_ROWS = """SELECT user_id, repo, may_list, look_again_at, is_own FROM gitstars_access
    WITH INDEX gitstars_access_repo WHERE repo IN $places"""
#: The part's status rows, found by the index, and those of its repositories that the account may
#: not list. What is chosen among them is chosen by value: in one statement with the index, an OR
#: makes the engine look through the whole table.
ROWS = f"""
LET $rows = ({STATUS_ROWS});
LET $asked = ({ACCESS_ROWS} AND user_id = $user_id);
LET $refused = (SELECT VALUE repo FROM $asked WHERE {REFUSED});
"""
#: How many positions the part has, the repositories that something is to be done about, and those
#: that have no status yet.
NEEDY = f"""{ROWS}
RETURN [array::len($edges), (SELECT VALUE repo FROM $rows WHERE
        (repo NOT IN $refused AND {MAY_CLAIM}) OR (repo IN $refused AND {COUNT_DUE})
        OR {HISTORY_DUE}),
    array::complement($places, (SELECT VALUE repo FROM $rows))];
"""
#: The same, of those whose count is due.
COUNTED = f"""{ROWS}
RETURN [array::len($edges), (SELECT VALUE repo FROM $rows WHERE (repo IN $refused AND {COUNT_DUE})
    OR (repo NOT IN $refused AND status = 'completed' AND (requested ?? NONE) IS NONE
        AND {MAY_CLAIM})), []];
"""
#: Of several rows of one repository the lowest id counts. The order is asked for by itself: in one
#: statement with the index, the engine looks through the whole table in that order.
STATES = f"""
LET $rows = ({STATUS_ROWS});
SELECT id, repo, status, total_stargazers, updated_at, etag, requested,
    (IF {HISTORY_STANDS} {{ NONE }} ELSE {{ history.checked_at }}) AS history_at,
    {MAY_CLAIM} AS may_claim, {COUNT_DUE} AS is_count_due
FROM $rows ORDER BY id DESC;
"""
REPOSITORIES = "SELECT id, github_id, full_name, stars, is_private FROM $places;"
REFUSALS = f"""
LET $asked = ({ACCESS_ROWS});
SELECT user_id, repo FROM $asked WHERE {REFUSED};
"""
#: Who starred, may list, and looks after them.
USERS = """
LET $stars = (SELECT in.github_id AS user_id, out AS repo, unstarred_at FROM starred
    WHERE out IN $places AND source = 'github');
SELECT user_id, repo FROM $stars WHERE unstarred_at IS NONE;
SELECT user_id, repo FROM $asked WHERE (is_own ?? may_list) = true;
SELECT user_id, repo FROM gitstars_follow WHERE repo IN $places;
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides whether something is due.

    ``fresh_seconds``: how long a count or a complete list holds. ``with_history``: repositories in
    these statuses have a weekly history, which is looked at again where that was before
    ``history_before`` (epoch seconds).
    """

    fresh_seconds: float
    with_history: frozenset[Status] = frozenset()
    history_before: float = 0.0

    @property
    def bindings(self) -> dict[str, Any]:
        """What the queries above bind. Whether an account may try is asked beside the rule."""
        return {
            **rule_bindings(self.fresh_seconds),
            "with_history": sorted(self.with_history),
            "history_before": self.history_before,
        }


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """A repository and what is known of its collecting; ``status`` None: nothing yet.

    ``may_claim`` is the rule of ``lifecycle``, for an account that was not refused.
    ``is_requested``: an operator asked for the whole list. ``count`` is the number of stars at the
    last look, ``updated_at`` and ``etag`` what GitHub said then. ``history_at``: when its history
    was looked at last (epoch seconds; None where it was interrupted). ``refused`` are the users who
    were refused and do not look again yet, ``users`` those who starred it, may list it for other
    reasons or look after it for a follower (empty where not asked for).
    """

    repository: Repository
    status: Status | None = None
    may_claim: bool = True
    is_requested: bool = False
    is_count_due: bool = False
    count: int | None = None
    updated_at: str | None = None
    etag: str | None = None
    history_at: float | None = None
    refused: frozenset[int] = frozenset()
    users: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an account's repositories: how many positions it has (0: the list is over), the
    record ids of those that something is to be done about, and of those without a status.
    """

    positions: int
    due: list[Any] = field(default_factory=list)
    new: list[Any] = field(default_factory=list)


def read_part(
    database: Database, account: Account, number: int, terms: Terms, source: str = STARRED
) -> Part:
    """The part with this number (from 0) of the account's repositories of one of ``SOURCES``."""
    return _read_part(database, source + NEEDY, account, number, terms)


def list_needy(database: Database, account: Account, terms: Terms) -> Iterator[RepositoryState]:
    """All of the account's repositories that something is to be done about, each once."""
    return _list(database, account, NEEDY, terms)


def list_counts_due(
    database: Database, account: Account, terms: Terms
) -> Iterator[RepositoryState]:
    """The account's repositories whose count is due, each once."""
    return _list(database, account, COUNTED, terms)


def describe(
    database: Database,
    identities: Sequence[Any],
    terms: Terms,
    with_users: bool = False,
) -> Iterator[RepositoryState]:
    """What is known of the repositories with these record ids, as far as they exist;
    ``with_users``: also whose they are.
    """

    def ask(chunk: Sequence[Any]) -> list[Any]:
        return list(_describe(database, chunk, terms, with_users))

    def leave_out_identity(identity: Any) -> None:
        database.left_out.tell(str(identity), UNREADABLE)

    for start in range(0, len(identities), DESCRIBED_ROWS):
        chunk = identities[start : start + DESCRIBED_ROWS]
        yield from read_parts(ask, chunk, leave_out_identity)


def read_repository(database: Database, row: dict[str, Any]) -> Repository | None:
    """A row of ``repo``; None where its id is no name of a repository, which is told."""
    identity = row["id"]
    key: Any = getattr(identity, "id", None)
    is_named = type(key) is int or (isinstance(key, str) and 0 < len(key) <= LONGEST_KEY)
    if not is_named or identity.table_name != "repo":
        reason = "the id of a repository is its owner/name; correct the row"
        database.left_out.tell(str(identity), reason)
        return None
    name, github_id = row.get("full_name"), row.get("github_id")
    stars: Any = row.get("stars")
    is_name = isinstance(name, str) and name.count("/") == 1 and len(name) <= LONGEST_KEY
    return Repository(
        key=key,
        full_name=str(name) if is_name else str(key),
        github_id=github_id if is_github_id(github_id) else None,
        stars=int(stars) if is_github_id(stars) else 0,
        is_private=row.get("is_private") is True,
    )


def _list(
    database: Database, account: Account, chosen: str, terms: Terms
) -> Iterator[RepositoryState]:
    seen: set[str] = set()
    for source in SOURCES:
        number = 0
        while (part := _read_part(database, source + chosen, account, number, terms)).positions:
            number += 1
            for state in describe(database, [*part.due, *part.new], terms):
                if state.repository.key not in seen:
                    seen.add(state.repository.key)
                    yield state


def _read_part(database: Database, query: str, account: Account, number: int, terms: Terms) -> Part:
    positions, due, new = database.run(
        query,
        user=record("github_user", account.github_user),
        user_id=account.user_id,
        number=number,
        limit=CHUNK_ROWS,
        **terms.bindings,
    )[-1]
    return Part(int(positions), list(due), list(new))


def _describe(
    database: Database, identities: Sequence[Any], terms: Terms, with_users: bool
) -> Iterator[RepositoryState]:
    query = STATES + REPOSITORIES + REFUSALS + (USERS if with_users else "")
    answers = database.run(query, places=list(identities), **terms.bindings)
    _, found, places, _, refusals, *owners = answers
    states = {key_of(row["repo"]): row for row in found}
    refused = _group_users(refusals)
    users = _group_users([row for rows in owners[1:] for row in rows])
    for row in places:
        place = read_repository(database, row) if row.get("id") is not None else None
        if place is not None:
            known = states.get(place.key)
            yield _read_state(
                place,
                known,
                refused.get(place.key, frozenset()),
                users.get(place.key, frozenset()),
            )


def _group_users(rows: Sequence[dict[str, Any]]) -> dict[Any, frozenset[int]]:
    """The users of each repository, by its key."""
    found: dict[Any, set[int]] = {}
    for row in rows:
        key = getattr(row.get("repo"), "id", None)
        if isinstance(key, str | int) and is_github_id(row.get("user_id")):
            found.setdefault(key, set()).add(row["user_id"])
    return {key: frozenset(users) for key, users in found.items()}


def _read_state(
    place: Repository, row: dict[str, Any] | None, refused: frozenset[int], users: frozenset[int]
) -> RepositoryState:
    if row is None:
        return RepositoryState(place, refused=refused, users=users)
    status, count, history_at = (row.get(n) for n in ("status", "total_stargazers", "history_at"))
    updated_at, etag = row.get("updated_at"), row.get("etag")
    return RepositoryState(
        repository=place,
        status=Status(status) if isinstance(status, str) and status in set(Status) else None,
        may_claim=row.get("may_claim") is True,
        is_requested=row.get("requested") == BEGIN_ANEW,
        is_count_due=row.get("is_count_due") is True,
        count=count if type(count) is int else None,
        updated_at=updated_at if isinstance(updated_at, str) else None,
        etag=etag if isinstance(etag, str) else None,
        history_at=float(history_at) if isinstance(history_at, int | float) else None,
        refused=refused,
        users=users,
    )
