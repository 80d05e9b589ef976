"""The routes of the admin API as they are described: what each takes, and what it answers."""

from dataclasses import dataclass
from typing import Any

import msgspec

from gitstars import api

#: A piece of JSON.
Json = dict[str, Any]

NAME: Json = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": (
        "A record id (`repo:⟨acme/engine⟩`), `owner/name` (its slash as such or as `%2F`), or "
        "the numeric GitHub id."
    ),
    "schema": {"type": "string"},
}
USER: Json = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The numeric GitHub id of the user.",
    "schema": {"type": "integer"},
}


PERSON: Json = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "A login, or the numeric GitHub id.",
    "schema": {"type": "string"},
}


@dataclass(frozen=True, slots=True)
class Route:
    """One route: what it takes, and what it answers with ``status`` and when it refuses;
    ``answer`` None: a file of text.
    """

    method: str
    path: str
    summary: str
    answer: type[msgspec.Struct] | None
    status: int = 200
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    named: Json | None = None
    errors: tuple[int, ...] = (503,)


ROUTES = (
    Route(
        "get",
        "/stats",
        "Health with its reasons, and all statistics",
        api.Stats,
        query=api.StatsQuery,
    ),
    Route("get", "/stats/summary", "The numbers that matter most", api.Summary),
    Route(
        "get",
        "/repos",
        "Repositories and their states",
        api.Repositories,
        query=api.ReposQuery,
    ),
    Route(
        "get",
        "/repos/{id}",
        "Everything known about a repository",
        api.RepositoryDetails,
        named=NAME,
        errors=(404, 503),
    ),
    Route(
        "get",
        "/repos/{id}/history",
        "The star history of a repository, from its own stars or from GitHub's weekly counts",
        api.StarHistory,
        query=api.HistoryQuery,
        named=NAME,
        errors=(404, 503),
    ),
    Route(
        "get",
        "/repos/{id}/stargazers",
        "Who starred a repository, newest first, as far as it is stored",
        api.Stargazers,
        query=api.StargazersQuery,
        named=NAME,
        errors=(404, 503),
    ),
    Route(
        "get",
        "/repos/{id}/similar",
        "Repositories that share stargazers with this one, the most alike first",
        api.SimilarRepositories,
        query=api.SimilarQuery,
        named=NAME,
        errors=(404, 503),
    ),
    Route(
        "get",
        "/overlap",
        "How many people star both of each two repositories",
        api.Overlaps,
        query=api.OverlapQuery,
        errors=(404, 503),
    ),
    Route(
        "get",
        "/users/{id}/stars",
        "What a person starred of all that is stored, newest first",
        api.UserStars,
        query=api.StargazersQuery,
        named=PERSON,
        errors=(404, 503),
    ),
    *(
        Route(
            "get",
            f"/export/{what}",
            f"What is stored of {told} as a file, in pieces; broken off, it has no last piece",
            None,
            query=api.ExportQuery,
            errors=(404, 503),
        )
        for what, told in (
            ("stars", "the stars"),
            ("users", "the people"),
            ("repos", "the repositories"),
            ("history", "the histories"),
            ("counts", "the counts"),
        )
    ),
    Route(
        "post",
        "/repos/{id}/reprocess",
        "Collect a repository ahead of what waits",
        api.Requested,
        status=202,
        body=api.Force,
        named=NAME,
        errors=(404, 409, 503),
    ),
    Route(
        "post",
        "/repos/{id}/reset",
        "Forget its progress and errors; it begins anew",
        api.Reset,
        body=api.Nothing,
        named=NAME,
        errors=(404, 409, 503),
    ),
    Route("get", "/workers", "The workers and what each is doing", api.Workers),
    Route(
        "post",
        "/workers/scale",
        "Set the number of workers, until told otherwise, also through a restart",
        api.Scaled,
        body=api.Scale,
        errors=(409, 503),
    ),
    Route("get", "/queue", "What waits", api.Queue),
    Route(
        "post",
        "/queue/clear",
        "Drop what waits; the database keeps it pending",
        api.Cleared,
        body=api.Nothing,
    ),
    Route(
        "get",
        "/accounts",
        "Accounts: progress, access, budgets, and what each waits for",
        api.Accounts,
    ),
    Route(
        "post",
        "/users/{id}/reprocess",
        "Collect what stopped of a user's repositories, or all of them",
        api.UserRequested,
        status=202,
        body=api.Force,
        named=USER,
        errors=(404, 409, 503),
    ),
    Route(
        "post",
        "/accounts",
        "Sign the person in whose token this is, or give its account this token",
        api.SignedIn,
        status=201,
        body=api.GivenToken,
    ),
    Route(
        "post",
        "/accounts/login",
        "Begin a sign-in through GitHub's page",
        api.Login,
        body=api.Nothing,
        errors=(409, 503),
    ),
    Route(
        "post",
        "/accounts/login/finish",
        "Sign in the person who entered the code on GitHub's page, or tell that nobody did so far",
        api.LoginAnswer,
        body=api.GivenCode,
        errors=(409, 503),
    ),
    Route(
        "put",
        "/accounts/{id}/token",
        "Give an account of gitstars another token of the same person",
        api.SignedIn,
        body=api.GivenToken,
        named=USER,
        errors=(404, 409, 503),
    ),
    Route(
        "post",
        "/accounts/{id}/sync",
        "List the account's stars now, or from now on so often",
        api.Sync,
        body=api.SyncWish,
        named=USER,
        errors=(404, 409, 503),
    ),
    Route(
        "delete",
        "/accounts/{id}",
        "Remove an account of gitstars; what it collected stays unless told",
        api.Removed,
        query=api.RemoveQuery,
        named=USER,
        errors=(404, 409, 503),
    ),
    Route(
        "post",
        "/forget",
        "Delete what is stored of a person, and never store it again",
        api.Forgotten,
        body=api.ForgetWish,
        errors=(404, 409, 503),
    ),
    Route("get", "/follow", "What is followed without anybody's star", api.Follows),
    Route(
        "post",
        "/follow",
        "Follow a repository, or all public repositories of an owner",
        api.Followed,
        status=201,
        body=api.FollowWish,
        errors=(404, 409, 503),
    ),
    Route(
        "delete",
        "/follow",
        "Follow it no more; what is stored stays",
        api.Unfollowed,
        query=api.UnfollowQuery,
        errors=(404, 409, 503),
    ),
    Route(
        "post",
        "/pause",
        "Stop collecting at the next page; a restart does not end it",
        api.Paused,
        body=api.Nothing,
    ),
    Route(
        "post",
        "/resume",
        "Go on after a pause, and look at tokens that are out at once",
        api.Paused,
        body=api.Nothing,
    ),
)
