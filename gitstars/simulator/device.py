"""Sign-ins through the simulated GitHub's page, by OAuth's device flow: a program asks for a code,
a person enters it on the page and says as whom, and the program gets that account's token.
"""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from bottle import Bottle, HTTPResponse, request

from gitstars.simulator import misbehave
from gitstars.simulator.control import read_body
from gitstars.simulator.world import World

if TYPE_CHECKING:
    from gitstars.simulator.server import SimulatedGitHub

#: The one application that may sign people in here.
CLIENT_ID = "simulated"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
#: A code has two groups of these letters.
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
#: So much longer must a program pause that asked too early (seconds).
SLOWER_SECONDS = 5
#: A page that is looked at by hand, not a part of what GitHub promises.
PAGE = """<!doctype html><title>Sign in to the simulated GitHub</title>
<h1>Device activation</h1><p>{told}</p>
<form method="post"><label>Code <input name="user_code" required></label>
<label>Account <select name="login">{logins}</select></label>
<button name="answer" value="approve">Authorize</button>
<button name="answer" value="deny">Cancel</button></form>"""


@dataclass(slots=True)
class Login:
    """A sign-in that began; ``token`` is there once a person approved it."""

    user_code: str
    began: float
    interval: float
    asked: float = 0.0
    token: str | None = None
    is_denied: bool = False


@dataclass(slots=True)
class Logins:
    """``world`` is the one of the moment: its scenario gives interval and expiry."""

    world: Callable[[], World]
    by_device: dict[str, Login] = field(default_factory=dict)

    def begin(self) -> HTTPResponse:
        form, scenario = _read_form(), self.world().scenario
        if form.get("client_id") != CLIENT_ID:
            return _answer({"error": "Not Found"}, 404)
        device_code, letters = secrets.token_hex(20), [secrets.choice(LETTERS) for _ in range(8)]
        user_code = "".join(letters[:4]) + "-" + "".join(letters[4:])
        interval = scenario.login_interval_seconds
        self.by_device[device_code] = Login(user_code, time.time(), interval)
        return _answer(
            {
                "device_code": device_code,
                "user_code": user_code,
                "verification_uri": f"http://{request.urlparts.netloc}/login/device",
                "expires_in": scenario.login_expires_seconds,
                "interval": interval,
            }
        )

    def finish(self) -> HTTPResponse:
        form = _read_form()
        if form.get("client_id") != CLIENT_ID:
            return _refuse("incorrect_client_credentials")
        if form.get("grant_type") != GRANT_TYPE:
            return _refuse("unsupported_grant_type")
        login = self.by_device.get(form.get("device_code", ""))
        if login is None:
            return _refuse("incorrect_device_code")
        now, before = time.time(), login.asked
        login.asked = now
        if login.is_denied:
            return _refuse("access_denied")
        if now - login.began > self.world().scenario.login_expires_seconds:
            return _refuse("expired_token")
        if now - before < login.interval:
            login.interval += SLOWER_SECONDS
            return _refuse("slow_down", interval=login.interval)
        if login.token is None:
            return _refuse("authorization_pending")
        del self.by_device[form["device_code"]]
        scopes = self.world().accounts[login.token].scopes
        told = {"access_token": login.token, "token_type": "bearer", "scope": ",".join(scopes)}
        return _answer(told)

    def show(self) -> HTTPResponse:
        return self._page("Enter the code that the program shows.")

    def decide(self) -> HTTPResponse:
        """A person entered a code."""
        form = _read_form()
        code = form.get("user_code", "").strip().upper()
        found = next((one for one in self.by_device.values() if one.user_code == code), None)
        if found is None:
            return self._page("No sign-in has this code.")
        if form.get("answer") == "deny":
            found.is_denied = True
            return self._page("The sign-in is denied.")
        accounts = self.world().accounts.values()
        login = form.get("login", "")
        found.token = next((one.token for one in accounts if one.login == login), None)
        told = "The program is signed in." if found.token else f"Nobody here is called {login}."
        return self._page(told)

    def _page(self, told: str) -> HTTPResponse:
        logins = dict.fromkeys(account.login for account in self.world().accounts.values())
        options = "".join(f"<option>{escape(login)}</option>" for login in logins)
        page = PAGE.format(told=escape(told), logins=options)
        return HTTPResponse(page.encode(), 200, {"Content-Type": "text/html; charset=utf-8"})


def add_routes(app: Bottle, github: "SimulatedGitHub") -> None:
    """Add the routes of the sign-in to ``app``. Rules whose effect is a status hold for a program's
    calls.
    """
    logins = Logins(lambda: github.world)

    def serve(callback: Callable[[], HTTPResponse]) -> HTTPResponse:
        rule = github.faults.find(f"POST {request.path}", "")
        if rule is None or rule.effect != "status":
            return callback()
        reply = misbehave.answer_status(rule, request.path, time.time())
        return HTTPResponse(reply.body.encode(), reply.status, reply.headers)

    app.post("/login/device/code", callback=lambda: serve(logins.begin))
    app.post("/login/oauth/access_token", callback=lambda: serve(logins.finish))
    app.get("/login/device", callback=logins.show)
    app.post("/login/device", callback=logins.decide)


def _read_form() -> dict[str, str]:
    given = parse_qs(read_body().decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in given.items()}


def _refuse(word: str, **more: Any) -> HTTPResponse:
    """GitHub refuses here with 200."""
    return _answer({"error": word, **more})


def _answer(told: dict[str, Any], status: int = 200) -> HTTPResponse:
    return HTTPResponse(json.dumps(told), status, {"Content-Type": "application/json"})
