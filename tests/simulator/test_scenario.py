"""A scenario is read from JSON, and whatever is wrong in it is one sentence."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gitstars.errors import UserMistake
from gitstars.simulator.scenario import Scenario, default_scenario, load_scenario, long_tail

REPOSITORY = {"id": 1, "full_name": "acme/engine", "stars": 5}
ACCOUNT = {"user_id": 1, "login": "ada", "token": "gho_ada"}


def write(folder: Path, content: Any) -> Path:
    path = folder / "scenario.json"
    path.write_text(content if isinstance(content, str) else msgspec.json.encode(content).decode())
    return path


def test_a_scenario_comes_back_from_its_own_json(tmp_path: Path) -> None:
    held = default_scenario()

    assert load_scenario(write(tmp_path, msgspec.to_builtins(held))) == held


def test_starred_repositories_may_be_a_range(tmp_path: Path) -> None:
    repositories = [{**REPOSITORY, "id": n, "full_name": f"acme/r{n}"} for n in range(1, 6)]
    content = {
        "repositories": repositories,
        "accounts": [{**ACCOUNT, "starred": [1], "starred_range": [3, 5]}],
    }

    held = load_scenario(write(tmp_path, content))

    assert held.accounts[0].starred == (1, 3, 4, 5)
    assert msgspec.json.decode(msgspec.json.encode(held), type=Scenario) == held


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "truncated"),
        ({"accunts": []}, "accunts"),
        ({"restriction": "2027"}, "restriction"),
        ({"repositories": [{**REPOSITORY, "stars": -1}]}, "$.repositories[0].stars"),
        ({"repositories": [{**REPOSITORY, "face": "sad"}]}, "$.repositories[0].face"),
        ({"repositories": [{**REPOSITORY, "full_name": 'a/b"c'}]}, "full_name"),
        ({"repositories": [REPOSITORY, REPOSITORY]}, "the id 1 is used twice"),
        (
            {"repositories": [REPOSITORY, {**REPOSITORY, "id": 2, "full_name": "Acme/Engine"}]},
            "the name acme/engine is used twice",
        ),
        ({"repositories": [{**REPOSITORY, "unstarred": [5]}]}, "unstarred"),
        ({"repositories": [{**REPOSITORY, "unstarred_count": 6}]}, "unstarred_count"),
        ({"repositories": [{**REPOSITORY, "first_stars": [1, 1]}]}, "twice"),
        ({"repositories": [{**REPOSITORY, "created": "2027-01-01T00:00:00Z"}]}, "created"),
        ({"accounts": [ACCOUNT, ACCOUNT]}, "the token gho_ada is used twice"),
        ({"accounts": [{**ACCOUNT, "starred": [77]}]}, "no repository has the id 77"),
        ({"rules": [{"match": "*", "effect": "explode"}]}, "effect"),
        ({"rules": [{"match": "*", "effect": "alias", "body": "[]"}]}, "JSON object"),
        ({"limits": {"latency_seconds": -1}}, "latency_seconds"),
    ],
)
def test_a_mistake_in_a_scenario_is_named(tmp_path: Path, content: Any, words: str) -> None:
    path = write(tmp_path, content)

    with pytest.raises(UserMistake) as told:
        load_scenario(path)

    assert str(told.value).startswith(str(path))
    assert words in str(told.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="No such file"):
        load_scenario(tmp_path / "none.json")


def test_a_long_tail_is_long_and_always_the_same() -> None:
    sizes = long_tail(1000, 80, 20_000)

    assert sizes == long_tail(1000, 80, 20_000)
    assert 70 < sorted(sizes)[500] < 90
    assert 2000 < max(sizes) <= 20_000
