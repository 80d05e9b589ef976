"""Changes accounts in the database without a server."""

from collections.abc import Iterator
from contextlib import contextmanager

from gitstars import api, naming
from gitstars.cli.desk import choose
from gitstars.clock import SystemClock
from gitstars.config import Config
from gitstars.fetch.device import DeviceFlow
from gitstars.fetch.owner import find_owner
from gitstars.store import schema
from gitstars.store.database import Database
from gitstars.supervise.signing import AccountDesk


class DirectDesk(AccountDesk):
    """Writes into the database, which this process has opened."""

    is_running = False

    def find(self, name: str) -> tuple[int, str]:
        """The id and login of the account that ``name`` means. Raises NotKnown."""
        return choose(name, [(one.user_id, one.login) for one in self.list_accounts()])

    def account(self, user_id: int) -> api.Account | None:
        """What a server knows of the account: none runs."""
        return None


@contextmanager
def open_directly(settings: Config) -> Iterator[DirectDesk]:
    """The configured database, open meanwhile. Raises DatabaseError, also where a server has it."""
    database = Database(settings.database)
    database.open()
    try:
        schema.apply(database)
        github, clock = settings.github, SystemClock()
        host = naming.web_host(github.api_url)
        logins = DeviceFlow(github, clock, settings.collect.private)
        yield DirectDesk(database, lambda token: find_owner(github, clock, token), logins, host)
    finally:
        database.close()
