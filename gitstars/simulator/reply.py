"""What is asked of a simulated GitHub, and what it answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as the routes see it.

    ``path`` has no API prefix, ``root`` is the address that links build on.

    ``is_enterprise``: a server of one's own, where lists are open to everyone.
    """

    method: str
    path: str
    query: Mapping[str, str]
    media: str
    root: str
    is_enterprise: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply; ``body`` is JSON text. ``route`` names the route for the log."""

    status: int
    body: str
    route: str = "other"
    headers: dict[str, str] = field(default_factory=dict)


def problem(status: int, text: str, route: str, **more: Any) -> Reply:
    """An error as GitHub words it."""
    body = {
        "message": text,
        **more,
        "documentation_url": "https://docs.github.com/rest",
        "status": str(status),
    }
    return Reply(status, json.dumps(body), route)
