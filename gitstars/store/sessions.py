"""Opens connections to the configured database: signs in, chooses namespace and database, and says
in words of ours why that failed.
"""

from typing import Any

from surrealdb.errors import (
    NotAllowedError,
    ServerError,
    SurrealError,
    TransportError,
    TransportTimeoutError,
)

from gitstars.config import DatabaseConfig
from gitstars.errors import (
    DatabaseError,
    DatabaseRefused,
    DatabaseTimeout,
    DatabaseUnavailable,
)
from gitstars.store.engine import EngineHost
from gitstars.store.failures import explain_connection, failure_of
from gitstars.store.sdk import EngineConnection, SocketConnection


class Sessions:
    """Sessions of one user in one database. ``engine``: the embedded one; None: a server."""

    def __init__(
        self, settings: DatabaseConfig, engine: EngineHost | None, reply_seconds: float
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._reply_seconds = reply_seconds

    def connect(self) -> SocketConnection:
        """An open connection. Raises DatabaseUnavailable and DatabaseRefused."""
        settings = self._settings
        try:
            if self._engine is not None:
                return EngineConnection(self._engine, self._reply_seconds)
            connection = SocketConnection(_socket_address(settings.url), settings.proxy)
            connection.connect()
            self.enter(connection)
            return connection
        except SurrealError as error:
            raise self.translate(error) from error
        except OSError as error:
            raise self.explain_absence(error) from error

    def enter(self, connection: SocketConnection) -> None:
        """Sign in, and choose namespace and database."""
        self._sign_in(connection)
        connection.use(self._settings.namespace, self._settings.database)

    def _sign_in(self, connection: SocketConnection) -> None:
        """As root, namespace or database user, whichever these credentials are."""
        settings = self._settings
        if not settings.user:
            return
        name = {"username": settings.user, "password": settings.password}
        levels: list[dict[str, Any]] = [
            name,
            {**name, "namespace": settings.namespace},
            {**name, "namespace": settings.namespace, "database": settings.database},
        ]
        for level in levels:
            try:
                connection.signin(level)
                return
            except ServerError as error:
                refusal = error
        raise DatabaseRefused(
            f"{self._settings.url} refuses user {settings.user!r}; check database.user and "
            "database.password"
        ) from refusal

    def translate(self, error: SurrealError) -> DatabaseError:
        """Our error for one of the library's."""
        match error:
            case TransportTimeoutError():
                return DatabaseTimeout(f"{self._settings.url} did not answer in time")
            case TransportError():
                return self.explain_absence(error)
            case NotAllowedError():
                user = self._settings.user or "without a name"
                return DatabaseRefused(
                    f"{self._settings.url} does not let user {user!r} use namespace "
                    f"{self._settings.namespace!r} and database {self._settings.database!r}"
                )
            case _:
                return failure_of(str(error))

    def explain_absence(self, error: Exception) -> DatabaseUnavailable:
        """The error for a database that cannot be reached, or went away."""
        return DatabaseUnavailable(
            f"no database answers at {self._settings.url}: {explain_connection(error)}"
        )


def _socket_address(url: str) -> str:
    """The WebSocket address of a server that may be given by its HTTP address; the library adds
    ``/rpc``.
    """
    scheme, _, rest = url.partition("://")
    return f"{ {'http': 'ws', 'https': 'wss'}.get(scheme, scheme) }://{rest.rstrip('/').removesuffix('/rpc')}"
