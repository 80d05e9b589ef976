"""``gitstars accounts``: a person signs in with a token, beside a running server or alone."""

import json
import os
import pty
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import requests

from gitstars import api
from gitstars.cli.accounts_change import read_wish
from gitstars.errors import UserMistake
from gitstars.simulator.process import SimulatorProcess
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from tests.harness import free_port
from tests.waiting import PATIENCE_SECONDS, wait_until

Run = Callable[..., subprocess.CompletedProcess[str]]


def feed(home: Path, given: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command with this on its standard input."""
    command = [sys.executable, "-m", "gitstars", "accounts", *arguments]
    return subprocess.run(
        command, cwd=home, text=True, input=given, capture_output=True, timeout=PATIENCE_SECONDS
    )


def test_beside_a_server_an_account_is_collected_listed_and_removed(
    home: Path, gitstars: Run, serving: "subprocess.Popen[str]"
) -> None:
    nobody = gitstars("accounts")
    added = feed(home, "gho_ada0000\n", "add", "--token-stdin")
    wait_until(
        lambda: "completed" in gitstars("repo", "https://github.com/ada/engine").stdout,
        "what ada owns is complete",
    )
    drawn = gitstars("chart", "ada/engine", "--output", "stars.svg")
    wide = ("--since", "2009-01-01", "--align", "--log", "--sum")
    arranged = gitstars("chart", "ada/engine", *wide, "--output", "sum.svg")
    months, csv = gitstars("history", "ada/engine"), gitstars("history", "ada/engine", "--csv")
    scaled, freed = gitstars("workers", "scale", "1"), gitstars("workers", "scale", "AUTO")
    sorted_by_stars = gitstars("repos", "--sort", "-stars")
    people = gitstars("stargazers", "ada/engine", "--since", "2009-01-01", "--csv")
    nobody_left = gitstars("stargazers", "ada/engine", "--unstarred", "--json")
    through = gitstars("export", "stars", "ada/engine", "--output", "stars.csv")
    file = gitstars("export", "history", "--format", "sqlite", "--output", "days.db")
    person = people.stdout.splitlines()[1].split(",")[0]
    stars_of = gitstars("users", person.upper(), "--json")
    nobodys = gitstars("users", "nobody-at-all")
    unfitting = gitstars("export", "repos", "--since", "2026-01-01", "--output", "none.csv")
    unknown = gitstars("export", "stars", "ada/nothing", "--output", "none.csv")
    shown, by_id = gitstars("accounts", "ada"), gitstars("accounts", "show", "1")
    again = feed(home, "gho_ada0000\n", "add", "--token-stdin", "--no-wait")
    synced = gitstars("accounts", "sync", "ada", "--every", "1d")
    asked = gitstars("accounts", "remove", "ada")
    told = gitstars("accounts", "remove", "ada", "--dry-run")
    removed = gitstars("accounts", "remove", "ada", "--yes")
    gone = gitstars("accounts", "remove", "ada", "--yes")

    assert nobody.stderr == f"{api.NOBODY_HERE}: {api.SIGN_IN_ADVICE}\n"
    assert added.returncode == 0, added.stderr
    assert added.stdout.startswith("ada (1) is signed in\n")
    assert "0 starred repositories" in added.stdout
    assert "1 repository that ada owns or may push to is collected in full" in added.stdout
    assert "gho_ada0000" not in added.stdout + added.stderr + shown.stdout
    assert "stars\tlisted" in shown.stdout
    assert by_id.stdout.splitlines()[0] == shown.stdout.splitlines()[0] == "account\tada"
    assert scaled.stdout == "1 worker from now on, also after a restart\n"
    assert freed.stdout.startswith("the load decides again; ")
    assert "ada/engine" in sorted_by_stars.stdout.splitlines()[1]
    assert people.stdout.splitlines()[0] == "login,id,starred,found gone"
    assert len(people.stdout.splitlines()) == 4
    assert json.loads(nobody_left.stdout) == []
    assert through.stdout == "stars.csv: 3 rows\n", through.stderr
    exported = [line.split(",")[1] for line in (home / "stars.csv").read_text().splitlines()]
    listed = [line.split(",")[0] for line in people.stdout.splitlines()]
    assert sorted(exported) == sorted(listed)
    assert file.stdout.startswith("days.db: "), file.stderr
    with closing(sqlite3.connect(home / "days.db")) as days:
        assert days.execute("SELECT sum(came), max(stars) FROM history").fetchall() == [(3, 3)]
    told_of = json.loads(stars_of.stdout)
    assert told_of["login"] == person
    assert "ada/engine" in [star["full_name"] for star in told_of["stars"]]
    assert nobodys.returncode == 1
    assert nobodys.stderr.strip().endswith("no star of nobody-at-all is stored")
    assert unfitting.returncode == 2
    assert "an export of repos has no dates to choose from" in unfitting.stderr
    assert unknown.returncode == 1
    assert unknown.stderr.strip().endswith("no repository is known by the name ada/nothing")
    assert not [place for place in home.iterdir() if "none.csv" in place.name]
    assert drawn.stdout == "stars.svg: ada/engine\n"
    assert arranged.stdout == "sum.svg: ada/engine\n", arranged.stderr
    assert (home / "stars.svg").read_text().startswith("<svg ")
    assert months.stdout.splitlines()[-1].split("\t")[-1] == "3"
    assert csv.stdout.splitlines()[0] == "from,came,went,stars"
    assert months.stderr.startswith("ada/engine: every star of the list")
    assert again.stdout == "ada (1) has a new token\n"
    assert synced.stdout == "the stars of ada are listed now, and every 24 h\n"
    assert (asked.returncode, asked.stderr) == (
        2,
        "nobody can be asked here; give --yes to remove ada\n",
    )
    assert told.stdout.startswith("with --delete-data these rows of ada would go: 0 stars and ")
    assert removed.stdout == "the account of ada is removed; what it brought stays\n"
    assert (gone.returncode, gone.stderr) == (
        1,
        "no account here has the login or id ada; gitstars accounts lists them\n",
    )


def test_without_a_server_the_command_writes_into_the_database(home: Path, gitstars: Run) -> None:
    added = feed(home, "gho_ada0000", "add", "--token-stdin")
    off = gitstars("accounts", "sync", "ada", "--every", "off")
    replaced = feed(home, "gho_grace00", "token", "ada", "--token-stdin")
    removed = gitstars("accounts", "remove", "ADA", "--yes", "--delete-data")

    first, own, starred, *_, last = added.stdout.splitlines()
    assert first == "ada (1) is signed in"
    assert own == "1 repository that ada owns or may push to is collected in full"
    assert starred.startswith("0 starred repositories: GitHub gives the count")
    assert last == "no server runs now; `gitstars serve` collects"
    assert off.stdout == "the stars of ada are not listed any more; they stay as they are\n"
    assert replaced.returncode == 1
    assert replaced.stderr.startswith("this token belongs to grace and not to ada; ")
    assert removed.returncode == 0, removed.stderr
    assert "0 stars and 1 rows" in removed.stdout
    for path in (home / "data").rglob("*"):
        assert not path.stat().st_mode & 0o077, path
    assert not (home / "data").stat().st_mode & 0o077


def test_without_a_server_stars_are_listed_and_an_interruption_costs_nothing(
    home: Path, gitstars: Run, github: SimulatorProcess
) -> None:
    numbers = range(1, 351)
    places = tuple(SimRepository(id=n, full_name=f"acme/r{n}", stars=1) for n in numbers)
    ada = SimAccount(user_id=1, login="ada", token="gho_ada0000", starred=tuple(numbers))
    github.load(Scenario(accounts=(ada,), repositories=places))
    lost = {"match": "POST *", "effect": "status", "body": '{"data": {"r0": 7}}', "skip": 2}
    away = {"match": "GET /user/starred*", "effect": "status", "status": 502}
    github.control("POST", "/rules", lost | {"status": 200})
    github.control("POST", "/rules", away | {"body": '{"message": "Bad gateway"}'})

    stopped = feed(home, "gho_ada0000", "add", "--token-stdin")
    github.control("DELETE", "/rules")
    github.control("POST", "/log/clear", {})
    added = feed(home, "gho_ada0000", "add", "--token-stdin")
    asked = [page for entry in github.asked() for page in entry.get("starred") or ()]

    assert stopped.returncode == 1
    assert stopped.stdout == "ada (1) is signed in\n"
    assert "what was listed is stored, and `gitstars serve` goes on" in stopped.stderr
    assert added.returncode == 0, added.stderr
    assert "350 starred repositories: GitHub gives the count" in added.stdout
    assert asked == [[200, 300], [300, 350]]


def test_without_a_server_an_export_reads_the_database(home: Path, gitstars: Run) -> None:
    empty = gitstars("export", "stars", "--output", "-")
    unknown = gitstars("export", "stars", "ada/nothing", "--output", "none.csv")
    nowhere = gitstars("export", "stars", "--output", "no/folder.csv")

    assert empty.stdout == "user_id,login,repo_id,repo,starred_at,unstarred_at\n", empty.stderr
    assert unknown.returncode == nowhere.returncode == 1
    assert unknown.stderr.strip().endswith("no repository is known by the name ada/nothing")
    assert "no/folder.csv cannot be written: No such file or directory" in nowhere.stderr
    assert not [place for place in home.iterdir() if place.suffix in (".csv", ".part")]


def test_without_an_application_githubs_page_is_not_tried(home: Path, gitstars: Run) -> None:
    done = gitstars("accounts", "add", "--login")

    assert done.returncode == 1
    assert done.stderr.startswith("github.client_id is not set, so that nobody can sign in")
    assert done.stderr.count("\n") == 1


def test_a_token_without_the_scope_is_taken_and_said(home: Path) -> None:
    added = feed(home, "gho_grace00", "add", "--token-stdin")

    assert "has neither the scope public_repo nor repo" in added.stdout


def test_the_token_comes_from_the_environment_where_that_is_told(
    home: Path, gitstars: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    missing = gitstars("accounts", "add", "--from-env")
    monkeypatch.setenv("GH_TOKEN", "gho_ada0000")
    added = gitstars("accounts", "add", "--from-env", "--json")

    assert (missing.returncode, missing.stderr) == (
        2,
        "neither GITHUB_TOKEN nor GH_TOKEN is set\n",
    )
    assert '"state": "new"' in added.stdout


@pytest.mark.parametrize(("answer", "code"), [("approve", 0), ("deny", 2)])
def test_a_person_signs_in_through_githubs_page(home: Path, answer: str, code: int) -> None:
    settings = home / "config.toml"
    settings.write_text(settings.read_text().replace("[github]", '[github]\nclient_id="simulated"'))
    command = [sys.executable, "-m", "gitstars", "accounts", "add", "--login"]
    with subprocess.Popen(
        command, cwd=home, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        asked = process.stderr.readline()
        told = re.fullmatch(
            r"open (?P<page>http://\S+/login/device) and enter the code (?P<code>[A-Z-]{9})\n",
            asked,
        )
        assert told is not None, asked
        form = {"user_code": told["code"], "login": "ada", "answer": answer}
        requests.post(told["page"], data=form, timeout=PATIENCE_SECONDS)
        out, rest = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == code, rest
    if code:
        assert rest.endswith(
            "the sign-in was denied on GitHub's page; begin it again to try once more\n"
        )
    else:
        assert out.startswith("ada (1) is signed in\n")


def test_on_a_terminal_the_token_is_asked_for_and_not_shown(home: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "gitstars", "accounts", "add"]
    with subprocess.Popen(command, cwd=home, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while b"(not shown)" not in shown:
            shown += os.read(ours, 4096)
        os.write(ours, b"gho_ada0000\n")
        while b"is signed in" not in shown:
            shown += os.read(ours, 4096)
        assert process.wait(PATIENCE_SECONDS) == 0
    os.close(ours)

    assert b"gho_ada0000" not in shown


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (("add",), "", "nobody can be asked for the token here"),
        (("add", "--token-stdin", "--from-env"), "", "give either --token-stdin or --from-env"),
        (("add", "--token-stdin", "--login"), "", "give one of --login, --token-stdin and"),
        (("add", "--token-stdin"), "", "no token was given; create one at"),
        (("add", "--token-stdin"), "hunter2", "this does not look like a token of GitHub"),
        (("add", "--token-stdin"), "ghp_nobody", "GitHub rejects the token (Bad credentials)"),
        (("sync", "ada", "--every", "5m"), "", "--every takes 1h to 720h"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_2(
    home: Path, arguments: tuple[str, ...], given: str, said: str
) -> None:
    done = feed(home, given, *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1


def test_a_database_that_a_server_holds_is_told(
    home: Path, serving: "subprocess.Popen[str]"
) -> None:
    settings = home / "config.toml"
    settings.write_text(settings.read_text().split("[admin]")[0] + f"[admin]\nport={free_port()}\n")

    done = feed(home, "gho_ada0000", "add", "--token-stdin")

    assert done.returncode == 2
    assert "is in use by another gitstars server" in done.stderr


@pytest.mark.parametrize(("every", "hours"), [("6h", 6), ("1d", 24), (" 30D ", 720)])
def test_how_often_is_read(every: str, hours: int) -> None:
    assert read_wish(every) == api.SyncWish(hours=hours)


@pytest.mark.parametrize("every", ["", "0h", "721h", "31d", "6", "h", "6h6h", "-6h", "six"])
def test_how_often_is_refused(every: str) -> None:
    with pytest.raises(UserMistake, match="--every takes"):
        read_wish(every)


def test_doctor_tells_that_a_server_has_another_database(
    home: Path, gitstars: Run, serving: "subprocess.Popen[str]"
) -> None:
    done = gitstars("doctor", "--json", "--db-url", f"surrealkv://{home}/elsewhere.db")

    found = [one for one in json.loads(done.stdout) if one["check"] == "database"]
    assert found[0]["state"] == "warning", done.stderr
    assert "the running server uses surrealkv://" in found[0]["text"]
    assert found[0]["text"].endswith("/elsewhere.db")
