"""Jobs that claim no repository, each by its own module."""

import logging
from collections.abc import Callable

from gitstars.errors import DatabaseError
from gitstars.execute.counting import count_repositories
from gitstars.execute.history import collect_history
from gitstars.execute.own import list_own
from gitstars.execute.tools import Tools
from gitstars.model import Account, Job, Task

logger = logging.getLogger(__name__)


def run_task(tools: Tools, account: Account, job: Job, is_stopping: Callable[[], bool]) -> None:
    """Do the job, or as much of it as is done when ``is_stopping``; the next scan finds what is
    left.
    """
    try:
        match job.task:
            case Task.HISTORY:
                collect_history(tools, account, job, is_stopping)
            case Task.OWN:
                list_own(tools, account, is_stopping)
            case Task.COUNTS:
                count_repositories(tools, account, is_stopping)
    except DatabaseError as error:
        logger.error("account %s, %s of %s: %s", account, job.task, job.repository.full_name, error)
