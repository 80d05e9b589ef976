"""Which accounts there are, and which of them may be asked with now."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from gitstars.discover.trouble import Trouble
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.model import Account
from gitstars.store import access, accounts, state
from gitstars.store.accounts import LeftOut
from gitstars.store.database import Database

logger = logging.getLogger(__name__)


class RosterListener(Protocol):
    """Is told what happens to accounts."""

    def account_came(self, account: Account, is_start: bool) -> None: ...

    def account_changed(self, account: Account) -> None: ...

    def account_went(self, user_id: int) -> None: ...

    def account_is_usable_again(self, account: Account) -> None: ...


class Roster:
    """Keeps the dispatcher's lanes equal to the accounts in the database.

    ``known`` are all accounts by user, ``usable`` those that could be asked with at the last look,
    ``left_out`` those that are not served, each with the reason.
    """

    def __init__(
        self,
        database: Database,
        dispatcher: Dispatcher,
        trouble: Trouble,
        why_out: Callable[[Account], str | None],
        listener: RosterListener,
    ) -> None:
        self._database = database
        self._dispatcher = dispatcher
        self._trouble = trouble
        self._why_out = why_out
        self._listener = listener
        self.known: dict[int, Account] = {}
        self.usable: dict[int, Account] = {}
        self.left_out: tuple[LeftOut, ...] = ()
        #: What the accounts' rows were when all of them were read last; None: read them again.
        self._digest: str | None = None

    def why_out(self, user_id: int) -> str | None:
        """Why nothing is asked with the user's account now, one sentence; None: it can be used."""
        account = self.known.get(user_id)
        if account is None:
            return f"user {user_id} has no account here any more"
        reason = self._why_out(account)
        return None if reason is None else f"account {account} cannot be used now: {reason}"

    def is_out(self, account: Account) -> bool:
        """Whether the account may not be asked with now."""
        return self._why_out(account) is not None

    def forget_digest(self) -> None:
        """Read all accounts at the next look, whatever it shows."""
        self._digest = None

    def look(self) -> None:
        """Take up accounts that are new, changed or gone. All are read only where one is."""
        digest = accounts.fingerprint(self._database)
        if digest != self._digest:
            self.read_all()
            self._digest = digest
        self.check_usable()

    def read_all(self, is_start: bool = False) -> None:
        """Take up accounts that are new, changed or gone; of two accounts of one user the one that
        was updated last.
        """
        found = accounts.read_accounts(self._database)
        for row in found.left_out:
            self._database.left_out.tell(row.record_id, row.reason)
        self.left_out = tuple(found.left_out)
        present = {account.user_id: account for account in found.accounts}
        self._drop(self.known.keys() - present.keys())
        for account in present.values():
            self._take_in(account, is_start)

    def drop_all(self) -> None:
        """The database is another one than before: whoever is in it now is new there."""
        self._drop(list(self.known))
        self.forget_digest()

    def _drop(self, user_ids: Iterable[int]) -> None:
        for user_id in user_ids:
            logger.info("account %s is gone or has no token any more", self.known.pop(user_id))
            self.usable.pop(user_id, None)
            self._dispatcher.close_lane(user_id)
            self._trouble.forget(user_id)
            self._listener.account_went(user_id)

    def read_some(self, identities: Sequence[Any]) -> None:
        """Take in the accounts with these record ids, where that is plain: one account of a user
        who has no other. Everything else is seen when all are read.
        """
        for account in accounts.read_some(self._database, identities).accounts:
            known = self.known.get(account.user_id)
            if known is None or known.key == account.key:
                self._take_in(account)

    def check_usable(self) -> None:
        """Which accounts may be asked with now."""
        before = self.usable
        self.usable = {
            user_id: account for user_id, account in self.known.items() if not self.is_out(account)
        }
        for user_id in self.usable.keys() - before.keys():
            self._listener.account_is_usable_again(self.usable[user_id])

    def check_token(self, account: Account) -> None:
        """A token or scopes that changed since they were seen last may have other rights: what
        was refused is forgotten, and the account's own repositories are listed again.
        """
        text = f"{account.token} {sorted(account.scopes or ())}"
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        key = f"token of {account.user_id}"
        if (before := state.read(self._database, key)) != digest:
            if before is not None:
                access.forget_refusals(self._database, account.user_id)
            state.write(self._database, access.own_key(account.user_id), None)
            state.write(self._database, key, digest)

    def _take_in(self, account: Account, is_start: bool = False) -> None:
        known = self.known.get(account.user_id)
        if known == account:
            return
        with self._trouble.guard(account):
            self.known[account.user_id] = account
            self._dispatcher.open_lane(account)
            if not self.is_out(account):
                self.usable[account.user_id] = account
            if not is_start:
                logger.info("new account %s" if known is None else "account %s changed", account)
            if known is None:
                self._listener.account_came(account, is_start)
            else:
                self._listener.account_changed(account)
