"""The faces of a refusal: which words of GitHub mean which, and what a person can change about
it.
"""

from collections.abc import Iterable

from gitstars.tokens import TokenKind, may_list

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

_POLICIES = {
    "sso": (
        "authorise this token for the organisation's single sign-on, or sign in again and grant "
        "the organisation access"
    ),
    "oauth_app": (
        "let an owner of the organisation approve this OAuth app, or use a token of another kind"
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
_WRITE_ACCESS = (
    "each of these includes write access, and the narrowest is a fine-grained token for the one "
    "repository"
)
_FINE_GRAINED = (
    "a fine-grained token lists stargazers when its resource owner is the repository's owner, "
    "the repository is selected and it has the permission Contents: read and write"
)
_APP = (
    "the token of an app lists stargazers when the app is installed on the repository and has "
    "the permission Contents: read and write"
)
_PERSON = (
    "GitHub gives this list to people who may push to the repository: let one of them sign in, "
    "or have this account given write access"
)


def find_face(text: str) -> str | None:
    """The face of a refusal by its text; None: no words that we know."""
    return _find(text, FACES)


def find_removal(text: str) -> str | None:
    """``blocked`` or ``disabled`` when the text says that the repository was taken away."""
    return _find(text, REMOVALS)


def explain_refusal(
    face: str,
    scopes: frozenset[str] | None,
    kind: TokenKind,
    accepted_permissions: str | None = None,
) -> str:
    """One sentence that tells what to change.

    ``scopes`` are the token's (None: unknown), ``accepted_permissions`` what GitHub said that a
    token without scopes needs.
    """
    if face in _POLICIES:
        return _POLICIES[face]
    if kind is TokenKind.FINE_GRAINED or face == "token":
        return f"{_FINE_GRAINED}{_name_permissions(accepted_permissions)}, which is write access"
    if kind is TokenKind.APP or face == "integration":
        return f"{_APP}{_name_permissions(accepted_permissions)}, which is write access"
    if may_list(kind, scopes) is False or (face == "scope" and scopes is None):
        return (
            f"the token lacks the scope public_repo (it has {_name(scopes)}): grant public_repo, "
            "or repo for private repositories, or use a fine-grained token with Contents: read "
            f"and write; {_WRITE_ACCESS}"
        )
    if face == "scope":
        return (
            f"the scopes of the token ({_name(scopes)}) are not enough for this repository: "
            f"grant repo, or use a fine-grained token with Contents: read and write; "
            f"{_WRITE_ACCESS}"
        )
    return _PERSON


def _find(text: str, table: Iterable[tuple[str, str]]) -> str | None:
    lowered = text.lower()
    return next((word for words, word in table if words in lowered), None)


def _name(scopes: frozenset[str] | None) -> str:
    return "unknown ones" if scopes is None else ", ".join(sorted(scopes)) or "none"


def _name_permissions(accepted: str | None) -> str:
    """``X-Accepted-GitHub-Permissions`` in words; each ``;`` parts one way from another."""
    if not accepted:
        return ""
    ways = [way.strip().replace(",", " and ") for way in accepted.split(";") if way.strip()]
    return f" (GitHub names {' or '.join(ways)})"
