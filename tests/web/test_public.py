"""The public port: charts, badges and numbers for everybody, and nothing of anybody."""

import gzip
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

import pytest

from gitstars.config import DatabaseConfig
from gitstars.errors import DatabaseUnavailable
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from gitstars.web.public import MOST_NEW
from tests.harness import free_port
from tests.web.conftest import Answer, Caller, Served, start_served

PORT = free_port()
WORLD = Scenario(
    accounts=(
        SimAccount(
            user_id=1,
            login="ada",
            token="gho_ada0000",
            scopes=("repo",),
            starred=(1, 2, 3, 5),
            owned=(1, 3, 4),
        ),
    ),
    repositories=(
        SimRepository(id=1, full_name="acme/engine", stars=320, first_stars=(1,)),
        SimRepository(id=2, full_name="globex/closed", stars=95),
        SimRepository(id=3, full_name="acme/secret", stars=4, private=True),
        SimRepository(id=4, full_name="acme/new.js", stars=0),
        SimRepository(id=5, full_name="acme/gone", stars=9, fate="deleted"),
    ),
)


@pytest.fixture
def running(shared_config: DatabaseConfig) -> Iterator[Served]:
    collect = {"private": True}
    with start_served(shared_config, WORLD, public={"port": PORT}, collect=collect) as one:
        yield one


@pytest.fixture
def public(running: Served) -> Caller:
    return Caller(PORT)


def picture(answer: Answer) -> str:
    """The texts of a picture."""
    assert answer.headers["content-type"].startswith("image/svg+xml")
    root = ElementTree.fromstring(answer.raw)
    assert root.tag.endswith("}svg")
    return " ".join(root.itertext())


def test_a_chart_shows_what_is_stored_without_a_key(public: Caller) -> None:
    alone, both = (
        public.get("/acme/engine.svg"),
        public.get("/chart.svg?repos=acme/Engine,globex/closed"),
    )

    assert (alone.status, both.status) == (200, 200)
    assert "acme/engine: 320 stars" in picture(alone)
    assert "globex/closed: 95 stars" in picture(both)
    assert "days not in UTC" in picture(both)
    assert len(both.raw) < 30_000
    assert b"<script" not in both.raw
    assert "default-src 'none'" in both.headers["content-security-policy"]


def test_numbers_and_badges(public: Caller) -> None:
    numbers = public.get("/globex/closed.json")
    badge = public.get("/badge/acme/engine.svg")

    told = numbers.json
    assert (told["full_name"], told["stars"], told["source"]) == ("globex/closed", 95, "weeks")
    assert told["days"][-1][1] == 95
    assert set(told) == {"full_name", "stars", "source", "is_exact", "note", "days"}
    assert numbers.headers["access-control-allow-origin"] == "*"
    assert picture(badge).startswith("320 stars")


@pytest.mark.parametrize("name", ["acme/secret", "acme/nothing", "acme/gone", "user-1/x", "a/b.c"])
def test_what_is_private_gone_or_unknown_looks_the_same(public: Caller, name: str) -> None:
    for path in (f"/{name}.svg", f"/badge/{name}.svg", f"/chart.svg?repos={name}"):
        answer = public.get(path)
        assert answer.status == 404
        assert "no public repository of this name" in picture(answer)
        assert name not in answer.raw.decode()
    assert public.get(f"/{name}.json").code == "not_found"


def test_a_repository_that_turned_private_is_unknown_from_its_next_reading_on(
    running: Served, public: Caller
) -> None:
    running.app.database.run(
        "UPDATE repo_processing_status SET is_private = true WHERE repo = repo:⟨acme/engine⟩"
    )

    assert public.get("/acme/engine.svg").status == 404


def test_a_repository_without_stars_has_a_picture_that_says_so(public: Caller) -> None:
    answer = public.get("/acme/new.js.svg")

    assert answer.status == 404
    assert "no star yet" in picture(answer)
    assert picture(public.get("/badge/acme/new.js.svg")).startswith("0 stars")


def test_caches_are_told_what_they_may_keep(public: Caller) -> None:
    first = public.get("/acme/engine.svg")
    same = public.get("/acme/engine.svg", If_None_Match=f'"x", W/{first.headers["etag"]}')
    zipped = public.get("/acme/engine.svg", Accept_Encoding="br, gzip")

    assert re.fullmatch(r"public, max-age=\d+", first.headers["cache-control"])
    assert (same.status, same.raw) == (304, b"")
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.raw) == first.raw
    assert zipped.headers["vary"] == "Accept-Encoding"


def test_the_same_picture_costs_the_database_nothing(
    running: Served, public: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    plain = running.app.database.run

    def run(query: str, **values: object) -> object:
        asked.append(query)
        return plain(query, **values)

    before = public.get("/acme/engine.svg?since=2020-01-01")
    monkeypatch.setattr(running.app.database, "run", run)

    for _ in range(5):
        assert public.get("/ACME/engine.svg?since=2020-01-01").raw == before.raw

    assert not [query for query in asked if "starred_at" in query]


def test_one_address_gets_so_many_new_pictures_a_minute(public: Caller) -> None:
    public.get("/acme/engine.svg")
    answers = [public.get(f"/acme/none-{number}.svg") for number in range(MOST_NEW)]
    refused = public.get("/acme/none-x.svg")

    assert [answer.status for answer in answers[:-1]] == [404] * (MOST_NEW - 1)
    assert refused.status == 429
    assert refused.headers["retry-after"] == "60"
    assert public.get("/acme/engine.svg").status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/chart.svg", 422),
        ("/chart.svg?repos=", 422),
        ("/chart.svg?repos=a/b,c", 422),
        ("/chart.svg?repos=" + ",".join(f"a/r{n}" for n in range(7)), 422),
        ("/chart.svg?repos=a/b&since=yesterday", 422),
        ("/acme/engine.svg?title=x", 422),
        ("/", 404),
        ("/repos", 404),
        ("/acme/engine", 404),
        ("/../etc/passwd.svg", 404),
        ("/acme/engine/stargazers.json", 404),
    ],
)
def test_anything_else_is_refused(public: Caller, path: str, status: int) -> None:
    assert public.get(path).status == status


def test_nothing_can_be_changed(public: Caller) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert public(method, "/acme/engine.svg").status == 405


def test_while_the_database_is_away_a_picture_says_so(
    running: Served, public: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("the database does not answer")

    monkeypatch.setattr(running.app.database, "run", fail)

    answer = public.get("/globex/closed.svg")

    assert answer.status == 503
    assert "does not answer" in picture(answer)
    assert answer.headers["cache-control"] == "no-store"
