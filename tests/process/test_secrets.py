"""A whole run at debug, the database child included, writes no token, password or key anywhere."""

import signal
from collections.abc import Callable
from pathlib import Path

from gitstars.config import Config, DatabaseConfig
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from tests.harness import NO_LIMITS, Flow, Server
from tests.waiting import PATIENCE_SECONDS

KEY = "key-that-nobody-may-read"


def test_nothing_secret_is_written_at_debug(
    embedded_config: DatabaseConfig, serve: Callable[[Config], Server], private_surroundings: Path
) -> None:
    places = tuple(SimRepository(id=n, full_name=f"org/repo-{n}", stars=130) for n in range(1, 4))
    accounts = tuple(
        SimAccount(
            user_id=n,
            login=f"user-{n}",
            token=f"gho_secret{n}secret",
            starred=(1, 2, 3),
            owns_starred=True,
        )
        for n in (1, 2)
    )
    run = Flow(Scenario(accounts=accounts, repositories=places, limits=NO_LIMITS), embedded_config)
    run.github.control("POST", "/world", {"revoke": ["gho_secret2secret"]})
    server = serve(run.config)
    server.start("--log-level", "debug", "--admin-api-key", KEY)
    server.wait_for_line("org/repo-3: completed")
    server.signal(signal.SIGTERM)
    assert server.process.wait(PATIENCE_SECONDS) == 0
    run.close()

    written = server.printed() + "".join(
        path.read_text() for path in private_surroundings.rglob("*") if path.is_file()
    )

    assert "debug" in written
    assert not [secret for secret in (KEY, "secret1secret", "secret2secret") if secret in written]
