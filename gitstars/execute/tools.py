"""What every worker needs, handed on as one frozen value by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass

from gevent.event import Event

from gitstars.clock import Clock
from gitstars.config import CollectConfig
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.events import EventBus
from gitstars.fetch.client import GitHubClient
from gitstars.fetch.ledger import Ledger
from gitstars.fetch.routes import Routes
from gitstars.store.database import Database
from gitstars.store.writer import PageWriter


@dataclass(frozen=True, slots=True)
class Tools:
    """The shared parts and settings.

    ``stop`` ends everything; ``paused`` stops claiming and asking while it is set; ``owner()``
    names a new claim.
    """

    dispatcher: Dispatcher
    client: GitHubClient
    ledger: Ledger
    database: Database
    writer: PageWriter
    events: EventBus
    clock: Clock
    settings: CollectConfig
    concurrency: int
    page_size: int
    include: frozenset[str]
    fresh_seconds: float
    sweep_seconds: float
    owner: Callable[[], str]
    server: Routes
    stop: Event
    paused: Event
