"""The faces of a refusal by GitHub's words, and what a person is told to change."""

import pytest

from gitstars.fetch.refusals import explain_refusal, find_face, find_removal
from gitstars.tokens import TokenKind

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


KINDS = list(TokenKind)
SCOPED = [TokenKind.CLASSIC, TokenKind.OAUTH]
POLICIES = {
    "sso": "authorise this token for the organisation's single sign-on",
    "oauth_app": "let an owner of the organisation approve this OAuth app",
    "token_policy": "the organisation does not accept this kind of token",
    "ip_allow_list": "add this server's address",
}
OTHER_FACES = ["permission", "empty", "not_found", "forbidden", "a face of tomorrow"]
WRITE_ACCESS = (
    "each of these includes write access, and the narrowest is a fine-grained token for the one "
    "repository"
)
FINE_GRAINED = (
    "a fine-grained token lists stargazers when its resource owner is the repository's owner, "
    "the repository is selected and it has the permission Contents: read and write"
)
APP = (
    "the token of an app lists stargazers when the app is installed on the repository and has "
    "the permission Contents: read and write"
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scopes", [LISTS, None, frozenset[str]()])
@pytest.mark.parametrize("face", POLICIES)
def test_what_an_organisation_forbids_is_for_its_owners_to_allow(
    face: str, scopes: frozenset[str] | None, kind: TokenKind
) -> None:
    assert POLICIES[face] in explain_refusal(face, scopes, kind)


@pytest.mark.parametrize("kind", SCOPED)
@pytest.mark.parametrize("scopes", [LISTS, None])
@pytest.mark.parametrize("face", OTHER_FACES)
def test_where_the_token_could_list_the_person_may_not(
    face: str, scopes: frozenset[str] | None, kind: TokenKind
) -> None:
    assert explain_refusal(face, scopes, kind) == (
        "GitHub gives this list to people who may push to the repository: let one of them sign "
        "in, or have this account given write access"
    )


@pytest.mark.parametrize("face", [*OTHER_FACES, "scope"])
@pytest.mark.parametrize("scopes", [None, frozenset[str](), LISTS])
@pytest.mark.parametrize(
    ("kind", "advice"), [(TokenKind.FINE_GRAINED, FINE_GRAINED), (TokenKind.APP, APP)]
)
def test_tokens_without_scopes_work_with_contents_read_and_write(
    face: str, scopes: frozenset[str] | None, kind: TokenKind, advice: str
) -> None:
    assert explain_refusal(face, scopes, kind) == f"{advice}, which is write access"


@pytest.mark.parametrize(("face", "advice"), [("token", FINE_GRAINED), ("integration", APP)])
def test_githubs_words_tell_the_kind_of_a_token_that_its_prefix_hides(
    face: str, advice: str
) -> None:
    assert advice in explain_refusal(face, None, TokenKind.CLASSIC)


@pytest.mark.parametrize(
    ("accepted", "named"),
    [
        (
            "metadata=read; contents=write",
            " (GitHub names metadata=read or contents=write), which",
        ),
        ("contents=write,metadata=read", " (GitHub names contents=write and metadata=read), which"),
        (" ; contents=write ;", " (GitHub names contents=write), which"),
        ("", "read and write, which"),
        (None, "read and write, which"),
    ],
)
@pytest.mark.parametrize("kind", [TokenKind.FINE_GRAINED, TokenKind.APP])
def test_the_permissions_that_github_names_are_part_of_the_advice(
    kind: TokenKind, accepted: str | None, named: str
) -> None:
    assert named in explain_refusal("token", None, kind, accepted)


@pytest.mark.parametrize("face", [*OTHER_FACES, "scope"])
@pytest.mark.parametrize("kind", SCOPED)
@pytest.mark.parametrize(
    ("scopes", "named"),
    [
        (frozenset[str](), "it has none"),
        (frozenset({"user", "gist", "read:org"}), "it has gist, read:org, user"),
    ],
)
def test_a_token_without_the_scope_is_what_the_advice_is_about(
    face: str, kind: TokenKind, scopes: frozenset[str], named: str
) -> None:
    text = explain_refusal(face, scopes, kind)

    assert text == (
        f"the token lacks the scope public_repo ({named}): grant public_repo, or repo for "
        "private repositories, or use a fine-grained token with Contents: read and write; "
        f"{WRITE_ACCESS}"
    )


def test_where_github_misses_a_scope_and_none_is_known_the_advice_names_it() -> None:
    text = explain_refusal("scope", None, TokenKind.OAUTH)

    assert text.startswith("the token lacks the scope public_repo (it has unknown ones)")


def test_where_github_misses_a_scope_that_is_there_the_larger_one_is_named() -> None:
    text = explain_refusal("scope", LISTS, TokenKind.OAUTH)

    assert text.startswith("the scopes of the token (public_repo, read:user) are not enough")
    assert text.endswith(WRITE_ACCESS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scopes", [LISTS, None, frozenset[str]()])
@pytest.mark.parametrize("face", [*POLICIES, *OTHER_FACES, "token", "integration", "scope"])
def test_nothing_is_promised_to_those_who_only_read_or_triage(
    face: str, scopes: frozenset[str] | None, kind: TokenKind
) -> None:
    text = explain_refusal(face, scopes, kind)

    assert not {"collaborator", "collaborate", "triage", "member"} & set(text.split())
