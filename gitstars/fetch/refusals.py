"""The faces of a refusal: which words of GitHub mean which, and what a person can change about
it.

Pure.
"""

from collections.abc import Iterable

#: GitHub's words (lower case) for a refusal, and the face we call it by.
FACES = (
    ("not accessible by integration", "integration"),
    ("not accessible by personal access token", "token"),
    ("permission to view the stargazers", "permission"),
    ("saml enforcement", "sso"),
    ("single sign-on", "sso"),
    ("oauth app access restrictions", "oauth_app"),
    ("forbids access via", "token_policy"),
    ("ip allow list", "ip_allow_list"),
    ("required scopes", "scope"),
)
#: Words that mean the repository itself was taken away, and the reason we call it by; the first
#: that fits.
REMOVALS = (
    ("has been disabled", "disabled"),
    ("is disabled", "disabled"),
    ("access blocked", "blocked"),
)

#: Either of these scopes lets a classic or OAuth token list what its owner may list.
LISTING_SCOPES = frozenset({"public_repo", "repo"})

_PREFIXES = (
    ("github_pat_", "fine_grained"),
    ("ghp_", "classic"),
    ("gho_", "oauth"),
    ("ghu_", "app"),
    ("ghs_", "app"),
)
_ADVICE = {
    "sso": (
        "authorise this token for the organisation's single sign-on, or sign in again and grant "
        "the organisation access"
    ),
    "oauth_app": (
        "let an owner of the organisation approve this OAuth app, or use a classic token with "
        "the scope public_repo"
    ),
    "token_policy": (
        "the organisation does not accept this kind of token: use another kind, or ask its "
        "owners to allow it"
    ),
    "ip_allow_list": (
        "let an owner of the organisation add this server's address to its list of allowed "
        "addresses"
    ),
}


def find_face(text: str) -> str | None:
    """The face of a refusal by its text; None: no words that we know."""
    return _find(text, FACES)


def find_removal(text: str) -> str | None:
    """``blocked`` or ``disabled`` when the text says that the repository was taken away."""
    return _find(text, REMOVALS)


def token_kind(token: str) -> str:
    """``fine_grained``, ``classic``, ``oauth`` or ``app``, by the prefix; tokens from before the
    prefixes are classic ones.
    """
    return next((kind for prefix, kind in _PREFIXES if token.startswith(prefix)), "classic")


def may_ever_list(scopes: frozenset[str] | None, kind: str) -> bool:
    """Whether a token of this kind and these scopes (None: unknown) is one that GitHub gives
    lists to at all.
    """
    return kind in ("classic", "oauth") and (scopes is None or bool(LISTING_SCOPES & scopes))


def explain_refusal(face: str, scopes: frozenset[str] | None, kind: str) -> str:
    """One sentence that tells what to change.

    ``kind`` is ``token_kind``'s, ``scopes`` the token's (None: unknown).
    """
    if kind == "fine_grained":
        return (
            "GitHub refuses stargazer lists to fine-grained tokens, even to the repository's "
            "owner: "
            "use a classic token with the scope public_repo, or sign in through the OAuth app"
        )
    if kind == "app":
        return (
            "GitHub refuses stargazer lists to tokens of GitHub Apps: use a classic token with "
            "the scope public_repo or an OAuth app"
        )
    if face == "scope" and may_ever_list(scopes, kind) and scopes is not None:
        return (
            f"the scopes of the token ({_name(scopes)}) are not enough for this repository: "
            "grant repo"
        )
    if face == "scope" or not may_ever_list(scopes, kind):
        return (
            f"the token lacks the scope public_repo (it has {_name(scopes)}): grant public_repo, "
            "or repo for private repositories"
        )
    return _ADVICE.get(
        face,
        "GitHub shows this list only to people who administer or collaborate on the repository: "
        "let one of them sign in, or have this account added as a collaborator",
    )


def _find(text: str, table: Iterable[tuple[str, str]]) -> str | None:
    lowered = text.lower()
    return next((word for words, word in table if words in lowered), None)


def _name(scopes: frozenset[str] | None) -> str:
    return "unknown ones" if scopes is None else ", ".join(sorted(scopes)) or "none"
