"""Faults by rule: which requests go wrong, how often, and in which way."""

import fnmatch
import random
from typing import Literal

from msgspec import Struct, field

Effect = Literal["status", "drop", "truncate", "hang", "garbage", "delay"]


class Rule(Struct, kw_only=True):
    """Requests whose ``method path`` matches ``match`` (a glob such as ``GET */stargazers*``, the query included) and the token, if named.

    The first ``skip`` of them pass, then each goes wrong with ``probability``, ``times`` at most (0: for ever). ``status`` answers with
    ``status``, ``headers`` and ``body``; ``hang`` and ``delay`` wait ``seconds``, the former then drops the connection.
    """

    match: str
    effect: Effect
    token: str | None = None
    skip: int = 0
    times: int = 0
    probability: float = 1.0
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: str = '{"message":"Server Error"}'
    seconds: float = 0.0
    seen: int = 0
    done: int = 0


class Faults:
    """The rules in force; the first that applies wins."""

    def __init__(self, seed: int = 1) -> None:
        self.rules: list[Rule] = []
        self._chance = random.Random(seed)

    def find(self, request: str, token: str) -> Rule | None:
        """The rule that ``request`` (``METHOD path?query``) falls under now."""
        for rule in self.rules:
            if not fnmatch.fnmatchcase(request, rule.match) or (rule.token is not None and rule.token != token):
                continue
            rule.seen += 1
            if rule.seen <= rule.skip or (rule.times and rule.done >= rule.times) or self._chance.random() >= rule.probability:
                continue
            rule.done += 1
            return rule
        return None
