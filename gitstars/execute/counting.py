"""The counts of many repositories at once: complete lists that did not change need no reading,
refused ones keep a true count.
"""

import logging
from collections.abc import Callable, Iterator, Sequence

from gitstars.execute.tools import Tools
from gitstars.fetch import answers
from gitstars.model import Account, Job, Priority, Status
from gitstars.store import lifecycle, starred
from gitstars.store.starred import RepositoryState

logger = logging.getLogger(__name__)

#: Repositories counted by one GraphQL query, for one point.
COUNTED_AT_ONCE = 100


def count_repositories(tools: Tools, account: Account, is_closing: Callable[[], bool]) -> None:
    """Count what is due for the account; a complete list that changed is queued."""
    now, fresh = tools.clock.now(), tools.fresh_seconds
    due = {
        state.repository.key: state
        for state in starred.list_repositories(tools.database, account)
        if (state.is_refresh_due(now, fresh) and not state.is_requested)
        or state.is_count_due(now, fresh)
    }
    states = list(due.values())
    changed = 0
    for start in range(0, len(states), COUNTED_AT_ONCE):
        if is_closing():
            return
        counted = list(_ask(tools, account, states[start : start + COUNTED_AT_ONCE]))
        changed += _take_in(tools, account, counted)
    if due:
        logger.info(
            "account %s: %d repositories counted, %d lists changed", account, len(due), changed
        )


def _ask(
    tools: Tools, account: Account, states: Sequence[RepositoryState]
) -> Iterator[tuple[RepositoryState, answers.Outcome]]:
    if tools.server.has_graphql:
        answer = tools.client.graph_counts(
            account, [state.repository.full_name for state in states]
        )
        if answer.has_failed and len(states) > 1:
            middle = len(states) // 2
            yield from _ask(tools, account, states[:middle])
            yield from _ask(tools, account, states[middle:])
        else:
            yield from zip(states, answer.outcomes, strict=True)
        return
    for state in states:
        place = state.repository
        yield (
            state,
            tools.client.get_repository(account, place.github_id or place.full_name, state.etag),
        )


def _take_in(
    tools: Tools, account: Account, counted: Sequence[tuple[RepositoryState, answers.Outcome]]
) -> int:
    """Write down what the counts say; how many complete lists changed."""
    counts, unchanged, changed = {}, [], 0
    for state, outcome in counted:
        key, is_restricted = state.repository.key, state.status is Status.RESTRICTED
        is_same = isinstance(outcome, answers.Metadata) and state.repository.github_id in (
            None,
            outcome.github_id,
        )
        if isinstance(outcome, answers.Missing | answers.Gone) or (
            isinstance(outcome, answers.Metadata) and not is_same
        ):
            # Gone, or the name is another repository's: its own record, by the numeric id, tells.
            tools.dispatcher.put(
                Job(account.user_id, state.repository, Priority.REFRESH, force=is_restricted)
            )
            changed += 1
        elif is_restricted and isinstance(
            outcome, answers.Metadata | answers.Refused | answers.NotModified
        ):
            counts[key] = (
                outcome.stars if isinstance(outcome, answers.Metadata) else state.count or 0
            )
        elif is_unchanged(state, outcome) or isinstance(outcome, answers.Refused):
            unchanged.append(key)
        elif isinstance(outcome, answers.Metadata):
            tools.dispatcher.put(Job(account.user_id, state.repository, Priority.REFRESH))
            changed += 1
    if counts:
        lifecycle.save_counts(tools.database, counts)
    if unchanged:
        lifecycle.postpone(tools.database, unchanged, tools.clock.now() + tools.fresh_seconds)
    return changed


def is_unchanged(state: RepositoryState, outcome: answers.Outcome) -> bool:
    """Whether a complete list is what it was: the same count, and GitHub's record was not
    touched since.
    """
    match outcome:
        case answers.NotModified():
            return True
        case answers.Metadata(stars=stars, updated_at=updated_at):
            return (
                stars == state.count and updated_at is not None and updated_at == state.updated_at
            )
    return False
