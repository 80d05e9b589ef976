"""Where accounts are changed: by the running server, or by this command itself in the database
when no server runs.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import click
import gevent

from gitstars import api
from gitstars.cli.admin_client import AdminClient, with_client
from gitstars.config import load
from gitstars.errors import NotKnown, ServerUnreachable

#: Pause between looks at how far the listing of the stars is (seconds), and how often the account's
#: own repositories are waited for when it is over: their list may be switched off.
LOOK_SECONDS, OWN_LOOKS = 0.5, 10


class Desk(Protocol):
    """What both do; ``is_running``: a server collects meanwhile."""

    is_running: bool

    def find(self, name: str) -> tuple[int, str]:
        """The id and login of the account with this login, in any case, or id. Raises NotKnown."""
        ...

    def add(self, token: str) -> api.SignedIn: ...

    def begin_login(self) -> api.Login: ...

    def finish_login(self, device_code: str) -> api.LoginAnswer: ...

    def replace_token(self, user_id: int, token: str) -> api.SignedIn: ...

    def sync(self, user_id: int, wish: api.SyncWish) -> api.Sync: ...

    def remove(self, user_id: int, wish: api.RemoveQuery) -> api.Removed: ...

    def list_stars(self, user_id: int, tell: Callable[[int], None]) -> api.Sync:
        """Wait until the account's stars and its own repositories are listed; ``tell`` hears how
        many stars there are so far. Raises GitHubAway where that does not come to its end now.
        """
        ...

    def forget(self, wish: api.ForgetWish) -> api.Forgotten: ...

    def follow(self, name: str) -> api.Followed: ...

    def unfollow(self, name: str) -> api.Unfollowed: ...

    def list_follows(self) -> api.Follows: ...


class RemoteDesk:
    """Asks the running server."""

    is_running = True

    def __init__(self, client: AdminClient) -> None:
        self._client = client

    def find(self, name: str) -> tuple[int, str]:
        found = self._client.get("/accounts", api.Accounts).accounts
        return choose(name, [(account.user_id, account.login) for account in found])

    def add(self, token: str) -> api.SignedIn:
        return self._client.post("/accounts", api.SignedIn, api.GivenToken(token))

    def begin_login(self) -> api.Login:
        return self._client.post("/accounts/login", api.Login, api.Nothing())

    def finish_login(self, device_code: str) -> api.LoginAnswer:
        path = "/accounts/login/finish"
        return self._client.post(path, api.LoginAnswer, api.GivenCode(device_code))

    def replace_token(self, user_id: int, token: str) -> api.SignedIn:
        path = f"/accounts/{user_id}/token"
        return self._client.put(path, api.SignedIn, api.GivenToken(token))

    def sync(self, user_id: int, wish: api.SyncWish) -> api.Sync:
        return self._client.post(f"/accounts/{user_id}/sync", api.Sync, wish)

    def remove(self, user_id: int, wish: api.RemoveQuery) -> api.Removed:
        return self._client.delete(f"/accounts/{user_id}", api.Removed, wish)

    def _account(self, user_id: int) -> api.Account | None:
        found = self._client.get("/accounts", api.Accounts).accounts
        return next((account for account in found if account.user_id == user_id), None)

    def list_stars(self, user_id: int, tell: Callable[[int], None]) -> api.Sync:
        looks = 0
        while True:
            account = self._account(user_id)
            if account is not None and account.sync is not None:
                looks += account.sync.synced_at is not None
                if looks and (account.sync.own is not None or looks > OWN_LOOKS):
                    return account.sync
                tell(account.repositories.total)
            gevent.sleep(LOOK_SECONDS)

    def forget(self, wish: api.ForgetWish) -> api.Forgotten:
        return self._client.post("/forget", api.Forgotten, wish)

    def follow(self, name: str) -> api.Followed:
        return self._client.post("/follow", api.Followed, api.FollowWish(name))

    def unfollow(self, name: str) -> api.Unfollowed:
        return self._client.delete("/follow", api.Unfollowed, api.UnfollowQuery(name))

    def list_follows(self) -> api.Follows:
        return self._client.get("/follow", api.Follows)


def choose(name: str, known: list[tuple[int, str]]) -> tuple[int, str]:
    """The one of these accounts that ``name`` means. Raises NotKnown."""
    for user_id, login in known:
        if name.lower() in (login.lower(), str(user_id)):
            return user_id, login
    raise NotKnown(f"no account here has the login or id {name}; gitstars accounts lists them")


def with_desk(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a click command ``--url`` and ``--config``; call it with the Desk first. Without a
    server, and without ``--url``, the configured database is opened.
    """

    @with_client
    @click.pass_context
    @functools.wraps(function)
    def wrapped(context: click.Context, client: AdminClient, *args: Any, **rest: Any) -> Any:
        told = [context.params, context.parent.params if context.parent else {}]
        url = next((params["url"] for params in told if params.get("url")), None)
        config = next((params["config"] for params in told if params.get("config")), None)
        with open_desk(client, url is None, config) as desk:
            return function(desk, *args, **rest)

    return wrapped


@contextmanager
def open_desk(client: AdminClient, may_open: bool, config: Path | None) -> Iterator[Desk]:
    """The server's desk where one answers, else one in the database where that ``may_open``."""
    if is_answering(client, may_open):
        yield RemoteDesk(client)
        return
    # The database's packages are loaded only where they are needed.
    from gitstars.cli.desk_direct import open_directly

    with open_directly(load(config).config) as direct:
        yield direct


def is_answering(client: AdminClient, may_be_silent: bool) -> bool:
    """Whether a server answers. Raises ServerUnreachable where one has to."""
    try:
        client.get("/stats/summary", api.Summary)
    except ServerUnreachable:
        if not may_be_silent:
            raise
        return False
    return True
