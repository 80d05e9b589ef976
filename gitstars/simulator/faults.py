"""Faults by rule: which requests go wrong, how often, for how long, and in which way."""

import fnmatch
import random
import time
from collections.abc import Callable, Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from gitstars.simulator.presets import PRESETS

Effect = Literal[
    "status",
    "drop",
    "truncate",
    "hang",
    "garbage",
    "delay",
    "endless_body",
    "endless_headers",
    "gzip_bomb",
    "alias",
    "value",
    "withhold",
    "cut",
    "poison",
]
#: Effects on a repository within a GraphQL query, or through it on the whole answer.
ALIAS_EFFECTS = frozenset({"alias", "value", "withhold", "cut", "poison"})
Count = Annotated[int, Meta(ge=0)]


class Rule(Struct, kw_only=True, forbid_unknown_fields=True):
    """Requests whose ``method path`` matches ``match`` (a glob such as ``GET */stargazers*``,
    the query included) and the token, if named.

    The first ``skip`` of them pass, then each goes wrong with ``probability``, ``times`` at most
    (0: for ever), and for ``for_seconds`` since the first one (0: for ever). ``preset`` names a
    ready-made fault, which fills in what the rule leaves out.

    ``status`` answers with ``status``, ``headers`` and ``body``; ``garbage`` is bytes that are no
    JSON; ``truncate`` sends half of the true answer; ``drop`` hangs up; ``hang`` and ``delay`` wait
    ``seconds``, the former then hangs up. ``endless_body``, ``endless_headers`` and ``gzip_bomb``
    send ``megabytes`` (a bomb: when unpacked), unless the client hangs up before.

    The other effects are about a repository within GraphQL queries: ``match`` is ``ALIAS
    owner/name``, and the rule applies above ``above_first`` rows of its list and above
    ``above_width`` repositories in the query only. ``alias``: it is null, with the error in
    ``body`` (its ``path`` is filled in); ``value``: it is the JSON text in ``body``;
    ``withhold``: its list is empty, without an error; ``cut``: the whole query is answered with
    ``status`` and ``body``; ``poison``: the same with status 200.
    """

    match: str
    effect: Effect = "status"
    preset: str | None = None
    token: str | None = None
    skip: Count = 0
    times: Count = 0
    for_seconds: Annotated[float, Meta(ge=0)] = 0.0
    probability: Annotated[float, Meta(ge=0, le=1)] = 1.0
    above_first: Count = 0
    above_width: Count = 0
    status: Annotated[int, Meta(ge=200, le=599)] = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: str = '{"message":"Server Error"}'
    seconds: Annotated[float, Meta(ge=0)] = 0.0
    megabytes: Count = 64
    seen: int = 0
    done: int = 0
    first_at: float = 0.0

    def __post_init__(self) -> None:
        if self.preset is not None:
            self._fill_in(self.preset)
        if self.effect == "alias" and not isinstance(msgspec.json.decode(self.body), dict):
            raise ValueError("the body of an alias rule is a JSON object")

    @property
    def is_about_alias(self) -> bool:
        return self.effect in ALIAS_EFFECTS

    def _fill_in(self, preset: str) -> None:
        if preset not in PRESETS:
            raise ValueError(f"there is no preset {preset}; there are {', '.join(PRESETS)}")
        left_out = {info.name: info for info in msgspec.structs.fields(Rule)}
        for name, value in PRESETS[preset].items():
            known = left_out[name]
            default = known.default
            if default is msgspec.NODEFAULT:
                default = known.default_factory()
            if getattr(self, name) == default:
                setattr(self, name, value)


class Faults:
    """The rules in force; the first that applies wins."""

    def __init__(
        self, rules: Iterable[Rule] = (), seed: int = 1, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.rules = [msgspec.structs.replace(rule) for rule in rules]
        self._chance = random.Random(seed)
        self._now = now

    def find(self, request: str, token: str, first: int = 0, width: int = 0) -> Rule | None:
        """The rule that ``request`` (``METHOD path?query`` or ``ALIAS owner/name``) falls under
        now.

        ``first`` is how many rows of the alias's list are asked for, ``width`` how many
        repositories the query is about.
        """
        for rule in self.rules:
            if not fnmatch.fnmatchcase(request, rule.match) or (
                rule.token is not None and rule.token != token
            ):
                continue
            if rule.is_about_alias != request.startswith("ALIAS "):
                continue
            if (rule.above_first and first <= rule.above_first) or (
                rule.above_width and width <= rule.above_width
            ):
                continue
            if self._applies(rule):
                rule.done += 1
                return rule
        return None

    def _applies(self, rule: Rule) -> bool:
        """Whether the rule's turn has come with one more request that it matches."""
        rule.seen += 1
        if rule.seen <= rule.skip or (rule.times and rule.done >= rule.times):
            return False
        rule.first_at = rule.first_at or self._now()
        if rule.for_seconds and self._now() - rule.first_at > rule.for_seconds:
            return False
        return self._chance.random() < rule.probability
