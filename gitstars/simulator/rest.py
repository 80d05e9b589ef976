"""The REST routes of a simulated GitHub: what is asked becomes a reply. Limits, faults and latency are the server's business."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gitstars.simulator import render
from gitstars.simulator.people import FIRST_STAR_AT, LAST_STAR_AT
from gitstars.simulator.scenario import SimAccount
from gitstars.simulator.world import Place, World

STAR_MEDIA = "application/vnd.github.star+json"
#: The list ends here: 400 pages of 100.
LAST_PAGE = 400
WALL_TEXT = "In order to keep the API fast for everyone, pagination is limited for this resource."
REFUSAL_TEXTS = {
    "integration": "Resource not accessible by integration",
    "token": "Resource not accessible by personal access token",
    "permission": "You do not have permission to view the stargazers of this repository",
}
WEEK_SECONDS = 7 * 86400
#: 1970-01-01 was a Thursday: weeks that begin on Sunday are shifted by this much.
SUNDAY_SECONDS = 3 * 86400


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as the routes see it. ``path`` has no API prefix, ``root`` is the address that Link headers build on."""

    method: str
    path: str
    query: Mapping[str, str]
    media: str
    root: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply; ``body`` is JSON text. ``route`` names the route for the log."""

    status: int
    body: str
    route: str = "other"
    headers: dict[str, str] = field(default_factory=dict)


def reply(world: World, account: SimAccount, ask: Ask) -> Reply:
    """The reply to an authorised request."""
    if ask.method != "GET":
        return _problem(404, "Not Found", "other")
    parts = ask.path.strip("/").split("/")
    match parts:
        case ["user"]:
            return _json({"login": account.login, "id": account.user_id, "type": "User"}, "user")
        case ["user", "repos"]:
            mine = [place for place in world.places.values() if world.may_collaborate(account, place) and place.fate == "ok"]
            return _listed(ask, [render.repository(place, True) for place in mine], "own")
        case ["user", "starred"] | ["users", _, "starred"]:
            return _starred(world, account, ask)
        case ["users", login]:
            return _json({"login": login, "type": "User"}, "users")
        case ["repos", owner, name, *rest]:
            return _repository(world, account, ask, world.place(f"{owner}/{name}"), world.moved(f"{owner}/{name}"), rest)
        case ["repositories", number, *rest] if number.isdigit():
            return _repository(world, account, ask, world.places.get(int(number)), None, rest)
    return _problem(404, "Not Found", "other")


def _repository(world: World, account: SimAccount, ask: Ask, place: Place | None, moved: Place | None, rest: list[str]) -> Reply:
    route = "/".join(["repo", *rest])
    if place is None and moved is not None:
        location = "/".join([f"{ask.root}/repositories/{moved.repository.id}", *rest])
        return Reply(301, json.dumps({"message": "Moved Permanently", "url": location}), route, {"location": location})
    if place is None or place.fate == "deleted" or (place.repository.private and not world.may_collaborate(account, place)):
        return _problem(404, "Not Found", route)
    if place.fate == "blocked":
        return _problem(451, "Repository access blocked", route)
    if place.fate == "disabled" and rest:
        return _problem(403, "Repository access blocked: this repository has been disabled", route)
    match rest:
        case []:
            return _json(render.repository(place, world.may_collaborate(account, place)), route)
        case ["stargazers"]:
            return _stargazers(world, account, ask, place)
        case ["stargazers", "count"] if world.scenario.has_counts:
            return _json({"count": place.stars}, route)
        case ["stargazers", "history"] if world.scenario.has_counts:
            return _listed(ask, weeks(place), route, most=30, pages=100)
    return _problem(404, "Not Found", "other")


def _stargazers(world: World, account: SimAccount, ask: Ask, place: Place) -> Reply:
    refusal = world.refusal(account, place)
    route = "repo/stargazers"
    if refusal is not None and refusal in REFUSAL_TEXTS:
        return _problem(403, REFUSAL_TEXTS[refusal], route)
    if refusal == "empty":
        return Reply(200, "[]", route)
    if refusal is not None:
        return _problem(404, "Not Found", route)
    per_page, page = _paging(ask, 100)
    if page * per_page > LAST_PAGE * 100:
        return _problem(422, WALL_TEXT, route)
    last = min(LAST_PAGE * 100 // per_page, max(1, math.ceil(place.stars / per_page)))
    body = render.stars(world, place.slice((page - 1) * per_page, per_page), STAR_MEDIA in ask.media)
    return Reply(200, body, route, _links(ask, page, last))


def weeks(place: Place) -> list[dict[str, Any]]:
    """The weekly history of present stars, newest week first."""
    days: dict[int, list[int]] = {}
    for star in place.slice(0, place.stars):
        start = (star.starred_at + SUNDAY_SECONDS + 86400) // WEEK_SECONDS * WEEK_SECONDS - SUNDAY_SECONDS - 86400
        days.setdefault(start, [0] * 7)[(star.starred_at - start) // 86400] += 1
    return [{"week": week, "total": sum(counts), "days": counts} for week, counts in sorted(days.items(), reverse=True)]


def _starred(world: World, account: SimAccount, ask: Ask) -> Reply:
    mine = [render.repository(world.places[i], False) for i in account.starred if i in world.places and world.places[i].fate == "ok"]
    if STAR_MEDIA in ask.media:
        mine = [{"starred_at": render.moment(FIRST_STAR_AT), "repo": repository} for repository in mine]
    return _listed(ask, mine, "starred")


def _listed(ask: Ask, rows: list[Any], route: str, most: int = 100, pages: int = 10_000) -> Reply:
    per_page, page = _paging(ask, most)
    if page > pages:
        return _problem(422, WALL_TEXT, route)
    chosen = rows[(page - 1) * per_page : page * per_page]
    return Reply(200, json.dumps(chosen), route, _links(ask, page, min(pages, max(1, math.ceil(len(rows) / per_page)))))


def _paging(ask: Ask, most: int) -> tuple[int, int]:
    """``per_page`` and ``page``; nonsense counts as the default, as at GitHub."""

    def number(name: str, default: int) -> int:
        text = ask.query.get(name, "")
        return int(text) if re.fullmatch(r"\d{1,9}", text) and int(text) > 0 else default

    return min(number("per_page", 30), most), number("page", 1)


def _links(ask: Ask, page: int, last: int) -> dict[str, str]:
    per_page = ask.query.get("per_page", "30")
    wanted = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    shown = {
        relation: number
        for relation, number in wanted.items()
        if (relation in ("next", "last") and page < last) or (relation in ("prev", "first") and page > 1)
    }
    links = [f'<{ask.root}{ask.path}?per_page={per_page}&page={number}>; rel="{relation}"' for relation, number in shown.items()]
    return {"link": ", ".join(links)} if links else {}


def _json(value: Any, route: str) -> Reply:
    return Reply(200, json.dumps(value), route)


def _problem(status: int, text: str, route: str) -> Reply:
    return Reply(status, json.dumps({"message": text, "documentation_url": "https://docs.github.com/rest", "status": str(status)}), route)


__all__ = ["FIRST_STAR_AT", "LAST_STAR_AT", "Ask", "Reply", "reply", "weeks"]
