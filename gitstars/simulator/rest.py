"""The REST routes of a simulated GitHub: what is asked becomes a reply.

Limits, faults and latency are the server's business.
"""

import json
import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from gitstars.simulator import render
from gitstars.simulator.scenario import SimAccount
from gitstars.simulator.weeks import list_weeks, show_week
from gitstars.simulator.world import LiveRepository, World

STAR_MEDIA = "star+json"
#: Lists end here, whatever the page size.
LAST_PAGE = 400
WALL_TEXT = "In order to keep the API fast for everyone, pagination is limited for this resource."
PERMISSION_TEXT = "You do not have permission to view the stargazers of this repository"
#: The faces of a refusal that say so.
REFUSAL_TEXTS = {
    "integration": "Resource not accessible by integration",
    "token": "Resource not accessible by personal access token",
    "permission": PERMISSION_TEXT,
    "graph_null_repository": PERMISSION_TEXT,
}
#: What a refusal of these faces says that the token lacks.
ACCEPTED_PERMISSIONS = {"x-accepted-github-permissions": "metadata=read; contents=write"}
BLOCKED_TEXT = "Repository access blocked"
DISABLED_TEXT = f"{BLOCKED_TEXT}: this repository has been disabled"
#: What is open to whoever brings no token.
OPEN_PATHS = re.compile(r"/(repos/[^/]+/[^/]+|repositories/[0-9]+)/stargazers/(count|history)/?")
#: Somebody without a token, as far as routes want to know who asks.
ANYBODY = SimAccount(user_id=1, login="anybody", token="none", scopes=())


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as the routes see it.

    ``path`` has no API prefix, ``root`` is the address that links build on.

    ``is_enterprise``: a server of one's own, where lists are open to everyone.
    """

    method: str
    path: str
    query: Mapping[str, str]
    media: str
    root: str
    is_enterprise: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply; ``body`` is JSON text. ``route`` names the route for the log."""

    status: int
    body: str
    route: str = "other"
    headers: dict[str, str] = field(default_factory=dict)


def reply(world: World, account: SimAccount, ask: Ask) -> Reply:
    """The reply to an authorised request."""
    if ask.method not in ("GET", "HEAD"):
        return problem(404, "Not Found", "other")
    match ask.path.strip("/").split("/"):
        case ["user", *_] if account.is_installation:
            return problem(403, REFUSAL_TEXTS["integration"], "user")
        case ["user"]:
            return Reply(
                200,
                render.profile(account.user_id, world.login_of(account.user_id), ask.root, True),
                "user",
            )
        case ["user", "repos"]:
            return _own(world, account, ask)
        case ["user", "starred"]:
            return _starred(world, account, ask, account.user_id)
        case ["users", login, *rest] if rest in ([], ["starred"]):
            user_id = world.user_of(login)
            if user_id is None:
                return problem(404, "Not Found", "users")
            if rest:
                return _starred(world, account, ask, user_id)
            return Reply(
                200, render.profile(user_id, world.login_of(user_id), ask.root, False), "users"
            )
        case ["repos", owner, name, *rest]:
            return _repository(
                world,
                account,
                ask,
                world.find(f"{owner}/{name}"),
                world.moved(f"{owner}/{name}"),
                rest,
            )
        case ["repositories", number, *rest] if re.fullmatch(r"[0-9]{1,18}", number):
            return _repository(world, account, ask, world.repositories.get(int(number)), None, rest)
    return problem(404, "Not Found", "other")


def problem(status: int, text: str, route: str, **more: Any) -> Reply:
    """An error as GitHub words it."""
    body = {
        "message": text,
        **more,
        "documentation_url": "https://docs.github.com/rest",
        "status": str(status),
    }
    return Reply(status, json.dumps(body), route)


def _repository(
    world: World,
    account: SimAccount,
    ask: Ask,
    live: LiveRepository | None,
    moved: LiveRepository | None,
    rest: list[str],
) -> Reply:
    route = "/".join(["repo", *rest])
    if live is None and moved is not None and world.may_see(account, moved):
        query = f"?{urlencode(ask.query)}" if ask.query else ""
        location = "/".join([f"{ask.root}/repositories/{moved.repository.id}", *rest]) + query
        moved_to = problem(301, "Moved Permanently", route, url=location)
        return Reply(301, moved_to.body, route, {"location": location})
    if live is None or not world.may_see(account, live):
        return problem(404, "Not Found", route)
    if live.fate == "blocked":
        block = {
            "reason": "dmca",
            "created_at": "2026-01-01T00:00:00Z",
            "html_url": "https://github.com/github/dmca",
        }
        return problem(451, BLOCKED_TEXT, route, block=block)
    if live.fate == "disabled" and rest:
        return problem(403, DISABLED_TEXT, route)
    match rest:
        case []:
            return Reply(
                200,
                json.dumps(
                    render.repository(world, live, world.role(account, live), ask.root, True)
                ),
                route,
            )
        case ["stargazers"]:
            return _stargazers(world, account, ask, live)
        case ["stargazers", "count"] if world.scenario.has_counts:
            return Reply(200, json.dumps({"count": live.stars}), route)
        case ["stargazers", "history"] if world.scenario.has_counts:
            path = f"/repositories/{live.repository.id}/stargazers/history"
            told = _listed(
                ask,
                list_weeks(live, time.time()),
                lambda chosen: [show_week(live, week) for week in chosen],
                route,
                path,
                most=30,
                pages=100,
            )
            return replace(told, headers=told.headers | {"cache-control": "max-age=60"})
    return problem(404, "Not Found", "other")


def _stargazers(world: World, account: SimAccount, ask: Ask, live: LiveRepository) -> Reply:
    route = "repo/stargazers"
    refusal = None if ask.is_enterprise else world.refusal(account, live)
    if refusal in REFUSAL_TEXTS:
        told = ACCEPTED_PERMISSIONS if refusal in ("token", "integration") else {}
        return replace(problem(403, REFUSAL_TEXTS[refusal], route), headers=told)
    if refusal == "empty":
        return Reply(200, "[]", route)
    if refusal is not None:
        return problem(404, "Not Found", route)
    per_page, page = _paging(ask, 100)
    if page > LAST_PAGE:
        return problem(422, WALL_TEXT, route)
    last = min(LAST_PAGE, max(1, math.ceil(live.stars / per_page)))
    body = render.stars(
        world,
        live.listed.page((page - 1) * per_page, page * per_page),
        ask.root,
        STAR_MEDIA in ask.media,
    )
    return Reply(
        200, body, route, _links(ask, f"/repositories/{live.repository.id}/stargazers", page, last)
    )


def _own(world: World, account: SimAccount, ask: Ask) -> Reply:
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
    return _listed(
        ask,
        mine,
        lambda chosen: [
            render.repository(world, p, world.role(account, p), ask.root) for p in chosen
        ],
        "own",
        "/user/repos",
    )


def _starred(world: World, account: SimAccount, ask: Ask, user_id: int) -> Reply:
    """What this user starred, newest star first unless asked otherwise: an account's own list, or
    whatever lists the user is on.
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

    found.sort(key=lambda entry: entry[1], reverse=ask.query.get("direction") != "asc")

    def render_them(chosen: Sequence[tuple[LiveRepository, int]]) -> list[dict[str, Any]]:
        rows = [
            (at, render.repository(world, live, world.role(account, live), ask.root))
            for live, at in chosen
        ]
        if STAR_MEDIA in ask.media:
            return [{"starred_at": render.moment(at), "repo": row} for at, row in rows]
        return [row for _, row in rows]

    return _listed(ask, found, render_them, "starred", ask.path)


def _listed(
    ask: Ask,
    rows: Sequence[Any],
    render_them: Any,
    route: str,
    path: str,
    most: int = 100,
    pages: int = 10_000,
) -> Reply:
    per_page, page = _paging(ask, most)
    if page > pages:
        return problem(422, WALL_TEXT, route)
    last = min(pages, max(1, math.ceil(len(rows) / per_page)))
    body = json.dumps(render_them(rows[(page - 1) * per_page : page * per_page]))
    return Reply(200, body, route, _links(ask, path, page, last))


def _paging(ask: Ask, most: int) -> tuple[int, int]:
    """``per_page`` and ``page``; nonsense counts as the default, as at GitHub."""

    def number(name: str, default: int) -> int:
        text = ask.query.get(name, "")
        return int(text) if re.fullmatch(r"[0-9]{1,9}", text) and int(text) > 0 else default

    return min(number("per_page", 30), most), number("page", 1)


def _links(ask: Ask, path: str, page: int, last: int) -> dict[str, str]:
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
