"""The weekly star history of one repository: newest week first, each page durable, stopping at
weeks that are known.
"""

import logging
from collections.abc import Callable

from gitstars.errors import DatabaseError
from gitstars.execute.tools import Tools
from gitstars.fetch import answers
from gitstars.model import Account, Job
from gitstars.store import history

logger = logging.getLogger(__name__)


def collect_history(
    tools: Tools, account: Account, job: Job, is_closing: Callable[[], bool]
) -> None:
    """Read what is missing of the history; the newest stored weeks are read again, since they
    were not over.
    """
    repository = job.repository
    if not tools.server.has_history:
        return
    try:
        progress = history.read_progress(tools.database, repository)
        is_complete = bool(progress.get("is_complete"))
        page = 1 if is_complete else int(progress.get("next_page", 1))
        known = history.newest_week(tools.database, repository) if is_complete else None
        weeks = 0
        while not is_closing():
            outcome = tools.client.star_history(
                account, repository.github_id or repository.full_name, page
            )
            if not isinstance(outcome, answers.Weeks):
                _tell_failure(tools, repository.full_name, outcome)
                if isinstance(outcome, answers.Refused | answers.Missing | answers.Gone):
                    history.save_weeks(
                        tools.database,
                        repository,
                        [],
                        {**progress, "checked_at": tools.clock.now()},
                    )
                return
            weeks += len(outcome.weeks)
            page += 1
            is_known = known is not None and any(week.week < known for week in outcome.weeks)
            is_end = is_known or not outcome.has_next
            stands = {"next_page": page, "is_complete": is_end, "checked_at": tools.clock.now()}
            history.save_weeks(tools.database, repository, outcome.weeks, stands)
            if is_end:
                logger.info("%s: %d weeks of star history stored", repository.full_name, weeks)
                tools.events.publish(
                    "repo.history",
                    tools.clock.now(),
                    repo=repository.full_name,
                    user=job.user_id,
                    weeks=weeks,
                )
                return
    except DatabaseError as error:
        logger.error("%s: its star history could not be stored: %s", repository.full_name, error)


def _tell_failure(tools: Tools, full_name: str, outcome: answers.Outcome) -> None:
    if isinstance(outcome, answers.RouteMissing):
        logger.info("%s: this server has no star history", full_name)
    elif not isinstance(outcome, answers.Stopped):
        logger.info("%s: its star history comes later: %s", full_name, outcome)
