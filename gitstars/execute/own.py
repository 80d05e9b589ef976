"""The repositories that an account owns or collaborates on: the ones whose stargazers GitHub
lets it list.
"""

import logging
from collections.abc import Callable

from gitstars.execute.tools import Tools
from gitstars.fetch import answers
from gitstars.model import Account, Job, Priority, Repository
from gitstars.store import access, lifecycle, state

logger = logging.getLogger(__name__)


def list_own(tools: Tools, account: Account, is_closing: Callable[[], bool]) -> None:
    """Read them page by page, keep the access, and queue them; what was not read to the end is
    read again with the next scan.
    """
    page, count = 1, 0
    while not is_closing():
        outcome = tools.client.list_own_repositories(account, page)
        if not isinstance(outcome, answers.Repositories):
            if not isinstance(outcome, answers.Stopped):
                logger.info("account %s: its own repositories come later: %s", account, outcome)
            return
        wanted = [
            place
            for place in outcome.repositories
            if is_wanted(place, account, tools.include, tools.settings.private)
        ]
        repositories = [
            Repository(
                place.full_name, place.full_name, place.github_id, place.stars, place.is_private
            )
            for place in wanted
        ]
        kept = access.save_own(tools.database, account.user_id, repositories)
        lifecycle.ensure_all(tools.database, [repository.key for repository in kept])
        for repository in kept:
            tools.dispatcher.put(Job(account.user_id, repository, Priority.EXISTING))
        count += len(kept)
        page += 1
        if not outcome.has_next:
            state.write(tools.database, access.own_key(account.user_id), tools.clock.now())
            logger.info(
                "account %s owns or collaborates on %d repositories to be collected", account, count
            )
            return


def is_wanted(
    place: answers.Metadata, account: Account, include: frozenset[str], private: bool
) -> bool:
    """Whether a repository of the account's list is to be collected; what it may only read is
    starred or not at all.
    """
    is_owned = place.full_name.partition("/")[0].lower() == account.login.lower()
    is_included = ("owned" if is_owned else "collaborating") in include
    return (
        is_included
        and place.may_list is not False
        and (private or not place.is_private)
        and not place.is_disabled
    )
