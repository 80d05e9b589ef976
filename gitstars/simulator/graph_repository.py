"""A repository's own fields in GraphQL, as JSON text; its lists are the business of others."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from gitstars.simulator import render
from gitstars.simulator.graph_page import NoAnswer, as_plain
from gitstars.simulator.graph_query import Field
from gitstars.simulator.scenario import SimAccount
from gitstars.simulator.world import LiveRepository, World


def attribute(asked: Field, world: World, account: SimAccount, live: LiveRepository) -> str:
    """What the account sees of it. Raises NoAnswer where a list is asked for."""
    match asked.name:
        case "owner":
            return as_plain(asked.fields, _owner(world, live))
        case "primaryLanguage":
            language = {"__typename": "Language", "id": "L_1", "name": "Python", "color": "#3572A5"}
            return as_plain(asked.fields, language)
    if asked.name not in _ATTRIBUTES:
        raise NoAnswer(f"`{asked.name}` below a list of repositories is not simulated.", None)
    return json.dumps(_ATTRIBUTES[asked.name](world, account, live))


def _owner(world: World, live: LiveRepository) -> dict[str, Any]:
    shown = json.loads(render.owner(world, live.owner, ""))
    is_person = shown["type"] == "User"
    return {
        "__typename": shown["type"],
        "id": f"U_{shown['id']}" if is_person else f"O_{live.owner}",
        "login": live.owner,
        "url": f"https://github.com/{live.owner}",
        "avatarUrl": shown["avatar_url"],
    }


_ATTRIBUTES: Mapping[str, Callable[[World, SimAccount, LiveRepository], Any]] = {
    "id": lambda world, account, live: f"R_{live.repository.id}",
    "databaseId": lambda world, account, live: live.repository.id,
    "name": lambda world, account, live: live.full_name.partition("/")[2],
    "nameWithOwner": lambda world, account, live: live.full_name,
    "description": lambda world, account, live: render.describe(live),
    "url": lambda world, account, live: f"https://github.com/{live.full_name}",
    "stargazerCount": lambda world, account, live: live.stars,
    "createdAt": lambda world, account, live: render.moment(live.repository.created.timestamp()),
    "updatedAt": lambda world, account, live: render.touched(live),
    "pushedAt": lambda world, account, live: render.moment(render.TOUCHED_AT),
    "isPrivate": lambda world, account, live: live.repository.private,
    "isDisabled": lambda world, account, live: live.fate == "disabled",
    "isArchived": lambda world, account, live: False,
    "viewerPermission": lambda world, account, live: world.role(account, live),
    "viewerHasStarred": lambda world, account, live: live.repository.id in account.starred,
    "__typename": lambda world, account, live: "Repository",
}
