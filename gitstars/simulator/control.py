"""The control routes of a simulated GitHub, under ``/_control``: change what it holds, make it misbehave, read what was asked."""

import time
from typing import TYPE_CHECKING, Any

import msgspec
from bottle import Bottle, HTTPResponse, request

from gitstars.simulator.faults import Rule
from gitstars.simulator.people import iterate

if TYPE_CHECKING:
    from gitstars.simulator.server import SimulatedGitHub

#: What ``POST /_control/repositories/ID`` may change.
CHANGES = ("grow", "unstar", "rename", "fate", "face")


def add_routes(app: Bottle, github: "SimulatedGitHub") -> None:
    """Add the control routes to ``app``."""
    world = github.world

    @app.post("/_control/rules")  # type: ignore[untyped-decorator]
    def add_rule() -> dict[str, Any]:
        try:
            github.faults.rules.append(msgspec.json.decode(request.body.read(), type=Rule))
        except msgspec.MsgspecError as error:
            raise HTTPResponse(f'{{"message": "{error}"}}', 422) from error
        return {"rules": len(github.faults.rules)}

    @app.delete("/_control/rules")  # type: ignore[untyped-decorator]
    def clear_rules() -> dict[str, Any]:
        github.faults.rules.clear()
        return {"rules": 0}

    @app.post("/_control/repositories/<identity:int>")  # type: ignore[untyped-decorator]
    def change_repository(identity: int) -> dict[str, Any]:
        place, change = world.places.get(identity), request.json or {}
        if place is None or set(change) - set(CHANGES):
            raise HTTPResponse('{"message": "no such repository, or no such change"}', 422)
        place.grow(int(change.get("grow", 0)))
        for index in change.get("unstar", ()):
            place.unstar(int(index))
        if "rename" in change:
            world.rename(place, str(change["rename"]))
        place.fate = change.get("fate", place.fate)
        place.face = change.get("face", place.face)
        return {"stars": place.stars, "full_name": place.full_name}

    @app.post("/_control/world")  # type: ignore[untyped-decorator]
    def change_world() -> dict[str, Any]:
        change = request.json or {}
        world.restriction = change.get("restriction", world.restriction)
        world.face = change.get("face", world.face)
        world.logins.update({int(user): str(login) for user, login in change.get("logins", {}).items()})
        world.revoked.update(change.get("revoke", ()))
        world.revoked.difference_update(change.get("restore", ()))
        for user, resource, remaining in change.get("remaining", ()):
            github.budgets.set_remaining(user, resource, remaining, time.time())
        return {"restriction": world.restriction}

    @app.get("/_control/log")  # type: ignore[untyped-decorator]
    def read_log() -> dict[str, Any]:
        return {"asked": list(world.asked), "counters": dict(world.counters)}

    @app.post("/_control/log/clear")  # type: ignore[untyped-decorator]
    def clear_log() -> dict[str, Any]:
        world.asked.clear()
        world.counters.clear()
        return {}

    @app.get("/_control/truth/<identity:int>")  # type: ignore[untyped-decorator]
    def read_truth(identity: int) -> dict[str, Any]:
        place = world.places.get(identity)
        if place is None:
            raise HTTPResponse('{"message": "no such repository"}', 404)
        return {"stars": [list(star) for star in place.slice(0, place.stars)], "full_name": place.full_name}


__all__ = ["add_routes", "iterate"]
