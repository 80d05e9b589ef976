"""Tokens that are not used: what an operator is told when work waits for them alone, and how to
look at one at once.
"""

from collections.abc import Callable, Iterable

from gitstars.clock import show_time
from gitstars.errors import NotNow
from gitstars.model import Account
from gitstars.supervise.seen import TokenOut

#: Forgets that the tokens of this user were out, so that the next call tries them.
Forget = Callable[[int], None]
#: Asks GitHub at once whose token an account has; returns when that is known, or nobody answers.
Ask = Callable[[Account], None]
#: Why the token of an account is not used; None: it is.
FindRejection = Callable[[Account], TokenOut | None]


class TokenDesk:
    """Looks at tokens that are out, when an operator asks for what waits for them."""

    def __init__(self, find: FindRejection, forget: Forget, ask: Ask) -> None:
        self._find = find
        self._forget = forget
        self._ask = ask

    def is_out(self, account: Account) -> bool:
        """Whether the account's token is not used at present."""
        return self._find(account) is not None

    def forget(self, account: Account) -> None:
        """Let the next call of the account try its token."""
        self._forget(account.user_id)

    def require(self, accounts: Iterable[Account]) -> Account:
        """The first account whose token is used; those that are out are looked at at once.

        ``accounts`` are some, the most promising first. Raises NotNow where the tokens of all are
        out: the sentence says whose, why, until when, and what to do.
        """
        candidates = list(accounts)
        for account in candidates:
            if not self.is_out(account):
                return account
        for account in candidates:
            self.forget(account)
            self._ask(account)
            if not self.is_out(account):
                return account
        raise NotNow("; ".join(self._explain(account) for account in candidates))

    def _explain(self, account: Account) -> str:
        out = self._find(account)
        if out is None:
            return f"account {account} may be used again"
        again = "" if out.until is None else f"; it is looked at again at {show_time(out.until)}"
        return f"account {account}: {out.text}{again}"
