"""Changes accounts, and what is followed, in the database without a server."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from gevent.event import Event

from gitstars import api, naming
from gitstars.cli.desk import choose
from gitstars.cli.listing import Lister
from gitstars.clock import SystemClock
from gitstars.config import Config
from gitstars.fetch.client import GitHubClient
from gitstars.fetch.device import DeviceFlow
from gitstars.fetch.finder import Finder
from gitstars.fetch.ledger import Ledger
from gitstars.fetch.owner import find_owner
from gitstars.store import schema, syncs
from gitstars.store.database import Database
from gitstars.supervise.following import FollowDesk
from gitstars.supervise.signing import AccountDesk, show_sync


class DirectDesk:
    """Writes into the database, which this process has opened; closed by the end of ``with``."""

    is_running = False

    def __init__(self, database: Database, settings: Config) -> None:
        self._database, self._settings = database, settings
        github, clock = settings.github, SystemClock()
        self._client = GitHubClient(github, Ledger(github), clock, Event())
        self._accounts = AccountDesk(
            database,
            lambda token: find_owner(github, clock, token),
            DeviceFlow(github, clock, settings.collect.private),
            naming.web_host(github.api_url),
            is_collecting=False,
        )
        self._follows = FollowDesk(
            database,
            Finder(self._client),
            self._accounts.list_accounts,
            settings.collect.private,
        )
        self.add, self.replace_token = self._accounts.add, self._accounts.replace_token
        self.begin_login = self._accounts.begin_login
        self.finish_login = self._accounts.finish_login
        self.forget = self._accounts.forget
        self.sync, self.remove = self._accounts.sync, self._accounts.remove
        self.follow, self.unfollow = self._follows.follow, self._follows.unfollow
        self.list_follows = self._follows.list_follows

    def find(self, name: str) -> tuple[int, str]:
        """The id and login of the account that ``name`` means. Raises NotKnown."""
        known = self._accounts.list_accounts()
        return choose(name, [(one.user_id, one.login) for one in known])

    def list_stars(self, user_id: int, tell: Callable[[int], None]) -> api.Sync:
        """List what the account starred, owns or may push to. Raises GitHubAway where that does not
        come to its end; `gitstars serve` goes on then.
        """
        known = self._accounts.list_accounts()
        account = next(one for one in known if one.user_id == user_id)
        lister = Lister(self._database, self._client, account, self._settings)
        lister.list_stars(tell)
        lister.list_own()
        kept = syncs.read(self._database, user_id)
        assert kept is not None
        return show_sync(kept)

    def close(self) -> None:
        """Let GitHub go."""
        self._client.close()


@contextmanager
def open_directly(settings: Config) -> Iterator[DirectDesk]:
    """The configured database, open meanwhile. Raises DatabaseError, also where a server has it."""
    with (
        schema.opened(settings.database) as database,
        closing(DirectDesk(database, settings)) as desk,
    ):
        yield desk
