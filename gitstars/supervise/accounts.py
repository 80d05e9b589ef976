"""The accounts as the operator sees them: progress, budgets, the token, and why one does not
move.
"""

from collections.abc import Callable

from gitstars import api
from gitstars.clock import Clock, show_time
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.model import Account, Resource
from gitstars.supervise.pulse import AccountProgress, Pulse
from gitstars.supervise.seen import AccountState, LedgerSeen
from gitstars.supervise.signing import show_sync
from gitstars.supervise.views import show_activity, show_token, time_or_none

#: What the loop of a user does; None while no worker serves it.
FindState = Callable[[int], AccountState | None]


class AccountReader:
    """Reads every account that has a lane."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        ledger: LedgerSeen,
        pulse: Pulse,
        clock: Clock,
        find_state: FindState = lambda user_id: None,
    ) -> None:
        self._dispatcher = dispatcher
        self._ledger = ledger
        self._pulse = pulse
        self._clock = clock
        self._find_state = find_state

    def read(self) -> list[api.Account]:
        """All accounts, in the order in which they came."""
        now = self._clock.now()
        return [self._show(lane.account, len(lane), now) for lane in self._dispatcher.lanes()]

    def _show(self, account: Account, waiting: int, now: float) -> api.Account:
        view = self._ledger.view(account.user_id, now)
        progress = self._pulse.progress.get(account.user_id, AccountProgress())
        token = show_token(self._ledger.rejection(account.user_id, account.token, now))
        left, kept = progress.seconds_left, self._pulse.kept.get(account.user_id)
        return api.Account(
            user_id=account.user_id,
            login=account.login,
            scopes=None if account.scopes is None else sorted(account.scopes),
            token=token,
            access=api.AccessCounts(
                allowed=progress.access.allowed, refused=progress.access.refused
            ),
            repositories=api.AccountRepositories(
                total=progress.total, settled=progress.settled, waiting=waiting
            ),
            seconds_left=None if left is None else round(left),
            budgets=api.Budgets(
                **{
                    resource.value: api.Budget(
                        limit=view[resource]["limit"],
                        remaining=view[resource]["remaining"],
                        reset_at=time_or_none(view[resource]["reset_at"]),
                    )
                    for resource in Resource
                }
            ),
            cooldown_until=time_or_none(view["cooldown_until"]),
            reason=self._why_out(account, token, view["cooldown_until"], now),
            activity=show_activity(self._find_state(account.user_id), now, self._clock.monotonic()),
            sync=None if kept is None else show_sync(kept),
        )

    def _why_out(
        self, account: Account, token: api.Token, cooldown: float | None, now: float
    ) -> str | None:
        """Why the account cannot be used now, one sentence; None: it can."""
        if token.text is not None:
            again = f"; it is looked at again at {token.look_again_at}"
            return token.text + (again if token.look_again_at else "")
        if cooldown is not None:
            return f"GitHub asked it to pause until {show_time(cooldown)}"
        until = [
            self._ledger.blocked_until(account.user_id, resource, now) for resource in Resource
        ]
        known = [moment for moment in until if moment is not None]
        if len(known) < len(until):
            return None
        return f"its budget is spent until {show_time(min(known))}"
