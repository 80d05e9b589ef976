"""The one rule "may be claimed now", in SurrealQL.

The claim itself, what a scan queues and what an operator is told are all made from ``MAY_CLAIM``.
Times are those of the database's clock. Another program may have written anything into a row, so a
value counts only where it has the type that belongs there. The comparisons test that: SurrealDB
orders values of different types by their type.

A list may be claimed when

* nobody holds it: it is not ``processing``, or its lease ran out, and nobody moves it to another
  record;
* and it does not wait: ``next_retry_after`` is no time to come. Of a ``restricted`` list that
  time is when those who were refused look again, so it holds nobody else up: whether an account may
  try stands in ``gitstars_access``;
* and there is something to do: it is not complete, or it is due again, or an operator asked for it;
  ``failed`` and ``pagination_limited`` come back only where a time stands.

``force`` passes over the second and the third.
"""

from typing import Any

from gitstars.store.database import seconds
from gitstars.store.reading import MOST_COUNT

#: A row that the original server left in ``processing`` has no lease: it counts as run out after
#: this long (seconds), and at once where not even the time of the claim stands in it.
LEGACY_LEASE_SECONDS = 3600.0
LEGACY = seconds(LEGACY_LEASE_SECONDS)
#: Times outside of these are taken for nonsense of another program.
LEAST_TIME, MOST_TIME = "d'0001-01-01T00:00:00Z'", "d'9999-12-31T00:00:00Z'"


#: What ``requested`` says of a complete list that is to be read from its beginning.
BEGIN_ANEW = "begin"


def is_time(field: str) -> str:
    """Whether the field holds a time."""
    return f"({field} > {LEAST_TIME} AND {field} < {MOST_TIME})"


def is_to_come(field: str) -> str:
    """Whether the field holds a time that has not come yet."""
    return f"({field} > time::now() AND {field} < {MOST_TIME})"


def count_of(field: str) -> str:
    """The field's number, 0 where none stands."""
    return f"(IF {field} >= 0 AND {field} <= {MOST_COUNT} {{ {field} }} ELSE {{ 0 }})"


#: Whether a claim's lease ran out. Binds ``$legacy``.
RUN_OUT = f"""(IF {is_time("lease_expires_at")} {{ lease_expires_at <= time::now() }}
    ELSE {{ !(claimed_at > time::now() - $legacy AND claimed_at < {MOST_TIME}) }})"""
#: Somebody collects it at this moment. Binds ``$legacy``.
IN_HAND = f"(status = 'processing' AND !{RUN_OUT})"
#: It waits for a stated time.
WAITS = is_to_come("next_retry_after")
#: A complete list comes back at its time, or where none stands so long after it was completed.
#: Binds ``$fresh``.
IS_DUE = f"""(IF {is_time("next_retry_after")} {{ next_retry_after <= time::now() }}
    ELSE {{ !(completed_at > time::now() - $fresh AND completed_at < {MOST_TIME}) }})"""
#: Whether a row may be claimed now. Binds what ``rule_bindings`` gives.
MAY_CLAIM = f"""(
    (claimed_by = $owner OR !{IN_HAND}) AND !{is_to_come("moving_until")}
    AND ($force OR IF status = 'completed' {{
            IF requested = '{BEGIN_ANEW}' {{ !{WAITS} }} ELSE {{ {IS_DUE} }}
        }} ELSE IF status = 'restricted' {{ true
        }} ELSE IF status IN ['failed', 'pagination_limited'] {{
            (next_retry_after ?? NONE) IS NOT NONE AND !{WAITS}
        }} ELSE {{ !{WAITS} }})
)"""


def rule_bindings(fresh_seconds: float, force: bool = False, owner: str = "") -> dict[str, Any]:
    """What ``MAY_CLAIM`` binds; a list that was completed longer ago than ``fresh_seconds`` and
    names no time of its own is due again. ``owner`` may take again what it holds.
    """
    return {"legacy": LEGACY, "fresh": seconds(fresh_seconds), "force": force, "owner": owner}
