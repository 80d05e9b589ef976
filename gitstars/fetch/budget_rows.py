"""The budgets as rows, which are kept in the database through a restart. No I/O.

Times are epoch seconds. Columns that are missing have their defaults, other columns are skipped.
"""

import math

import msgspec

from gitstars.fetch.budget import STRIKES_CAP
from gitstars.fetch.user_budgets import LEAST_SHARE, Recovery, UserBudgets
from gitstars.model import Resource


class BudgetRow(msgspec.Struct, kw_only=True):
    """One row: what is known of a user's budget.

    ``limit``, ``remaining`` (points; None: not known), ``supposed`` and ``reset_at`` are those of
    ``Window``; ``tokens`` and ``tokens_at`` those of ``Bucket``; ``blocked_until`` and
    ``block_strikes`` those of ``Block``. ``cooldown_until``, ``strikes``, ``share`` and
    ``recovers_since`` (None: no call went well yet) are the user's, and stand in the rows of both
    resources.
    """

    user_id: int
    resource: Resource
    limit: int
    remaining: int | None
    reset_at: float
    tokens: float | None
    tokens_at: float
    cooldown_until: float
    strikes: int
    supposed: int = 0
    blocked_until: float = 0.0
    block_strikes: int = 0
    share: float = 1.0
    recovers_since: float | None = None

    @property
    def is_plausible(self) -> bool:
        """Whether the figures are numbers that the ledger may have written."""
        floats = (
            self.reset_at,
            self.tokens or 0.0,
            self.tokens_at,
            self.cooldown_until,
            self.blocked_until,
            self.recovers_since or 0.0,
        )
        counts = (self.strikes, self.block_strikes, self.supposed, self.remaining or 0)
        return (
            all(math.isfinite(number) for number in floats)
            and all(0 <= count < 2**53 for count in counts)
            and LEAST_SHARE <= self.share <= 1.0
        )


def make_row(user_id: int, user: UserBudgets, resource: Resource) -> BudgetRow:
    """The row of one of the user's budgets."""
    budget, recovery = user.budgets[resource], user.recovery
    return BudgetRow(
        user_id=user_id,
        resource=resource,
        limit=budget.window.limit,
        remaining=budget.window.reported,
        supposed=budget.window.supposed,
        reset_at=budget.window.reset_at,
        tokens=budget.bucket.tokens,
        tokens_at=budget.bucket.filled_at,
        blocked_until=budget.block.until,
        block_strikes=budget.block.strikes,
        cooldown_until=user.cooldown_until,
        strikes=user.strikes,
        share=recovery.share,
        recovers_since=recovery.since if math.isfinite(recovery.since) else None,
    )


def take_over(row: BudgetRow, user: UserBudgets) -> None:
    """Give ``user`` what the row holds; after a limit the next call goes out alone."""
    budget = user.budgets[row.resource]
    window, block, bucket = budget.window, budget.block, budget.bucket
    window.limit, window.reset_at = max(1, row.limit), row.reset_at
    window.reported, window.supposed = row.remaining, row.supposed
    bucket.tokens, bucket.filled_at = row.tokens, row.tokens_at
    block.until, block.strikes = row.blocked_until, min(row.block_strikes, STRIKES_CAP)
    block.is_alone = block.strikes > 0
    user.cooldown_until, user.strikes = row.cooldown_until, min(row.strikes, STRIKES_CAP)
    if row.share < 1.0:
        is_alone = row.recovers_since is None
        user.recovery = Recovery(row.share, row.recovers_since or math.inf, is_alone)
