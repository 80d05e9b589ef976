"""The routes by which accounts are signed in, changed and removed."""

from bottle import Bottle, HTTPResponse

from gitstars import api
from gitstars.supervise.signing import AccountDesk
from gitstars.supervise.snapshot import Snapshots
from gitstars.web.answers import answer, read_body, read_query, refusal


class Signing:
    """What changes accounts; whoever asks after them sees it."""

    def __init__(self, desk: AccountDesk, snapshots: Snapshots) -> None:
        self._desk = desk
        self._snapshots = snapshots

    def add(self) -> HTTPResponse:
        signed_in = self._desk.add(read_body(api.GivenToken).token)
        self._snapshots.forget()
        return answer(signed_in, 201)

    def begin_login(self) -> api.Login:
        read_body(api.Nothing)
        return self._desk.begin_login()

    def finish_login(self) -> api.LoginAnswer:
        told = self._desk.finish_login(read_body(api.GivenCode).device_code)
        if told.signed_in is not None:
            self._snapshots.forget()
        return told

    def replace_token(self, user_id: int) -> api.SignedIn:
        signed_in = self._desk.replace_token(user_id, read_body(api.GivenToken).token)
        self._snapshots.forget()
        return signed_in

    def sync(self, user_id: int) -> api.Sync:
        wish = read_body(api.SyncWish)
        if wish.off and wish.hours is not None:
            raise refusal(422, "invalid", 'give either "hours", or "off": true')
        kept = self._desk.sync(user_id, wish)
        self._snapshots.forget()
        return kept

    def forget(self) -> api.Forgotten:
        gone = self._desk.forget(read_body(api.ForgetWish))
        self._snapshots.forget()
        return gone

    def remove(self, user_id: int) -> api.Removed:
        gone = self._desk.remove(user_id, read_query(api.RemoveQuery))
        self._snapshots.forget()
        return gone


def add_signing(app: Bottle, desk: AccountDesk, snapshots: Snapshots) -> None:
    """Add the routes."""
    routes = Signing(desk, snapshots)
    app.post("/accounts", callback=routes.add)
    app.post("/accounts/login", callback=routes.begin_login)
    app.post("/accounts/login/finish", callback=routes.finish_login)
    app.put("/accounts/<user_id:int>/token", callback=routes.replace_token)
    app.post("/accounts/<user_id:int>/sync", callback=routes.sync)
    app.delete("/accounts/<user_id:int>", callback=routes.remove)
    app.post("/forget", callback=routes.forget)
