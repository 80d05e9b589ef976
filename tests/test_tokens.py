"""Tokens: their kinds, what their scopes let them list, and what is cleaned off them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitstars.errors import TokenUnusable
from gitstars.tokens import (
    TokenKind,
    clean_token,
    find_unsendable,
    may_list,
    read_token,
    token_kind,
)

#: A token of an app installation as GitHub makes them since April 2026.
LONG_APP_TOKEN = "ghs_" + "eyJhbGciOi-JSUzI1NiJ9." * 23 + "0123456789"


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("github_pat_11AAAA_bbbb", TokenKind.FINE_GRAINED),
        ("ghp_0123456789", TokenKind.CLASSIC),
        ("gho_0123456789", TokenKind.OAUTH),
        ("ghu_0123456789", TokenKind.APP),
        ("ghs_0123456789", TokenKind.APP),
        (LONG_APP_TOKEN, TokenKind.APP),
        ("0123456789abcdef0123456789abcdef01234567", TokenKind.CLASSIC),
        ("", TokenKind.CLASSIC),
    ],
)
def test_a_token_shows_its_kind_by_its_beginning(token: str, kind: TokenKind) -> None:
    assert token_kind(token) is kind


@pytest.mark.parametrize(
    ("kind", "scopes", "expected"),
    [
        (TokenKind.CLASSIC, frozenset({"public_repo"}), True),
        (TokenKind.CLASSIC, frozenset({"repo"}), True),
        (TokenKind.OAUTH, frozenset({"read:user", "public_repo"}), True),
        (TokenKind.CLASSIC, frozenset[str](), False),
        (TokenKind.OAUTH, frozenset({"read:user", "repo:status"}), False),
        (TokenKind.CLASSIC, None, None),
        (TokenKind.OAUTH, None, None),
        (TokenKind.FINE_GRAINED, None, None),
        (TokenKind.FINE_GRAINED, frozenset({"read:user"}), None),
        (TokenKind.APP, None, None),
        (TokenKind.APP, frozenset({"repo"}), None),
    ],
)
def test_scopes_tell_what_a_token_may_list_only_where_tokens_have_scopes(
    kind: TokenKind, scopes: frozenset[str] | None, expected: bool | None
) -> None:
    assert may_list(kind, scopes) is expected


@pytest.mark.parametrize(
    ("raw", "token"),
    [
        ("gho_abc", "gho_abc"),
        ("  gho_abc\n", "gho_abc"),
        ("\r\n\tgho_abc \xa0", "gho_abc"),
        ("\ufeffgho_abc\u200b", "gho_abc"),
        (" \ufeff \u2060gho_abc\u200d \u200c\n", "gho_abc"),
        ("gho_a\nbc", "gho_a\nbc"),
        (LONG_APP_TOKEN + "\n", LONG_APP_TOKEN),
        ("", None),
        (" \n\ufeff", None),
        (None, None),
        (7, None),
        (["gho_abc"], None),
        ({"token": "gho_abc"}, None),
        (b"gho_abc", None),
    ],
)
def test_what_stands_around_a_token_is_removed(raw: object, token: str | None) -> None:
    assert clean_token(raw) == token


@pytest.mark.parametrize(
    ("token", "found"),
    [
        ("gho_abc", None),
        (LONG_APP_TOKEN, None),
        ("github_pat_11AAAA_bbbb", None),
        ("gho_a\nbc", "a line break at character 6"),
        ("gho_a\rbc", "a line break at character 6"),
        ("gho_a\tbc", "a tab at character 6"),
        ("gho_a bc", "a space at character 6"),
        ("gho_a\xa0bc", "a space at character 6"),
        ("gho_\0", "a null character at character 5"),
        ("gho_\x7f", "U+007F at character 5"),
        ("gho_ä", "U+00E4 at character 5"),
        ("gho_\u2028", "U+2028 at character 5"),
        ("gho_\U0001f600", "U+1F600 at character 5"),
        ("\udc80", "U+DC80 at character 1"),
    ],
)
def test_a_character_that_no_header_may_hold_is_named_and_the_token_is_not(
    token: str, found: str | None
) -> None:
    assert find_unsendable(token) == found


@given(raw=st.text())
def test_a_clean_token_stays_as_it_is_and_is_sendable_or_has_a_named_fault(raw: str) -> None:
    token = clean_token(raw)

    if token is None:
        return
    assert clean_token(token) == token
    can_be_sent = token.isascii() and token.isprintable() and " " not in token
    assert (find_unsendable(token) is None) == can_be_sent


@pytest.mark.parametrize(
    "text",
    ["ghp_abc", "gho_abc", "ghu_abc", "ghs_abc.def-1", "github_pat_11AB_c", "0123456789" * 4],
)
def test_a_token_that_somebody_gives_is_read_without_what_is_around_it(text: str) -> None:
    assert read_token(f" \ufeff{text}\r\n") == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no token was given"),
        ("\u200b \n", "no token was given"),
        ("hunter2", "does not look like a token"),
        ("0123456789abcdef", "does not look like a token"),
        ("ssh-rsa AAAAB3", "an SSH key"),
        ("ghp_a b", "a space at character 6"),
        ("ghp_\u00e4", "U+00E4 at character 5"),
    ],
)
def test_what_is_no_token_is_refused_without_being_shown(text: str, said: str) -> None:
    with pytest.raises(TokenUnusable) as told:
        read_token(text)

    assert said in str(told.value)
    assert not text.strip("\u200b \n") or text not in str(told.value)


@given(st.text())
def test_any_text_is_a_token_or_is_refused(text: str) -> None:
    with suppress(TokenUnusable):
        assert find_unsendable(read_token(text)) is None
