"""A repository is named in any of the ways in which people find it."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitstars.errors import UserMistake
from gitstars.naming import read_repository, web_host

ADDRESSES = [
    "https://github.com/acme/engine",
    "http://github.com/acme/engine/",
    "https://www.github.com/acme/engine.git",
    "HTTPS://GitHub.com/acme/engine/stargazers?page=2",
    "https://github.com/acme/engine#readme",
    "https://somebody@github.com/acme/engine.git",
    "github.com/acme/engine",
    "www.github.com/acme/engine/tree/main/docs",
    "git@github.com:acme/engine.git",
    "git@github.com:acme/engine",
    "ssh://git@github.com/acme/engine.git",
    "git+https://github.com/acme/engine.git",
    "git://github.com/acme/engine.git",
    "  acme/engine\n",
    "acme/engine",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_names_its_repository(address: str) -> None:
    assert read_repository(address) == "acme/engine"


@pytest.mark.parametrize("text", ["repo:⟨acme/engine⟩", "123456", "acme", "", "a/b/c"])
def test_what_is_no_address_is_left_to_whoever_knows_it(text: str) -> None:
    assert read_repository(text) == text


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("https://gitlab.com/acme/engine", "is an address of gitlab.com, not of github.com"),
        ("git@bitbucket.org:acme/engine.git", "is an address of bitbucket.org"),
        ("https://github.com/acme", "names no repository; give it as owner/name"),
        ("https://github.com/", "names no repository"),
        ("https://github.com/acme/..", "names no repository"),
        ("https://github.com/acme/with space", "names no repository"),
        ("ftp://github.com/acme/engine", "is no address of a repository"),
        ("https://[github.com/acme/engine", "is no address of a repository"),
        ("https:///acme/engine", "is an address of no server"),
    ],
)
def test_an_address_that_names_no_repository_here_is_told(address: str, complaint: str) -> None:
    with pytest.raises(UserMistake, match=re.escape(complaint)):
        read_repository(address)


def test_a_server_of_ones_own_has_its_own_addresses() -> None:
    host = web_host("https://git.example.org/api/v3")

    assert read_repository("https://git.example.org/acme/engine", host) == "acme/engine"
    with pytest.raises(UserMistake, match=r"github\.com, not of git\.example\.org"):
        read_repository("https://github.com/acme/engine", host)


@pytest.mark.parametrize("api_url", ["https://api.github.com", "http://127.0.0.1:8090", ""])
def test_every_other_api_belongs_to_github_com(api_url: str) -> None:
    assert web_host(api_url) == "github.com"


@given(st.text())
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    with suppress(UserMistake):
        assert read_repository(text) in text


@given(
    st.from_regex(
        r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9][A-Za-z0-9_.-]{0,60}[a-z0-9]", fullmatch=True
    )
)
def test_every_name_survives_its_address(name: str) -> None:
    if not name.endswith(".git"):
        assert read_repository(f"https://github.com/{name}") == name
        assert read_repository(f"git@github.com:{name}.git") == name
