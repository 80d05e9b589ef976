"""A user whose sessions end: connections sign in anew without anybody noticing."""

import gevent
import pytest
from msgspec import structs

from gitstars.config import DatabaseConfig
from gitstars.store.database import Database


@pytest.fixture
def server_config(root_config: DatabaseConfig) -> DatabaseConfig:
    """Users are defined here, and statements that sleep: that takes all rights."""
    return root_config


def test_a_session_that_is_over_is_renewed(server_config: DatabaseConfig) -> None:
    owner = Database(server_config)
    owner.open()
    owner.run(
        "DEFINE USER app ON DATABASE PASSWORD 'secret' ROLES EDITOR DURATION FOR TOKEN 1s, FOR "
        "SESSION 2s"
    )
    database = Database(
        structs.replace(server_config, user="app", password="secret", pool_min_idle=2)
    )
    database.open()
    database.run("CREATE thing:one SET name = 'kept'")

    gevent.sleep(2.5)

    assert [database.run("SELECT VALUE name FROM thing")[0] for _ in range(3)] == [["kept"]] * 3
    database.close()
    owner.close()
