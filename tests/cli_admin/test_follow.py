"""``gitstars follow`` and ``unfollow``, beside a running server and without one."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitstars.errors import UserMistake
from gitstars.naming import read_followed
from tests.cli_admin.test_accounts import feed
from tests.waiting import wait_until

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_beside_a_server_what_is_followed_is_collected(
    home: Path,
    gitstars: Run,
    serving: "subprocess.Popen[str]",
) -> None:
    nobody = gitstars("follow", "grace/cobol")
    feed(home, "gho_ada0000\n", "add", "--token-stdin")
    empty = gitstars("follow")
    done = gitstars("follow", "https://github.com/grace/cobol/issues", "grace/nothing")
    wait_until(
        lambda: (
            json.loads(gitstars("repo", "grace/cobol", "--json").stdout)["status"] == "restricted"
        ),
        "it is restricted",
    )
    listed = gitstars("follow", "--json")
    ended, again = gitstars("unfollow", "grace/cobol"), gitstars("unfollow", "grace/cobol")
    unwanted = gitstars("repo", "grace/cobol")

    assert nobody.returncode == 1
    assert "nobody is signed in" in nobody.stderr
    assert empty.stdout == "nothing is followed; `gitstars follow OWNER/REPO` begins that\n"
    assert done.returncode == 1
    assert done.stdout == "grace/cobol is followed, with the account of ada\n"
    assert done.stderr.startswith("grace/nothing: GitHub shows no repository grace/nothing")
    (one,) = json.loads(listed.stdout)["follows"]
    assert (one["name"], one["kind"], one["login"]) == ("grace/cobol", "repository", "ada")
    assert (ended.returncode, again.returncode) == (0, 1)
    assert "what is stored stays" in ended.stdout
    assert "is not followed; `gitstars follow` lists what is" in again.stderr
    assert "nobody with an account here" in unwanted.stdout


def test_without_a_server_it_is_written_into_the_database(
    home: Path,
    gitstars: Run,
) -> None:
    feed(home, "gho_ada0000\n", "add", "--token-stdin")

    done = gitstars("follow", "grace")

    assert "grace is followed, with the account of ada: 1 public repository" in done.stdout
    assert "`gitstars serve` collects it" in done.stdout
    assert gitstars("follow").stdout.splitlines()[1].startswith("grace\t")
    assert gitstars("unfollow", "Grace").returncode == 0
    assert json.loads(gitstars("follow", "--json").stdout) == {"follows": []}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("acme", "acme"),
        ("  acme/engine ", "acme/engine"),
        ("https://github.com/acme", "acme"),
        ("https://github.com/acme/", "acme"),
        ("github.com/acme", "acme"),
        ("https://www.github.com/acme", "acme"),
        ("https://github.com/acme/engine/issues/3", "acme/engine"),
        ("git@github.com:acme/engine.git", "acme/engine"),
        ("acme/.github", "acme/.github"),
    ],
)
def test_names_and_addresses_are_read(text: str, name: str) -> None:
    assert read_followed(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "..",
        "a/b/c",
        "acme/..",
        "https://gitlab.com/acme",
        "https://gitlab.com/acme/engine",
        "https://github.com",
        "https://github.com/",
        "acme engine",
        "-acme",
        "ac/me?x=1",
        "\x1b[31m/red",
    ],
)
def test_what_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(UserMistake):
        read_followed(text)
