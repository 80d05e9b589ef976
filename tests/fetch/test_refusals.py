"""The faces of a refusal by GitHub's words, and what a person is told to change."""

import pytest

from gitstars.fetch.refusals import (
    explain_refusal,
    find_face,
    find_removal,
    may_ever_list,
    token_kind,
)

LISTS = frozenset({"read:user", "public_repo"})


@pytest.mark.parametrize(
    ("text", "face"),
    [
        ("Resource not accessible by integration", "integration"),
        ("Resource not accessible by personal access token", "token"),
        ("You do not have permission to view the stargazers of this repository", "permission"),
        ("RESOURCE NOT ACCESSIBLE BY INTEGRATION", "integration"),
        (
            (
                "Resource protected by organization SAML enforcement. You must grant your OAuth "
                "token access to this organization."
            ),
            "sso",
        ),
        ("This organization requires single sign-on.", "sso"),
        (
            (
                "Although you appear to be authorized, the `x` organization has enabled OAuth App "
                "access restrictions"
            ),
            "oauth_app",
        ),
        (
            "`x` forbids access via a personal access token (classic). Please use a GitHub App.",
            "token_policy",
        ),
        (
            (
                "`x` has an IP allow list enabled, and your IP address is not permitted to access "
                "this resource."
            ),
            "ip_allow_list",
        ),
        ("Your token has not been granted the required scopes to execute this query.", "scope"),
        ("Not Found", None),
        ("API rate limit exceeded for user ID 1.", None),
        ("", None),
    ],
)
def test_a_refusal_is_known_by_its_words(text: str, face: str | None) -> None:
    assert find_face(text) == face


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Repository access blocked", "blocked"),
        ("This repository has been disabled.", "disabled"),
        ("Access to this repository is disabled by GitHub Staff", "disabled"),
        ("You do not have permission to view the stargazers of this repository", None),
        ("", None),
    ],
)
def test_a_repository_that_was_taken_away_is_told_from_a_refused_one(
    text: str, reason: str | None
) -> None:
    assert find_removal(text) == reason


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("github_pat_11AAAA_bbbb", "fine_grained"),
        ("ghp_0123456789", "classic"),
        ("gho_0123456789", "oauth"),
        ("ghu_0123456789", "app"),
        ("ghs_0123456789", "app"),
        ("0123456789abcdef0123456789abcdef01234567", "classic"),
        ("", "classic"),
    ],
)
def test_a_token_shows_its_kind_by_its_beginning(token: str, kind: str) -> None:
    assert token_kind(token) == kind


@pytest.mark.parametrize(
    ("kind", "scopes", "expected"),
    [
        ("classic", frozenset({"public_repo"}), True),
        ("classic", frozenset({"repo"}), True),
        ("oauth", LISTS, True),
        ("classic", None, True),
        ("oauth", None, True),
        ("classic", frozenset[str](), False),
        ("oauth", frozenset({"read:user", "repo:status"}), False),
        ("fine_grained", None, False),
        ("fine_grained", LISTS, False),
        ("app", None, False),
        ("app", LISTS, False),
    ],
)
def test_only_classic_and_oauth_tokens_with_a_scope_for_repositories_ever_list(
    kind: str, scopes: frozenset[str] | None, expected: bool
) -> None:
    assert may_ever_list(scopes, kind) is expected


COLLABORATE = "only to people who administer or collaborate"


@pytest.mark.parametrize("kind", ["classic", "oauth"])
@pytest.mark.parametrize("scopes", [LISTS, None])
@pytest.mark.parametrize(
    ("face", "advice"),
    [
        ("sso", "authorise this token for the organisation's single sign-on"),
        ("oauth_app", "let an owner of the organisation approve this OAuth app"),
        ("token_policy", "the organisation does not accept this kind of token"),
        ("ip_allow_list", "add this server's address"),
        ("permission", COLLABORATE),
        ("integration", COLLABORATE),
        ("token", COLLABORATE),
        ("empty", COLLABORATE),
        ("not_found", COLLABORATE),
        ("forbidden", COLLABORATE),
        ("a face of tomorrow", COLLABORATE),
    ],
)
def test_each_face_has_its_advice_where_the_token_could_list(
    face: str, advice: str, scopes: frozenset[str] | None, kind: str
) -> None:
    assert advice in explain_refusal(face, scopes, kind)


FACES = [
    "permission",
    "integration",
    "token",
    "empty",
    "not_found",
    "forbidden",
    "sso",
    "oauth_app",
    "token_policy",
    "ip_allow_list",
    "scope",
]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("scopes", [None, frozenset[str](), LISTS])
@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("fine_grained", "refuses stargazer lists to fine-grained tokens"),
        ("app", "refuses stargazer lists to tokens of GitHub Apps"),
    ],
)
def test_a_token_of_a_kind_that_never_lists_is_what_the_advice_is_about(
    face: str, scopes: frozenset[str] | None, kind: str, advice: str
) -> None:
    text = explain_refusal(face, scopes, kind)

    assert advice in text
    assert "use a classic token with the scope public_repo" in text


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("kind", ["classic", "oauth"])
@pytest.mark.parametrize(
    ("scopes", "named"),
    [
        (frozenset[str](), "it has none"),
        (frozenset({"user", "gist", "read:org"}), "it has gist, read:org, user"),
    ],
)
def test_a_token_without_the_scope_is_what_the_advice_is_about(
    face: str, kind: str, scopes: frozenset[str], named: str
) -> None:
    text = explain_refusal(face, scopes, kind)

    assert text == (
        f"the token lacks the scope public_repo ({named}): grant public_repo, or repo for "
        "private repositories"
    )


def test_where_github_misses_a_scope_and_none_is_known_the_advice_names_it() -> None:
    text = explain_refusal("scope", None, "oauth")

    assert text == (
        "the token lacks the scope public_repo (it has unknown ones): grant public_repo, or "
        "repo for private repositories"
    )
