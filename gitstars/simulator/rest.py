"""The REST routes of a simulated GitHub: what is asked becomes a reply.

Limits, faults and latency are the server's business.
"""

import json
import math
import re
import time
from dataclasses import replace
from urllib.parse import urlencode

from gitstars.simulator import render
from gitstars.simulator.lists import (
    STAR_MEDIA,
    WALL_TEXT,
    links,
    listed,
    own_repositories,
    paging,
    repositories_of,
    starred_repositories,
)
from gitstars.simulator.reply import Ask, Reply, problem
from gitstars.simulator.scenario import SimAccount
from gitstars.simulator.weeks import list_weeks, show_week
from gitstars.simulator.world import LiveRepository, World

#: Lists end here, whatever the page size.
LAST_PAGE = 400
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
OPEN_PATHS = re.compile(
    r"/(repos/[^/]+/[^/]+|repositories/[0-9]+)(/stargazers/(count|history))?/?"
    r"|/(users|orgs)/[^/]+(/repos|/starred)?/?"
)
#: Somebody without a token, as far as routes want to know who asks.
ANYBODY = SimAccount(user_id=1, login="anybody", token="none", scopes=())


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
            return own_repositories(world, account, ask)
        case ["user", "starred"]:
            return starred_repositories(world, account, ask, account.user_id)
        case ["users" | "orgs" as kind, login, *rest]:
            return _owner(world, account, ask, kind, login, rest)
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


def _owner(
    world: World, account: SimAccount, ask: Ask, kind: str, login: str, rest: list[str]
) -> Reply:
    """A person or an organisation, and what belongs to it."""
    user_id, owned = world.user_of(login), world.owned_by(login)
    if user_id is None and not owned:
        return problem(404, "Not Found", "users")
    match rest:
        case ["repos"] if kind == "users" or user_id is None:
            return repositories_of(world, account, ask, login)
        case ["starred"] if kind == "users" and user_id is not None:
            return starred_repositories(world, account, ask, user_id)
        case [] if kind == "users":
            count = sum(not live.repository.private for live in owned)
            if user_id is None:
                profile = json.loads(render.owner(world, owned[0].owner, ask.root))
            else:
                name = world.login_of(user_id)
                profile = json.loads(render.profile(user_id, name, ask.root, False))
            return Reply(200, json.dumps(profile | {"public_repos": count}), "users")
    return problem(404, "Not Found", "users")


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
            told = listed(
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
    per_page, page = paging(ask, 100)
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
        200, body, route, links(ask, f"/repositories/{live.repository.id}/stargazers", page, last)
    )
