"""GitHub's REST payloads as JSON text.

Users and repositories are rendered from templates: a page of 100 takes well under a millisecond.
"""

import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from gitstars.simulator.people import Star
from gitstars.simulator.world import LiveRepository, World

#: Repositories were last touched then, and a second later for each change since.
TOUCHED_AT = int(datetime(2026, 10, 2, tzinfo=UTC).timestamp())
ORGANISATION_IDS = 900_000
#: GraphQL's names for what somebody may do with a repository, the least first.
ROLES = ("READ", "TRIAGE", "WRITE", "MAINTAIN", "ADMIN")

_USER_PATHS = (
    ("followers_url", "/followers"),
    ("following_url", "/following{/other_user}"),
    ("gists_url", "/gists{/gist_id}"),
    ("starred_url", "/starred{/owner}{/repo}"),
    ("subscriptions_url", "/subscriptions"),
    ("organizations_url", "/orgs"),
    ("repos_url", "/repos"),
    ("events_url", "/events{/privacy}"),
    ("received_events_url", "/received_events"),
)
_USER = (
    '{"login":"%(login)s","id":%(id)d,"node_id":"U_%(id)d",'
    '"avatar_url":"https://avatars.githubusercontent.com/u/%(id)d?v=4",'
    '"gravatar_id":"","url":"%(api)s/users/%(login)s","html_url":"https://github.com/%(login)s",'
    + ",".join(f'"{name}":"%(api)s/users/%(login)s{path}"' for name, path in _USER_PATHS)
    + ',"type":"%(type)s","user_view_type":"public","site_admin":false}'
)
_PLAIN_PATHS = (
    *(
        "assignees",
        "branches",
        "collaborators",
        "comments",
        "commits",
        "contents",
        "contributors",
        "deployments",
        "downloads",
    ),
    *(
        "events",
        "forks",
        "hooks",
        "issues",
        "keys",
        "labels",
        "languages",
        "merges",
        "milestones",
        "notifications",
        "pulls",
    ),
    *("releases", "stargazers", "statuses", "subscribers", "subscription", "tags", "teams"),
)
_REPOSITORY_PATHS = {name: name for name in _PLAIN_PATHS} | {
    "archive": "{archive_format}{/ref}",
    "blobs": "git/blobs{/sha}",
    "compare": "compare/{base}...{head}",
    "git_commits": "git/commits{/sha}",
    "git_refs": "git/refs{/sha}",
    "git_tags": "git/tags{/sha}",
    "issue_comment": "issues/comments{/number}",
    "issue_events": "issues/events{/number}",
    "trees": "git/trees{/sha}",
}


def user(user_id: int, login: str, api: str, kind: str = "User") -> str:
    """A user as lists show them; ``api`` is the address that API links build on."""
    return _USER % {"id": user_id, "login": login, "api": api, "type": kind}


def profile(user_id: int, login: str, api: str, is_own: bool) -> str:
    """A user's own page; with the figures that only its owner sees when ``is_own``."""
    figures: dict[str, Any] = dict.fromkeys(
        ("name", "company", "location", "email", "hireable", "bio", "twitter_username")
    )
    figures |= {
        "blog": "",
        "created_at": "2012-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    }
    figures |= dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    if is_own:
        figures |= dict.fromkeys(
            (
                "private_gists",
                "total_private_repos",
                "owned_private_repos",
                "disk_usage",
                "collaborators",
            ),
            0,
        )
        figures |= {"two_factor_authentication": True, "user_view_type": "private"}
    return json.dumps(json.loads(user(user_id, login, api)) | figures)


def moment(epoch_seconds: float) -> str:
    """ISO 8601 as GitHub writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch_seconds))


def stars(world: World, page: Iterable[Star], api: str, with_times: bool) -> str:
    """A page of stargazers, plain or under the star media type; a ghost is null."""
    people = (
        (star, user(star.user_id, world.login_of(star.user_id), api) if star.user_id else "null")
        for star in page
    )
    if not with_times:
        return "[" + ",".join(text for _, text in people) + "]"
    return (
        "["
        + ",".join(
            f'{{"starred_at":"{moment(star.starred_at)}","user":{text}}}' for star, text in people
        )
        + "]"
    )


def describe(live: LiveRepository) -> str:
    """What its owner says of it."""
    return f"Simulated repository {live.full_name.partition('/')[2]}"


def touched(live: LiveRepository) -> str:
    """When the repository changed last; a star counts as a change."""
    return moment(TOUCHED_AT + live.updated)


def owner(world: World, login: str, api: str) -> str:
    """Who owns repositories under this login: a person who has an account, or an organisation."""
    user_id = world.owners.get(login.lower())
    if user_id is not None:
        return user(user_id, login, api)
    return user(ORGANISATION_IDS + sum(login.encode()), login, api, "Organization")


def repository(
    world: World, live: LiveRepository, role: str | None, api: str, is_full: bool = False
) -> dict[str, Any]:
    """A repository's record; with what only its own page shows when ``is_full``.

    ``role`` is GraphQL's name for what the reader may do; None: an App, which may read.
    """
    owner_login, _, name = live.full_name.partition("/")
    address, page = f"{api}/repos/{live.full_name}", f"github.com/{live.full_name}"
    rank = 0 if role is None else ROLES.index(role)
    record: dict[str, Any] = {
        f"{key}_url": f"{address}/{path}" for key, path in _REPOSITORY_PATHS.items()
    }
    record |= dict.fromkeys(("has_issues", "has_projects", "has_wiki", "has_downloads"), True)
    record |= dict.fromkeys(("forks", "forks_count", "open_issues", "open_issues_count", "size"), 0)
    record |= dict.fromkeys(("homepage", "mirror_url", "license"))
    if is_full:
        record |= {"has_discussions": False, "network_count": 0, "subscribers_count": 0}
    return record | {
        "id": live.repository.id,
        "node_id": f"R_{live.repository.id}",
        "name": name,
        "full_name": live.full_name,
        "private": live.repository.private,
        "visibility": "private" if live.repository.private else "public",
        "owner": json.loads(owner(world, owner_login, api)),
        "html_url": f"https://{page}",
        "description": describe(live),
        "fork": False,
        "url": address,
        "clone_url": f"https://{page}.git",
        "git_url": f"git://{page}.git",
        "ssh_url": f"git@github.com:{live.full_name}.git",
        "svn_url": f"https://{page}",
        "default_branch": "main",
        "has_pages": False,
        "language": "Python",
        "created_at": moment(live.repository.created.timestamp()),
        "updated_at": touched(live),
        "pushed_at": moment(TOUCHED_AT),
        "stargazers_count": live.stars,
        "watchers_count": live.stars,
        "watchers": live.stars,
        "disabled": live.fate == "disabled",
        "archived": False,
        "permissions": {
            "admin": rank >= ROLES.index("ADMIN"),
            "maintain": rank >= ROLES.index("MAINTAIN"),
            "push": rank >= ROLES.index("WRITE"),
            "triage": rank >= ROLES.index("TRIAGE"),
            "pull": True,
        },
    }
