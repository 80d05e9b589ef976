"""Lists of repositories, and how any list is cut into pages: a simulated GitHub's REST answers."""

import json
import math
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from gitstars.simulator import render
from gitstars.simulator.reply import Ask, Reply, problem
from gitstars.simulator.scenario import SimAccount
from gitstars.simulator.world import LiveRepository, World

STAR_MEDIA = "star+json"
WALL_TEXT = "In order to keep the API fast for everyone, pagination is limited for this resource."


def own_repositories(world: World, account: SimAccount, ask: Ask) -> Reply:
    affiliation = set(
        ask.query.get("affiliation", "owner,collaborator,organization_member").split(",")
    )
    if affiliation - {"owner", "collaborator", "organization_member"}:
        return problem(
            422,
            "Validation Failed",
            "own",
            errors=[{"resource": "Repository", "field": "affiliation", "code": "invalid"}],
        )
    wanted = {
        *(account.owned if "owner" in affiliation else ()),
        *((*account.collaborates, *account.roles) if affiliation - {"owner"} else ()),
    }
    mine = [
        live
        for live in world.repositories.values()
        if live.repository.id in wanted and world.may_see(account, live)
    ]
    return listed(
        ask,
        mine,
        lambda chosen: [
            render.repository(world, p, world.role(account, p), ask.root) for p in chosen
        ],
        "own",
        "/user/repos",
    )


def find_starred(
    world: World, account: SimAccount, user_id: int
) -> list[tuple[LiveRepository, int]]:
    """What this user starred, and when (epoch seconds), as far as the account may see it: an
    account's own list, or whatever lists the user is on.
    """
    named = {
        i for owner in world.accounts.values() if owner.user_id == user_id for i in owner.starred
    }
    found: list[tuple[LiveRepository, int]] = []
    for live in world.repositories.values():
        number = live.listed.source.find(user_id)
        is_there = number is not None and live.listed.has(number)
        if (
            (is_there or live.repository.id in named)
            and live.fate in ("ok", "disabled")
            and world.may_see(account, live)
        ):
            found.append((live, live.listed.source.time(number or 0)))
    return found


def starred_repositories(world: World, account: SimAccount, ask: Ask, user_id: int) -> Reply:
    """What this user starred, newest star first unless asked otherwise."""
    found = find_starred(world, account, user_id)
    found.sort(key=lambda entry: entry[1], reverse=ask.query.get("direction") != "asc")

    def render_them(chosen: Sequence[tuple[LiveRepository, int]]) -> list[dict[str, Any]]:
        rows = [
            (at, render.repository(world, live, world.role(account, live), ask.root))
            for live, at in chosen
        ]
        if STAR_MEDIA in ask.media:
            return [{"starred_at": render.moment(at), "repo": row} for at, row in rows]
        return [row for _, row in rows]

    return listed(ask, found, render_them, "starred", ask.path)


def repositories_of(world: World, account: SimAccount, ask: Ask, login: str) -> Reply:
    """The public repositories of a person or an organisation, newest first, as at GitHub."""
    found = [live for live in world.owned_by(login)[::-1] if not live.repository.private]
    return listed(
        ask,
        found,
        lambda chosen: [
            render.repository(world, p, world.role(account, p), ask.root) for p in chosen
        ],
        "owner/repos",
        ask.path,
    )


def listed(
    ask: Ask,
    rows: Sequence[Any],
    render_them: Any,
    route: str,
    path: str,
    most: int = 100,
    pages: int = 10_000,
) -> Reply:
    per_page, page = paging(ask, most)
    if page > pages:
        return problem(422, WALL_TEXT, route)
    last = min(pages, max(1, math.ceil(len(rows) / per_page)))
    body = json.dumps(render_them(rows[(page - 1) * per_page : page * per_page]))
    return Reply(200, body, route, links(ask, path, page, last))


def paging(ask: Ask, most: int) -> tuple[int, int]:
    """``per_page`` and ``page``; nonsense counts as the default, as at GitHub."""

    def number(name: str, default: int) -> int:
        text = ask.query.get(name, "")
        return int(text) if re.fullmatch(r"[0-9]{1,9}", text) and int(text) > 0 else default

    return min(number("per_page", 30), most), number("page", 1)


def links(ask: Ask, path: str, page: int, last: int) -> dict[str, str]:
    wanted = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    shown = {
        relation: number
        for relation, number in wanted.items()
        if (relation in ("next", "last") and page < last)
        or (relation in ("prev", "first") and page > 1)
    }
    links = (
        f'<{ask.root}{path}?{urlencode({**ask.query, "page": number})}>; rel="{relation}"'
        for relation, number in shown.items()
    )
    return {"link": ", ".join(links)} if shown else {}
