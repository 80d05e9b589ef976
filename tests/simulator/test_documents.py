"""What ``docs/simulator.md`` says is what there is."""

import re
from pathlib import Path
from typing import get_args

import msgspec

from gitstars.simulator.faults import Effect, Rule
from gitstars.simulator.presets import PRESETS
from gitstars.simulator.scenario import Scenario, SimLimits

DOCUMENT = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
WORDS = set(re.findall(r"`([a-z_]+)`", DOCUMENT))


def test_every_effect_and_every_preset_is_described() -> None:
    assert set(get_args(Effect)) | PRESETS.keys() <= WORDS


def test_the_documents_scenario_can_be_read() -> None:
    (text,) = re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)

    held = msgspec.json.decode(text, type=Scenario)

    assert [account.kind for account in held.accounts] == ["oauth", "fine_grained"]
    assert held.repositories[1].face == "permission"


def test_the_documents_rules_can_be_read() -> None:
    texts = re.findall(r'\{"match": "\*", "preset": [^}]*\}', DOCUMENT.replace("\n", " "))

    rules = [msgspec.json.decode(text, type=Rule) for text in texts]

    assert [rule.status for rule in rules] == [200, 401]


def test_limits_that_are_named_exist() -> None:
    named = {name for name in WORDS if name.endswith(("_status", "_after", "_limits", "_seconds"))}
    kinds = (Scenario, SimLimits, Rule)
    known = {field.name for kind in kinds for field in msgspec.structs.fields(kind)}

    assert named - PRESETS.keys() <= known
