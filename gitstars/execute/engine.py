"""The parts that all accounts share, built once, and a loop for each account."""

from collections.abc import Callable

from gitstars.clock import Clock
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.dispatch.lane import Lane
from gitstars.events import EventBus
from gitstars.execute.account import AccountLoop
from gitstars.execute.calls import Calls
from gitstars.execute.effects import Effects
from gitstars.execute.end import Ends
from gitstars.execute.hand import Hand
from gitstars.execute.handover import HandOver
from gitstars.execute.obstacles import Gates, Obstacles
from gitstars.execute.taking import Plan, Taking
from gitstars.execute.waiting import Waiting
from gitstars.fetch.client import GitHubClient
from gitstars.fetch.ledger import Ledger
from gitstars.store.database import Database
from gitstars.store.writer import PageWriter


class Engine:
    """``owner()`` names a new claim. ``find_fault()`` tries what gitstars writes and tells what is
    wrong now; ``gates.fault`` tells what is known to be.
    """

    def __init__(
        self,
        database: Database,
        writer: PageWriter,
        client: GitHubClient,
        ledger: Ledger,
        dispatcher: Dispatcher,
        events: EventBus,
        clock: Clock,
        plan: Plan,
        concurrency: int,
        owner: Callable[[], str],
        gates: Gates,
        find_fault: Callable[[], str | None],
    ) -> None:
        self._database = database
        self._client = client
        self._ledger = ledger
        self._events = events
        self._clock = clock
        self._concurrency = concurrency
        self._gates = gates
        self._handover = HandOver(database, client, ledger, dispatcher, clock, plan.collect)
        self._taking = Taking(
            database, client.routes, clock, dispatcher, self._handover, plan, owner
        )
        self._effects = Effects(database, writer, dispatcher, events, clock, plan.fresh_seconds)
        self.ends = Ends(
            database,
            client,
            ledger,
            dispatcher,
            self._handover,
            events,
            clock,
            plan,
            gates.is_stopping,
            find_fault,
        )

    def make_loop(self, lane: Lane) -> AccountLoop:
        """The loop of the account whose lane this is."""
        hand = Hand(lane, self._taking, self._effects, self.ends, self._events)
        calls = Calls(self._client, self._ledger, hand, self._clock)
        return AccountLoop(
            lane,
            hand,
            calls,
            self._taking,
            Obstacles(lane, calls, self._handover, self._gates, self._clock),
            Waiting(self._database, self._clock),
            self._events,
            self._clock,
            self._concurrency,
        )
