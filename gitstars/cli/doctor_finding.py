"""What ``gitstars doctor`` hands from check to check."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gitstars import api
from gitstars.cli.admin_client import AdminClient
from gitstars.config import Config


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw. ``state``: ok, warning (works, but look at it) or problem (mend it)."""

    check: str
    state: Literal["ok", "warning", "problem"]
    text: str
    advice: str = ""


@dataclass(slots=True)
class Patient:
    """What is examined; ``stats`` and ``accounts`` (by user) are what a running server says."""

    config: Config
    client: AdminClient | None
    stats: api.Stats | None = None
    accounts: Mapping[int, api.Account] = field(default_factory=dict)

    @property
    def has_own_database(self) -> bool:
        """Whether the database is embedded, so that a running server has it alone."""
        return self.config.database.url.partition("://")[0] in ("surrealkv", "mem")
