"""The one rule "may be claimed now", in SurrealQL.

The claim, what a scan queues and what the operator is told are all made from it. Times are the
database's own. All is decided by comparisons alone, which bear whatever another program wrote into
a row: nothing is less than any time.
"""

from typing import Any

from gitstars.store.database import seconds

#: A row that the original server left in ``processing`` has no lease: it counts as run out after
#: this long (seconds), and at once where not even the time of the claim stands in it.
LEGACY_LEASE_SECONDS = 3600.0
LEGACY = seconds(LEGACY_LEASE_SECONDS)
#: Whether a claim's lease ran out. Binds ``$legacy``.
RUN_OUT = (
    "(lease_expires_at <= time::now() AND (lease_expires_at ?? NONE IS NOT NONE OR claimed_at <= "
    "time::now() - $legacy))"
)
#: Somebody collects it at this moment. Binds ``$legacy``.
IN_HAND = f"(status = 'processing' AND !{RUN_OUT})"
#: Whether a row may be claimed now. Binds what ``rule_bindings`` gives, and ``$owner``, ``$force``
#: and ``$may_try``.
MAY_CLAIM = f"""(
    (status != 'processing' OR claimed_by = $owner OR {RUN_OUT})
    AND ($force OR status IS NONE OR status IN ['pending', 'processing', 'rate_limited']
         OR (status = 'completed' AND next_retry_after <= time::now()
             AND (next_retry_after ?? NONE IS NOT NONE OR completed_at <= time::now() - $fresh))
         OR (status = 'restricted' AND $may_try)
         OR (status IN ['failed', 'restricted', 'pagination_limited']
             AND next_retry_after IS NOT NONE AND next_retry_after <= time::now()))
)"""


def rule_bindings(fresh_seconds: float) -> dict[str, Any]:
    """What ``MAY_CLAIM`` binds; a list that was completed longer ago than ``fresh_seconds`` and
    names no time of its own is due again.
    """
    return {"legacy": LEGACY, "fresh": seconds(fresh_seconds)}
