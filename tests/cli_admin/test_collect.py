"""``gitstars collect``: once, without a server and without an account."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from gitstars.simulator.process import SimulatorProcess, start_process
from gitstars.simulator.scenario import Scenario, SimAccount, SimLimits, SimRepository
from tests.waiting import PATIENCE_SECONDS

WORKFLOW = Path(__file__).parent.parent.parent / "docs" / "github-action.md"
ACTIONS = "ghs_actions000000"
WORLD = Scenario(
    accounts=(
        SimAccount(user_id=1, login="ada", token="gho_ada0000", owned=(1,)),
        SimAccount(
            user_id=2,
            login="actions",
            token=ACTIONS,
            kind="app",
            permissions={"contents": "write"},
            resource_owner="ada",
            selected=(1,),
        ),
    ),
    repositories=(
        SimRepository(id=1, full_name="ada/engine", stars=234),
        SimRepository(id=2, full_name="globex/atlas", stars=80, renamed_from="globex/map"),
        SimRepository(id=3, full_name="globex/gone", stars=4, fate="deleted"),
        SimRepository(id=4, full_name="globex/blocked", stars=4, fate="blocked"),
        SimRepository(id=5, full_name="globex/hidden", stars=4, private=True),
    ),
)
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def github() -> Iterator[SimulatorProcess]:
    process = start_process(WORLD)
    yield process
    process.stop()


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run("collect", "a/b", token="…")`` in an empty home; ``given`` is its standard input."""
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    def run(
        *arguments: str, token: str | None = None, given: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        environment = dict(os.environ) if token is None else {**os.environ, "GITHUB_TOKEN": token}
        return subprocess.run(
            [sys.executable, "-m", "gitstars", *arguments],
            cwd=home,
            env=environment,
            input=given,
            text=True,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
        )

    return run


def collected(done: "subprocess.CompletedProcess[str]") -> dict[str, dict[str, object]]:
    return {one["full_name"]: one for one in json.loads(done.stdout)}


def test_the_token_of_a_person_reads_its_lists_and_the_histories_of_others(run: Run) -> None:
    address = "https://github.com/globex/map"
    done = run("collect", "ada/engine", address, "--json", token="gho_ada0000")

    assert (done.returncode, done.stderr) == (0, "")
    found = collected(done)
    assert (found["ada/engine"]["status"], found["ada/engine"]["stored"]) == ("completed", 234)
    atlas = found["globex/atlas"]
    assert (atlas["status"], atlas["has_history"], atlas["stars"]) == ("restricted", True, 80)
    assert "GitHub refuses the list" in str(atlas["reason"])
    assert run("accounts", "--json").returncode == 3, "no account, and no server"
    export = run("export", "stars", "ada/engine", "--output", "-").stdout
    assert len(export.splitlines()) == 235
    people = run("export", "users", "ada/engine", "--output", "-").stdout.splitlines()
    assert len(people) == 235
    repos = run("export", "repos", "--format", "jsonl", "--output", "-").stdout.splitlines()
    assert "ada/engine" in [json.loads(line)["repo"] for line in repos]
    first = run("users", people[1].split(",")[1], "--csv").stdout.splitlines()
    assert first[0] == "repository,starred,found gone"
    assert "ada/engine" in [line.split(",")[0] for line in first]


def test_a_person_who_is_forgotten_stays_away_and_the_list_complete(run: Run) -> None:
    def read() -> list[str]:
        return run("export", "users", "--output", "-").stdout.splitlines()[1:]

    run("collect", "ada/engine", token="gho_ada0000")
    everybody = read()
    user_id, login = everybody[5].split(",")[:2]
    refused = run("forget", login)
    would = run("forget", login, "--dry-run")
    gone = run("forget", login.upper(), "--yes")
    unknown = run("forget", login, "--yes")
    again = run("forget", user_id, "--yes", "--json")
    before_it_was_met = run("forget", "987654321987", "--yes")
    after = read()
    collected_again = run("collect", "ada/engine", "--json", token="gho_ada0000")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == f"nobody can be asked here; give --yes to forget {login}\n"
    assert would.stdout == (
        f"{login} would be forgotten; what goes is the record, and 1 star of 1 repository\n"
    )
    assert gone.stdout == (
        f"{login} is forgotten; what went is the record, and 1 star of 1 repository\n"
    ), gone.stderr
    assert unknown.returncode == 1
    assert unknown.stderr.startswith(f"nobody with the login {login} is stored; ")
    assert json.loads(again.stdout)["login"] is None
    assert before_it_was_met.stdout == (
        "987654321987 is forgotten; what went is nothing: this id was not met yet, and is kept "
        "from being stored\n"
    )
    assert after == [line for line in everybody if line.split(",")[0] != user_id]
    assert collected_again.returncode == 0, collected_again.stderr
    engine = collected(collected_again)["ada/engine"]
    assert (engine["status"], engine["stars"]) == ("completed", 234)
    assert read() == after


def test_without_a_token_the_histories_are_read(run: Run) -> None:
    done = run("collect", "globex/atlas", "ada/engine", "--json")

    assert done.returncode == 0
    assert "weekly histories alone" in done.stderr
    found = collected(done)
    assert {one["history_stars"] for one in found.values()} == {80, 234}
    assert run("collect", "globex/atlas", "--no-token").stderr == ""
    assert run("history", "globex/atlas", "--csv").stdout.splitlines()[-1].endswith(",80")


def test_what_cannot_be_read_is_told_and_the_rest_is_read(run: Run) -> None:
    names = ("globex/gone", "globex/blocked", "globex/hidden", "globex/none", "ada/engine")
    done = run("collect", *names, "--json", token="gho_ada0000")

    assert done.returncode == 1
    found = collected(done)
    assert list(found) == list(names)
    assert found["ada/engine"]["is_done"] is True
    for name in names[:-1]:
        assert (found[name]["status"], found[name]["is_done"]) == (None, False)
        assert name in str(found[name]["reason"])


def test_a_second_run_reads_what_is_new(run: Run, github: SimulatorProcess) -> None:
    run("collect", "ada/engine", token="gho_ada0000")
    change = {"grow": 7, "unstar": [3]}
    url = f"{github.url}/_control/repositories/1"
    requests.post(url, json=change, timeout=PATIENCE_SECONDS)

    done = run("collect", "ada/engine", "--json", token="gho_ada0000")

    assert done.returncode == 0, done.stdout
    assert collected(done)["ada/engine"]["stars"] == 240


@pytest.mark.parametrize(
    ("arguments", "given", "words"),
    [
        (("ada",), "", "'ada' is no name of a repository"),
        (("a/b/c",), "", "'a/b/c' is no name of a repository"),
        (("https://gitlab.com/a/b",), "", "an address of gitlab.com"),
        (("a/b", "--token-stdin"), "hunter2\n", "does not look like a token"),
        (("a/b", "--token-stdin"), "", "no token was given"),
        (("a/b", "--token-stdin"), "gho_wrong\n", "GitHub rejects the token"),
        (("a/b", "--token-stdin", "--no-token"), "", "give either"),
        (("a/b", "--max-minutes", "0"), "", "--max-minutes"),
    ],
)
def test_misuse_is_one_sentence_and_2(
    run: Run, arguments: tuple[str, ...], given: str, words: str
) -> None:
    done = run("collect", *arguments, given=given)

    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


def test_a_run_that_is_stopped_ends_with_130_and_the_next_goes_on(
    home: Path, run: Run, github: SimulatorProcess
) -> None:
    limits = SimLimits(latency_seconds=0.5)
    world = Scenario(
        accounts=WORLD.accounts,
        repositories=(SimRepository(id=1, full_name="ada/engine", stars=3000),),
        limits=limits,
    )
    github.load(world)
    environment = {**os.environ, "GITHUB_TOKEN": "gho_ada0000"}
    command = [sys.executable, "-m", "gitstars", "collect", "ada/engine", "--verbose"]
    process = subprocess.Popen(command, cwd=home, env=environment, text=True, stderr=-1, stdout=-1)
    assert process.stderr is not None
    for line in process.stderr:
        if "page 10" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 130
    assert "the next run goes on where this one stood" in err
    assert "Traceback" not in out + err
    done = run("collect", "ada/engine", "--json", token="gho_ada0000")
    assert collected(done)["ada/engine"]["stored"] == 3000


def test_a_run_whose_time_is_over_ends_with_1(run: Run, github: SimulatorProcess) -> None:
    control = f"{github.url}/_control/world"
    spent = {"remaining": [[1, "core", 0], [1, "graphql", 0]]}
    requests.post(control, json=spent, timeout=PATIENCE_SECONDS)

    done = run("collect", "ada/engine", "--max-minutes", "0.05", token="gho_ada0000")

    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_the_workflow_of_the_documents_draws_the_chart_with_its_own_token(
    home: Path, run: Run, github: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = WORKFLOW.read_text()
    commands = re.findall(r"- run: gitstars (.*)", text)
    database = re.findall(r"DB_URL: (\S+)", text)
    assert [command.split()[0] for command in commands] == ["collect", "chart"]
    monkeypatch.setenv("DB_URL", database[0].replace("/tmp", str(home)))

    outputs = [
        run(*command.replace('"$GITHUB_REPOSITORY"', "ada/engine").split(), token=ACTIONS)
        for command in commands
    ]

    assert [done.returncode for done in outputs] == [0, 0], outputs
    picture = (home / "stars.svg").read_text()
    assert "user-" not in picture
    assert "ada/engine" in picture
    stored = run("stargazers", "ada/engine", "--json")
    assert len(json.loads(stored.stdout)) == 50
    for file in (home / "gitstars").rglob("*"):
        assert not file.is_file() or ACTIONS.encode() not in file.read_bytes()
