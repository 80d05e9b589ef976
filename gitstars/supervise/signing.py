"""Accounts that an operator signs in, changes and removes.

An account of the web application is never changed: only its stars may be kept in step.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from gitstars import api, tokens
from gitstars.clock import show_time
from gitstars.errors import NotKnown, NotNow
from gitstars.model import Account, DeviceCode, LoginPending, TokenOwner
from gitstars.redaction import register_secret
from gitstars.store import accounts, forgotten, signing, stargazers, syncs
from gitstars.store.database import Database
from gitstars.store.reading import MOST_ID
from gitstars.store.syncs import Sync

logger = logging.getLogger(__name__)

HOUR_SECONDS = 3600.0


class Logins(Protocol):
    """Sign-ins through GitHub's page, where an application ``is_configured``. Both raise NotNow and
    GitHubAway.
    """

    @property
    def is_configured(self) -> bool: ...

    def begin(self) -> DeviceCode: ...

    def finish(self, device_code: str) -> str | LoginPending:
        """The token, or that the person has not finished. Raises TokenUnusable too."""
        ...


class AccountDesk:
    """All methods may raise DatabaseError. ``find_owner`` asks GitHub whose token somebody gave;
    ``on_change`` is called when an account came, changed or went. ``host`` is where people have
    their pages. ``is_collecting``: pages may be on their way.
    """

    def __init__(
        self,
        database: Database,
        find_owner: Callable[[str], TokenOwner],
        logins: Logins,
        host: str,
        on_change: Callable[[], None] = lambda: None,
        is_collecting: bool = True,
    ) -> None:
        self._database = database
        self._find_owner = find_owner
        self._logins = logins
        self._host = host
        self._on_change = on_change
        self._is_collecting = is_collecting

    def add(self, token: str) -> api.SignedIn:
        """Sign in the person whose token this is. Raises TokenUnusable and GitHubAway."""
        owner = self._identify(token)
        found = signing.find_owner(self._database, owner.user_id)
        if found.is_webs and not found.is_ours:
            return self._tell(owner, "web")
        return self._sign_in(owner)

    @property
    def has_login_page(self) -> bool:
        """Whether people can sign in through GitHub's page."""
        return self._logins.is_configured

    def begin_login(self) -> api.Login:
        """Begin a sign-in through GitHub's page. Raises NotNow and GitHubAway."""
        code = self._logins.begin()
        return api.Login(
            user_code=code.user_code,
            verification_uri=code.verification_uri,
            device_code=code.device_code,
            expires_seconds=code.expires_seconds,
            interval_seconds=code.interval_seconds,
        )

    def finish_login(self, device_code: str) -> api.LoginAnswer:
        """Sign in the person who entered the code, or tell that nobody did so far. Raises
        TokenUnusable, NotNow and GitHubAway.
        """
        told = self._logins.finish(device_code)
        if isinstance(told, LoginPending):
            return api.LoginAnswer(signed_in=None, slower_seconds=told.slower_seconds)
        return api.LoginAnswer(signed_in=self.add(told), slower_seconds=0)

    def forget(self, wish: api.ForgetWish) -> api.Forgotten:
        """Delete what is stored of a person that has no account here, and never store it again; or
        only tell what would go. Raises NotKnown and NotNow.
        """
        user_id, login = self._find_person(wish.who)
        owner = signing.find_owner(self._database, user_id)
        if owner.is_ours or owner.is_webs:
            remove = "`gitstars accounts remove`" if owner.is_ours else "the web application"
            raise NotNow(f"{login or user_id} has an account here; remove it first with {remove}")
        traces = forgotten.count(self._database, user_id)
        if not wish.dry_run:
            forgotten.forget(self._database, user_id, self._is_collecting)
            logger.info("a person was forgotten: %d stars went", traces.stars)
        return api.Forgotten(
            user_id=user_id,
            login=login,
            stars=traces.stars,
            repositories=traces.repositories,
            dry_run=wish.dry_run,
        )

    def _find_person(self, who: str) -> tuple[int, str | None]:
        """The id and stored login of the person with this login or id."""
        person = stargazers.find_person(self._database, who)
        if person is not None:
            return person.user_id, person.login
        if who.isascii() and who.isdigit() and 0 < int(who) <= MOST_ID:
            return int(who), None
        raise NotKnown(
            f"nobody with the login {who} is stored; a numeric GitHub id is kept from being stored "
            "also before it was seen"
        )

    def replace_token(self, user_id: int, token: str) -> api.SignedIn:
        """Give an account of gitstars another token of the same person. Raises TokenUnusable,
        GitHubAway, NotKnown and NotNow.
        """
        account = self._require_ours(user_id)
        owner = self._identify(token)
        if owner.user_id != user_id:
            raise NotNow(
                f"this token belongs to {owner.login} and not to {account.login}; "
                "`gitstars accounts add` signs another person in"
            )
        return self._sign_in(owner)

    def sync(self, user_id: int, wish: api.SyncWish) -> api.Sync:
        """List the account's stars now, or from now on so often. Raises NotKnown and NotNow."""
        account = self._find(user_id)
        owner = signing.find_owner(self._database, user_id)
        if wish.off:
            syncs.turn_off(self._database, user_id)
        elif wish.hours is not None:
            origin = syncs.OURS if owner.is_ours else syncs.WEB
            syncs.turn_on(self._database, user_id, origin, wish.hours * HOUR_SECONDS)
        elif not syncs.request(self._database, user_id):
            raise NotNow(
                f"the stars of {account.login} are not kept in step; "
                f"`gitstars accounts sync {account.login} --every 6h` begins that"
            )
        self._on_change()
        kept = syncs.read(self._database, user_id)
        assert kept is not None or wish.off
        return show_sync(kept or Sync(user_id, syncs.WEB, None))

    def remove(self, user_id: int, wish: api.RemoveQuery) -> api.Removed:
        """Remove an account of gitstars, or tell what would go. Raises NotKnown and NotNow."""
        account = self._require_ours(user_id)
        if wish.dry_run:
            gone = signing.count_data(self._database, user_id)
        else:
            gone = signing.remove(self._database, user_id, wish.delete_data)
            logger.info("account %s was removed on request", account)
            self._on_change()
        return api.Removed(
            user_id=user_id,
            login=account.login,
            stars=gone.stars,
            access=gone.access,
            is_done=not wish.dry_run,
        )

    def read_syncs(self) -> dict[int, api.Sync]:
        """How the stars of each user are kept in step."""
        return {user: show_sync(kept) for user, kept in syncs.read_all(self._database).items()}

    def list_accounts(self) -> list[Account]:
        """All accounts, as far as they can be read."""
        return accounts.read_accounts(self._database).accounts

    def _sign_in(self, owner: TokenOwner) -> api.SignedIn:
        is_new = signing.sign_in(
            self._database, owner.user_id, owner.login, owner.token, owner.scopes, self._host
        )
        kind = "signed in" if is_new else "has a new token"
        logger.info("account %s (%d) %s", owner.login, owner.user_id, kind)
        syncs.request(self._database, owner.user_id)
        self._on_change()
        return self._tell(owner, "new" if is_new else "renewed")

    def _tell(self, owner: TokenOwner, state: str) -> api.SignedIn:
        may_list = tokens.may_list(tokens.token_kind(owner.token), owner.scopes)
        return api.SignedIn(
            user_id=owner.user_id,
            login=owner.login,
            state=state,  # type: ignore[arg-type]
            may_list=may_list,
        )

    def _identify(self, token: str) -> TokenOwner:
        register_secret(token.strip())
        return self._find_owner(token)

    def _find(self, user_id: int) -> Account:
        found = (a for a in self.list_accounts() if a.user_id == user_id)
        account = next(found, None)
        if account is None:
            raise NotKnown(f"no account of user {user_id} is here")
        return account

    def _require_ours(self, user_id: int) -> Account:
        account = self._find(user_id)
        if not signing.find_owner(self._database, user_id).is_ours:
            raise NotNow(
                f"the web application keeps the account of {account.login}; change it there"
            )
        return account


def show_sync(kept: Sync) -> api.Sync:
    """How an account's stars are kept, as it is answered."""
    every = kept.every_seconds
    return api.Sync(
        origin="gitstars" if kept.origin == syncs.OURS else "web",
        every_hours=None if every is None else every / HOUR_SECONDS,
        starred=kept.starred,
        own=kept.own,
        next_at=None if kept.next_at is None or every is None else show_time(kept.next_at),
        synced_at=None if kept.synced_at is None else show_time(kept.synced_at),
    )
