"""The control routes of a simulated GitHub, under ``/_control``: change what it holds, make it
misbehave, read what was asked.
"""

import json
import time
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, TypeVar

import msgspec
from bottle import Bottle, HTTPResponse, request
from msgspec import Meta, Struct

from gitstars.simulator.faults import Rule
from gitstars.simulator.scenario import (
    Amount,
    Face,
    Fate,
    FullName,
    Login,
    Restriction,
    Scenario,
    SimAccount,
    SimLimits,
)
from gitstars.simulator.world import LiveRepository

if TYPE_CHECKING:
    from gitstars.simulator.server import SimulatedGitHub

#: Stars in one piece of a truth, which may be long.
PIECE = 5000
#: Bodies are read up to this length (bytes).
MOST_BODY = 4_000_000

Decoded = TypeVar("Decoded")


class RepositoryChange(Struct, forbid_unknown_fields=True):
    """``grow`` so many stars, ``unstar`` these numbers, ``rename``, another ``fate`` or
    ``face``.
    """

    grow: Amount = 0
    unstar: list[int] = []
    rename: FullName | None = None
    fate: Fate | None = None
    face: Face | None = None


class WorldChange(Struct, forbid_unknown_fields=True):
    """``logins`` renames users by id, ``revoke`` and ``restore`` are tokens, ``remaining`` sets
    budgets (user id, resource, points).
    """

    restriction: Restriction | None = None
    face: Face | None = None
    logins: dict[Annotated[int, Meta(ge=1)], Login] = {}
    revoke: list[str] = []
    restore: list[str] = []
    remaining: list[tuple[int, Literal["core", "graphql"], Amount]] = []
    limits: dict[str, Any] = {}


def add_routes(app: Bottle, github: "SimulatedGitHub") -> None:
    """Add the control routes to ``app``."""

    def find(identity: int) -> LiveRepository:
        live = github.world.repositories.get(identity)
        return live if live is not None else _refuse(404, "no such repository")

    def rules() -> dict[str, Any]:
        return {"rules": [msgspec.to_builtins(rule) for rule in github.faults.rules]}

    def add_rule() -> dict[str, Any]:
        github.faults.rules.append(_read(Rule))
        return rules()

    def clear_rules() -> dict[str, Any]:
        github.faults.rules.clear()
        return rules()

    def change_repository(identity: int) -> dict[str, Any]:
        live, change = find(identity), _read(RepositoryChange)
        if change.rename is not None:
            try:
                github.world.rename(live, change.rename)
            except ValueError as error:
                _refuse(422, str(error))
        live.grow(change.grow)
        for number in change.unstar:
            live.unstar(number)
        live.fate = change.fate or live.fate
        live.face = change.face or live.face
        return {"stars": live.stars, "full_name": live.full_name}

    def change_world() -> dict[str, Any]:
        change = _read(WorldChange)
        try:
            limits = msgspec.convert(msgspec.to_builtins(github.limits) | change.limits, SimLimits)
        except msgspec.MsgspecError as error:
            _refuse(422, str(error))
        github.budgets.limits = limits
        github.world.restriction = change.restriction or github.world.restriction
        github.world.face = change.face or github.world.face
        for user_id, login in change.logins.items():
            github.world.logins.pop(user_id, None)  # so that who took a name last is found by it
            github.world.logins[user_id] = login
        github.world.revoked.update(change.revoke)
        github.world.revoked.difference_update(change.restore)
        for user_id, resource, remaining in change.remaining:
            github.budgets.set_remaining(user_id, resource, remaining, time.time())
        return {
            "restriction": github.world.restriction,
            "face": github.world.face,
            "limits": msgspec.to_builtins(limits),
        }

    def replace_scenario() -> dict[str, Any]:
        github.load(_read(Scenario))
        return {"repositories": len(github.world.repositories)}

    def put_account() -> dict[str, Any]:
        account = _read(SimAccount)
        github.world.add_account(account)
        return {"accounts": len(github.world.accounts)}

    def read_log() -> dict[str, Any]:
        return {"asked": list(github.world.asked), "counters": dict(github.world.counters)}

    def read_counters() -> dict[str, Any]:
        return dict(github.world.counters)

    def clear_log() -> dict[str, Any]:
        github.world.asked.clear()
        github.world.counters.clear()
        return {}

    def read_truths() -> dict[str, Any]:
        found = github.world.repositories.values()
        return {
            "repositories": [
                {"id": p.repository.id, "full_name": p.full_name, "fate": p.fate, "stars": p.stars}
                for p in found
            ]
        }

    def read_truth(identity: int) -> Any:
        live = find(identity)

        def pieces() -> Iterator[bytes]:
            yield f'{{"full_name":"{live.full_name}","stars":['.encode()
            stars, comma = iter(live.listed), ""
            while piece := ",".join(f"[{user_id},{at}]" for user_id, at in islice(stars, PIECE)):
                yield f"{comma}{piece}".encode()
                comma = ","
            yield b"]}"

        return HTTPResponse(pieces(), 200, {"Content-Type": "application/json"})

    for method, path, serve in (
        ("GET", "/rules", rules),
        ("POST", "/rules", add_rule),
        ("DELETE", "/rules", clear_rules),
        ("POST", "/repositories/<identity:int>", change_repository),
        ("POST", "/world", change_world),
        ("POST", "/scenario", replace_scenario),
        ("POST", "/accounts", put_account),
        ("GET", "/log", read_log),
        ("GET", "/counters", read_counters),
        ("POST", "/log/clear", clear_log),
        ("GET", "/truth", read_truths),
        ("GET", "/truth/<identity:int>", read_truth),
    ):
        app.route(f"/_control{path}", method, serve)


def read_body() -> bytes:
    """The body of the request, as far as it is not too long to be serious; empty when it does
    not come as promised.
    """
    try:
        body: bytes = request.body.read(MOST_BODY)
    except OSError:
        return b""
    return body


def _read(kind: type[Decoded]) -> Decoded:
    """The body of the request, typed; a mistake in it is answered with 422."""
    try:
        return msgspec.json.decode(read_body(), type=kind)
    except msgspec.MsgspecError as error:
        _refuse(422, str(error))


def _refuse(status: int, text: str) -> NoReturn:
    raise HTTPResponse(json.dumps({"message": text}), status, {"Content-Type": "application/json"})
