"""Workers and the queue as the admin API answers them."""

from typing import Literal

from gitstars.api.base import Answered, Number, Time, Whole, WorkerCount


class WorkerCounts(Answered, frozen=True):
    """How many workers there are, and in which states."""

    count: Whole
    busy: Whole
    waiting: Whole
    idle: Whole
    retiring: Whole
    replaced: Whole


class Bounds(Answered, frozen=True):
    """The numbers of workers that an operator set; they hold through a restart."""

    min: WorkerCount
    max: WorkerCount


WorkerState = Literal["busy", "waiting", "idle", "retiring"]


class Worker(Answered, frozen=True):
    """A worker and what it is doing."""

    number: Whole
    state: WorkerState
    users: list[Whole]
    repositories: list[str]
    waits_until: Time | None
    idle_seconds: Number | None


class Workers(WorkerCounts, frozen=True):
    """All workers, and the bounds that an operator set."""

    override: Bounds | None
    workers: list[Worker]


class WaitingJob(Answered, frozen=True):
    """A job of the queue's head."""

    repo: str
    priority: str
    stars: Whole
    user: str
    user_id: Whole
    task: str


class UserDepth(Answered, frozen=True):
    """How much waits for an account."""

    user_id: Whole
    login: str
    depth: Whole


class Queue(Answered, frozen=True):
    """What waits: by priority and account, and its head."""

    depth: Whole
    oldest_seconds: Number
    by_priority: dict[str, Whole]
    by_user: list[UserDepth]
    head: list[WaitingJob]
