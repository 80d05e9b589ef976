"""GitHub's tokens: their kinds, what each may list, and how one is cleaned before it is sent.

Nothing here decides by the kind alone whether a list is tried: an answer of GitHub tells.
"""

import re
from enum import StrEnum

from gitstars.errors import TokenUnusable

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
#: What to do without a token.
CREATE = "create one at https://github.com/settings/tokens, or use `gh auth token`"
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


def read_token(given: str) -> str:
    """A token that somebody gave, as it is sent. Whatever does not look like one is not sent
    anywhere: it may be a password.

    Raises TokenUnusable.
    """
    token = clean_token(given)
    if token is None:
        raise TokenUnusable(f"no token was given; {CREATE}")
    if token.startswith(("ssh-", "ecdsa-", "-----BEGIN", "sk-ssh-")):
        raise TokenUnusable(f"this is an SSH key and no token; {CREATE}")
    if (found := find_unsendable(token)) is not None:
        raise TokenUnusable(f"the token has {found}; copy it again, alone and in one line")
    is_old = re.fullmatch("[0-9a-f]{40}", token) is not None
    if not is_old and not token.startswith(tuple(prefix for prefix, _ in PREFIXES)):
        known = ", ".join(prefix for prefix, _ in PREFIXES)
        raise TokenUnusable(
            f"this does not look like a token of GitHub, which begins with {known}; it was sent "
            f"nowhere; {CREATE}"
        )
    return token
