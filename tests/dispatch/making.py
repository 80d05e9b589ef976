"""What the tests of the dispatch stage share: accounts, jobs, and a clock that tests turn."""

from dataclasses import dataclass

from gitstars.model import Account, Job, Priority, Repository, Task


@dataclass
class HandTime:
    """Monotonic seconds that only the test moves."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


def make_account(user_id: int, token: str = "t") -> Account:
    return Account(key=f"a{user_id}", user_id=user_id, login=f"u{user_id}", token=token)


def make_job(
    user_id: int,
    name: str,
    stars: int = 0,
    priority: int = Priority.EXISTING,
    force: bool = False,
    task: Task = Task.LIST,
) -> Job:
    return Job(user_id, Repository(name, name, None, stars), priority, force, task)
