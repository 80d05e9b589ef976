"""The one error tree.

Every class says when it is raised; ``exit_code`` is what the command line exits with when it gets
that far.
"""


class GitstarsError(Exception):
    """Base of all errors that gitstars raises on purpose; its text is one sentence for the user."""

    exit_code = 1


class UserMistake(GitstarsError):
    """The command line, the configuration or the environment asks for something impossible."""

    exit_code = 2


class ConfigInvalid(UserMistake):
    """A setting is unknown, of the wrong type or out of range; the text names source, key and
    value.
    """


class TokenUnusable(UserMistake):
    """A token was given that cannot be used; the text says why and what to do, and never holds
    the token.
    """


class PortTaken(UserMistake):
    """A port that gitstars should listen on is in use or may not be bound."""


class ServerUnreachable(GitstarsError):
    """The admin API of a running gitstars does not answer."""

    exit_code = 3


class RequestRefused(GitstarsError):
    """The admin API answered, and said no; ``status`` is the HTTP status, ``code`` the error's
    code.
    """

    def __init__(self, message: str, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class GitHubAway(GitstarsError):
    """GitHub was asked on somebody's behalf and gave no usable answer; the text says why."""


class NotKnown(GitstarsError):
    """An operator named a repository or a user that is not there."""


class NotNow(GitstarsError):
    """What an operator asked for contradicts the present state; the text says what to do."""


class DatabaseError(GitstarsError):
    """Base of everything that goes wrong between gitstars and SurrealDB. ``detail`` is what the
    database said, for the debug log; it is never stored or shown.
    """

    def __init__(self, message: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class DatabaseUnavailable(DatabaseError):
    """The database cannot be reached, or the connection broke before an answer came.

    Trying again may help.
    """


class DatabaseTimeout(DatabaseUnavailable):
    """No connection became free, or no answer came, in the configured time."""


class DatabaseRefused(DatabaseError):
    """The database refuses these credentials, or they lack a right that gitstars needs."""

    exit_code = 2


class EmbeddedPathUnusable(DatabaseError):
    """The embedded database's path is locked by another server, not writable, or not a database."""

    exit_code = 2


class StorageFull(DatabaseError):
    """The embedded database could not write: the disk is full or a quota was reached."""


class QueryFailed(DatabaseError):
    """The database rejects a statement: it will do so again with the same values."""


class TransactionConflict(DatabaseError):
    """The transaction met others for longer than it is tried; nothing was stored. It may be tried
    again, and is nobody's fault.
    """


class UsersMissing(QueryFailed):
    """Users of a page have no records although they were stored before: the database was changed
    underneath.

    Nothing was stored.
    """


class ClaimLost(DatabaseError):
    """A page or a settlement was written for a claim that somebody else holds by now; nothing
    was stored.
    """
