"""The life of ``repo_processing_status``: every statement that writes it, and the one rule which
row may be claimed now.

``rule`` says what may be claimed, ``claims`` takes, extends and gives back leases, ``settlements``
ends them and stores the progress of a page, ``requests`` is what an operator asks for, ``changes``
all other writes, ``rows`` the looks that change nothing.
"""

from gitstars.store.lifecycle.changes import (
    ROWS_AT_ONCE,
    mark_waiting,
    postpone,
    restrict,
    restrict_refused,
    save_counts,
)
from gitstars.store.lifecycle.claims import (
    REFRESH,
    claim,
    ensure,
    ensure_all,
    give_back,
    give_back_stale,
    heartbeat,
)
from gitstars.store.lifecycle.requests import begin, forget, go_on, go_on_for
from gitstars.store.lifecycle.rows import count_by_status, find_collected, sum_stored
from gitstars.store.lifecycle.rule import MAY_CLAIM, rule_bindings
from gitstars.store.lifecycle.settlements import settle

__all__ = [
    "MAY_CLAIM",
    "REFRESH",
    "ROWS_AT_ONCE",
    "begin",
    "claim",
    "count_by_status",
    "ensure",
    "ensure_all",
    "find_collected",
    "forget",
    "give_back",
    "give_back_stale",
    "go_on",
    "go_on_for",
    "heartbeat",
    "mark_waiting",
    "postpone",
    "restrict",
    "restrict_refused",
    "rule_bindings",
    "save_counts",
    "settle",
    "sum_stored",
]
