"""Writes what the web application writes when somebody signs in: for the demo, the tests and the
benchmarks.
"""

from collections.abc import Sequence

from gitstars.model import Repository
from gitstars.store.database import Database, record

#: The web application adds repositories so many at a time.
BATCH = 100


def sign_in(
    database: Database,
    user_id: int,
    login: str,
    token: str,
    scopes: Sequence[str] = ("read:user", "public_repo"),
) -> None:
    """An account with its user and GitHub user, without repositories yet."""
    person = record("github_user", login)
    avatar, profile = (
        f"https://avatars.githubusercontent.com/u/{user_id}?v=4",
        f"https://github.com/{login}",
    )
    database.run(
        """
        UPSERT $person SET github_id = $user_id, username = $login, avatar_url = $avatar,
            profile_url = $profile, synced_at = time::now();
        UPSERT $user SET github_user = $person, name = $login;
        UPSERT $account SET userId = $user, providerId = 'github', access_token = $secret,
            providerAccountId = <string>$user_id,
            scope = $scope, createdAt = time::now(), updatedAt = time::now();
        """,
        person=person,
        user=record("user", login),
        account=record("account", login),
        user_id=user_id,
        login=login,
        secret=token,
        scope=",".join(scopes),
        avatar=avatar,
        profile=profile,
    )


def star(
    database: Database,
    login: str,
    repositories: Sequence[Repository],
    starred_at: str = "2024-01-01T00:00:00Z",
) -> None:
    """The account's starred repositories, ``BATCH`` at a time, with record ids of the web
    application's choice.
    """
    for start in range(0, len(repositories), BATCH):
        batch = repositories[start : start + BATCH]
        rows = [
            {
                "id": repository.key,
                "github_id": repository.github_id,
                "name": repository.full_name.rpartition("/")[2],
                "full_name": repository.full_name,
                "stars": repository.stars,
                "is_private": repository.is_private,
            }
            for repository in batch
        ]
        edges = [
            {"in": record("github_user", login), "out": record("repo", repository.key)}
            for repository in batch
        ]
        database.run_retrying(
            """
            INSERT IGNORE INTO repo $rows RETURN NONE;
            INSERT RELATION INTO starred $edges.map(|$edge| {in: $edge.in, out: $edge.out,
                source: 'github', starred_at: <datetime>$at})
                RETURN NONE;
            """,
            rows=rows,
            edges=edges,
            at=starred_at,
        )
