"""Repositories as the operator sees and handles them: lists with search and order, one by any of
its names.
"""

from dataclasses import dataclass
from typing import Any

from gitstars.errors import NotKnown
from gitstars.model import Status
from gitstars.redaction import redact
from gitstars.store.database import Database, key_of, record, to_epoch
from gitstars.store.reading import MOST_ID, as_count, as_text

#: Orders of a list: what the caller may ask for -> the clause.
SORTS = {
    "name": "full_name ASC",
    "-name": "full_name DESC",
    "stars": "stars ASC, full_name ASC",
    "-stars": "stars DESC, full_name ASC",
    "status": "status ASC, full_name ASC",
    "errors": "error_count ASC, full_name ASC",
    "-errors": "error_count DESC, full_name ASC",
    "completed": "completed_at ASC, full_name ASC",
    "-completed": "completed_at DESC, full_name ASC",
    "retry": "next_retry_after ASC, full_name ASC",
}

#: The row belongs to a record of ``repo``: between the first and the last that there can be.
IS_REPO = "repo > repo:-9223372036854775808 AND repo < repp:-9223372036854775808"
NAME = "<string>(repo.full_name ?? record::id(repo))"
ROWS = f"""
SELECT *, repo AS identity, {NAME} AS full_name, repo.github_id AS github_id,
    repo.stars AS stars, is_private ?? repo.is_private AS is_private
FROM repo_processing_status WHERE {IS_REPO}
"""
ONE = ROWS + "AND repo = $repo ORDER BY id LIMIT 1"
#: A repository by its name at GitHub, where the record's id is another one.
BY_NAME = (
    "SELECT VALUE id FROM repo WHERE string::lowercase(<string>(full_name ?? '')) = $name LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class RepositoryView:
    """Everything stored about the collecting of one repository.

    Times are epoch seconds; ``status`` None: it was never queued.
    """

    key: Any
    record_id: str
    full_name: str
    github_id: int | None
    stars: int
    is_private: bool
    status: str | None
    last_page: int = 0
    total_pages: int | None = None
    total_stargazers: int | None = None
    processed: int = 0
    ghosts: int = 0
    claimed_by: str | None = None
    claimed_at: float | None = None
    lease_expires_at: float | None = None
    started_at: float | None = None
    completed_at: float | None = None
    next_retry_at: float | None = None
    last_error: str | None = None
    error_count: int = 0
    notes: str | None = None

    @property
    def stars_told(self) -> int:
        """The number of stars that GitHub told last."""
        return self.stars if self.total_stargazers is None else self.total_stargazers


def list_repositories(
    database: Database,
    status: Status | None = None,
    q: str = "",
    sort: str = "name",
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[RepositoryView], int]:
    """A part of the repositories that were ever queued, and how many match; ``sort`` is a key of
    ``SORTS``.
    """
    conditions = [
        clause
        for clause, wanted in (
            ("status = $status", status),
            (f"string::contains(string::lowercase({NAME}), $q)", q),
        )
        if wanted
    ]
    where = "".join(f" AND {condition}" for condition in conditions)
    rows, totals = database.run(
        f"{ROWS}{where} ORDER BY {SORTS[sort]} LIMIT $limit START $offset;"
        f"SELECT count() AS total FROM repo_processing_status WHERE {IS_REPO}{where} "
        "GROUP ALL;",
        status=None if status is None else str(status),
        q=q.lower(),
        limit=limit,
        offset=offset,
    )
    return [_read(row) for row in rows], int(totals[0]["total"]) if totals else 0


def find(database: Database, name: str) -> RepositoryView | None:
    """The repository that ``name`` means: ``owner/name``, a numeric GitHub id, or a record id
    with or without its table.
    """
    identity = _identify(database, name.strip())
    if identity is None:
        return None
    rows = database.run(ONE, repo=identity)[0]
    if rows:
        return _read(rows[0])
    bare = database.run(
        (
            "SELECT id AS identity, full_name ?? record::id(id) AS full_name, github_id, stars, "
            "is_private FROM $repo"
        ),
        repo=identity,
    )[0]
    return _read(bare[0])


def require(database: Database, name: str) -> RepositoryView:
    """The repository that ``name`` means, as in ``find``. Raises NotKnown."""
    view = find(database, name)
    if view is None:
        raise NotKnown(f"no repository is known by the name {name}")
    return view


def _identify(database: Database, name: str) -> Any:
    """The record id of an existing repository, or None."""
    if name.isascii() and name.isdigit() and int(name) <= MOST_ID:
        found = database.run(
            "SELECT VALUE id FROM repo WHERE github_id = $id LIMIT 1", id=int(name)
        )[0]
        if found:
            return found[0]
    key = name.removeprefix("repo:")
    if key[:1] + key[-1:] in ("⟨⟩", "``"):
        key = key[1:-1]
    for candidate in dict.fromkeys((name, key)):
        if database.run("SELECT VALUE id FROM $repo", repo=record("repo", candidate))[0]:
            return record("repo", candidate)
    found = database.run(BY_NAME, name=key.lower())[0]
    return found[0] if found else None


def _read(row: dict[str, Any]) -> RepositoryView:
    identity = row.pop("identity")
    key = key_of(identity)
    times = {
        name: to_epoch(row.get(name))
        for name in ("claimed_at", "lease_expires_at", "started_at", "completed_at")
    }
    return RepositoryView(
        key=key,
        record_id=f"repo:⟨{key}⟩" if isinstance(key, str) else str(identity),
        full_name=str(row.get("full_name")),
        github_id=as_count(row.get("github_id")),
        stars=as_count(row.get("stars")) or 0,
        is_private=row.get("is_private") is True,
        status=as_text(row.get("status")),
        last_page=as_count(row.get("last_page_processed")) or 0,
        total_pages=as_count(row.get("total_pages")),
        total_stargazers=as_count(row.get("total_stargazers")),
        processed=as_count(row.get("processed_stargazers")) or 0,
        ghosts=as_count(row.get("ghosts")) or 0,
        claimed_by=as_text(row.get("claimed_by")),
        next_retry_at=to_epoch(row.get("next_retry_after")),
        last_error=_read_text(row.get("last_error")),
        error_count=as_count(row.get("error_count")) or 0,
        notes=_read_text(row.get("notes")),
        **times,
    )


def _read_text(value: Any) -> str | None:
    """A stored text; one that a former version wrote may hold a secret."""
    return redact(value) if isinstance(value, str) else None
