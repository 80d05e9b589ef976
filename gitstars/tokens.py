"""GitHub's tokens: their kinds, what each may list, and how one is cleaned before it is sent.

Nothing here decides by the kind alone whether a list is tried: an answer of GitHub tells.
"""

from enum import StrEnum

#: A classic or OAuth token lists what its owner may list with either of these scopes. Both include
#: write access.
LISTING_SCOPES = frozenset({"public_repo", "repo"})


class TokenKind(StrEnum):
    """The kinds of tokens, as far as they differ in what they may list."""

    CLASSIC = "classic"
    OAUTH = "oauth"
    FINE_GRAINED = "fine_grained"
    APP = "app"


#: What the tokens of a kind begin with. Those of app installations (``ghs_``) have about 520
#: characters since April 2026, with dots and dashes in them; the others are shorter.
PREFIXES = (
    ("github_pat_", TokenKind.FINE_GRAINED),
    ("ghp_", TokenKind.CLASSIC),
    ("gho_", TokenKind.OAUTH),
    ("ghu_", TokenKind.APP),
    ("ghs_", TokenKind.APP),
)
#: What people copy along with a token and do not see: besides white space, a byte order mark and
#: zero-width characters.
INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
#: Names of the characters that are met most in tokens that cannot be sent.
_NAMES = {
    "\n": "a line break",
    "\r": "a line break",
    "\t": "a tab",
    " ": "a space",
    "\xa0": "a space",
    "\0": "a null character",
}


def token_kind(token: str) -> TokenKind:
    """The kind of a token by its prefix; tokens from before the prefixes are classic ones."""
    return next((kind for prefix, kind in PREFIXES if token.startswith(prefix)), TokenKind.CLASSIC)


def may_list(kind: TokenKind, scopes: frozenset[str] | None) -> bool | None:
    """Whether a token may list what its owner may list, as far as its scopes tell.

    None: only an answer tells, since the token is of a kind without scopes or they are not known.
    """
    if kind not in (TokenKind.CLASSIC, TokenKind.OAUTH) or scopes is None:
        return None
    return bool(LISTING_SCOPES & scopes)


def clean_token(raw: object) -> str | None:
    """A token without white space and invisible characters around it; None: there is none."""
    if not isinstance(raw, str):
        return None
    token, before = raw, None
    while token != before:
        token, before = token.strip().strip(INVISIBLE), token
    return token or None


def find_unsendable(token: str) -> str | None:
    """The first character of a token that no header may hold, in words: "a line break at
    character 12"; None: it can be sent.

    The words never contain a part of the token.
    """
    for number, character in enumerate(token, 1):
        if not "!" <= character <= "~":
            name = _NAMES.get(character, f"U+{ord(character):04X}")
            return f"{name} at character {number}"
    return None
