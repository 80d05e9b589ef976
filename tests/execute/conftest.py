"""What the tests of the execute stage get: its real parts, without workers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gitstars.config import DatabaseConfig
from gitstars.simulator.scenario import Scenario
from gitstars.store import schema
from gitstars.store.database import Database
from tests.execute.stage import Stage
from tests.shared import SharedProcesses


@pytest.fixture
def stage(
    shared_config: DatabaseConfig, shared_processes: SharedProcesses
) -> Iterator[Callable[..., Stage]]:
    """``stage(scenario, use_graphql=False)``: settings are those of GitHub."""
    database = Database(shared_config, engine=shared_processes.engine_of(shared_config))
    database.open()
    schema.apply(database)
    made: list[Stage] = []

    def make(scenario: Scenario, **settings: Any) -> Stage:
        made.append(Stage(scenario, database, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()
    database.close()
