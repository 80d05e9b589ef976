"""Faults by rule: which requests go wrong, how often, and in which way."""

import fnmatch
import random
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

Effect = Literal["status", "drop", "truncate", "hang", "garbage", "delay", "alias"]


class Rule(Struct, kw_only=True, forbid_unknown_fields=True):
    """Requests whose ``method path`` matches ``match`` (a glob such as ``GET */stargazers*``,
    the query included) and the token, if named.

    The first ``skip`` of them pass, then each goes wrong with ``probability``, ``times`` at most
    (0: for ever). ``status`` answers with ``status``, ``headers`` and ``body``; ``garbage`` is
    bytes that are no JSON; ``truncate`` sends half of the true answer; ``drop`` hangs up; ``hang``
    and ``delay`` wait ``seconds``, the former then hangs up. ``alias`` matches ``ALIAS
    owner/name``, the repositories within GraphQL queries: theirs is null, with the error in
    ``body`` (its ``path`` is filled in).
    """

    match: str
    effect: Effect
    token: str | None = None
    skip: Annotated[int, Meta(ge=0)] = 0
    times: Annotated[int, Meta(ge=0)] = 0
    probability: Annotated[float, Meta(ge=0, le=1)] = 1.0
    status: Annotated[int, Meta(ge=200, le=599)] = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: str = '{"message":"Server Error"}'
    seconds: Annotated[float, Meta(ge=0)] = 0.0
    seen: int = 0
    done: int = 0

    def __post_init__(self) -> None:
        if self.effect == "alias" and not isinstance(msgspec.json.decode(self.body), dict):
            raise ValueError("the body of an alias rule is a JSON object")


class Faults:
    """The rules in force; the first that applies wins."""

    def __init__(self, rules: Iterable[Rule] = (), seed: int = 1) -> None:
        self.rules = [msgspec.structs.replace(rule) for rule in rules]
        self._chance = random.Random(seed)

    def find(self, request: str, token: str) -> Rule | None:
        """The rule that ``request`` (``METHOD path?query`` or ``ALIAS owner/name``) falls under
        now.
        """
        for rule in self.rules:
            if not fnmatch.fnmatchcase(request, rule.match) or (
                rule.token is not None and rule.token != token
            ):
                continue
            if (rule.effect == "alias") != request.startswith("ALIAS "):
                continue
            rule.seen += 1
            if (
                rule.seen <= rule.skip
                or (rule.times and rule.done >= rule.times)
                or self._chance.random() >= rule.probability
            ):
                continue
            rule.done += 1
            return rule
        return None
