"""GitHub's REST payloads as bytes. Users are rendered from a template: a page of 100 takes well under a millisecond."""

import time
from collections.abc import Iterable
from typing import Any

from gitstars.simulator.people import Star
from gitstars.simulator.world import Place, World

_LINKS = (
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
    '{"login":"%(login)s","id":%(id)d,"node_id":"U_%(id)d","avatar_url":"https://avatars.githubusercontent.com/u/%(id)d?v=4",'
    '"gravatar_id":"","url":"https://api.github.com/users/%(login)s","html_url":"https://github.com/%(login)s",'
    + ",".join(f'"{name}":"https://api.github.com/users/%(login)s{path}"' for name, path in _LINKS)
    + ',"type":"User","user_view_type":"public","site_admin":false}'
)


def user(user_id: int, login: str) -> str:
    """A user as lists show them."""
    return _USER % {"id": user_id, "login": login}


def moment(epoch_seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch_seconds))


def stars(world: World, page: Iterable[Star], with_times: bool) -> str:
    """A page of stargazers, plain or under the star media type; a ghost is null."""
    people = ((star, user(star.user_id, world.login_of(star.user_id)) if star.user_id else "null") for star in page)
    if not with_times:
        return "[" + ",".join(text for _, text in people) + "]"
    return "[" + ",".join(f'{{"starred_at":"{moment(star.starred_at)}","user":{text}}}' for star, text in people) + "]"


def repository(place: Place, can_push: bool) -> dict[str, Any]:
    """A repository's record, as far as anybody reads it."""
    owner, _, name = place.full_name.partition("/")
    updated = moment(1_790_000_000 + place.updated)
    return {
        "id": place.repository.id,
        "node_id": f"R_{place.repository.id}",
        "name": name,
        "full_name": place.full_name,
        "private": place.repository.private,
        "owner": {"login": owner, "id": 900_000 + place.repository.id % 997, "type": "Organization"},
        "html_url": f"https://github.com/{place.full_name}",
        "description": f"Simulated repository {name}",
        "fork": False,
        "url": f"https://api.github.com/repos/{place.full_name}",
        "created_at": "2015-01-01T00:00:00Z",
        "updated_at": updated,
        "pushed_at": updated,
        "stargazers_count": place.stars,
        "watchers_count": place.stars,
        "language": "Python",
        "disabled": place.fate == "disabled",
        "archived": False,
        "permissions": {"admin": can_push, "maintain": can_push, "push": can_push, "triage": can_push, "pull": True},
    }
