"""No secret survives in whatever text it stands, and no sentence of ours is taken for one."""

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitstars import redaction
from gitstars.events import EventBus
from gitstars.redaction import REDACTED, Redactor, redact, redact_values
from tests.waiting import PATIENCE_SECONDS

ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
PACKAGE = Path(redaction.__file__).parent
#: Pieces of a token of this length would help somebody who guesses (characters).
TELLING = 8


def texts_of(alphabet: str, least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=least, max_size=most)


def web_token(draw: st.DrawFn) -> str:
    """Like the tokens that GitHub gives to app installations since April 2026."""
    head, body, end = (draw(texts_of(f"{ALNUM}-_", 20, 240)) for _ in range(3))
    return f"ghs_{draw(st.integers(1, 10**7))}_eyJ{head}.eyJ{body}.{end}"


@st.composite
def github_tokens(draw: st.DrawFn) -> str:
    """A token of any kind that GitHub gives or gave."""
    kind = draw(st.sampled_from(("ghp", "gho", "ghu", "ghs", "ghr", "pat", "jwt", "hex")))
    if kind == "jwt":
        return web_token(draw)
    if kind == "hex":
        return draw(texts_of("0123456789abcdef", 40, 40))
    if kind == "pat":
        return f"github_pat_{draw(texts_of(ALNUM, 22, 22))}_{draw(texts_of(ALNUM, 59, 59))}"
    return f"{kind}_{draw(texts_of(ALNUM, 36, 36))}"


def pieces(token: str) -> set[str]:
    return {token[start : start + TELLING] for start in range(len(token) - TELLING + 1)}


NEIGHBOURS = st.one_of(
    st.text(max_size=60),
    texts_of(f"{ALNUM}_-./:=' \"", 0, 60),
    st.sampled_from(
        (
            "",
            "Authorization: Bearer ",
            "('Authorization', 'token ",
            "https://joe:",
            "@host/x",
            "token ",
            "gho_",
            "ghs_abc.def-",
            "eyJhbGciOiJIUzI1NiJ9.",
            "\\n",
            "[redacted]",
        )
    ),
)


@given(github_tokens(), NEIGHBOURS, NEIGHBOURS)
def test_no_piece_of_a_token_survives_wherever_it_stands(
    token: str, before: str, after: str
) -> None:
    cleaned = redact(before + token + after)

    around = pieces(before + REDACTED) | pieces(REDACTED + after) | pieces(before + after)
    assert not {piece for piece in pieces(token) - around if piece in cleaned}
    assert REDACTED in cleaned
    assert redact(cleaned) == cleaned


@given(st.lists(st.one_of(NEIGHBOURS, github_tokens()), max_size=6))
def test_a_text_that_was_redacted_stays_as_it_is(parts: list[str]) -> None:
    once = redact("".join(parts))

    assert redact(once) == once


@given(github_tokens(), st.integers(0, 30), st.integers(6, 40))
def test_a_registered_secret_and_a_token_that_overlap_both_go(
    token: str, start: int, length: int
) -> None:
    redactor = Redactor()
    secret = token[start : start + length]
    redactor.register(secret)

    cleaned = redactor.clean(f"{secret} {token} {secret}")

    assert cleaned == f"{REDACTED} {REDACTED} {REDACTED}" or len(secret) < 6


@given(github_tokens())
def test_a_token_deep_in_the_data_of_an_event_never_reaches_a_listener(token: str) -> None:
    bus = EventBus()

    with bus.listen() as listener:
        bus.publish("repo.failed", 1.0, reason=f"no: {token}", all=[{"x": [token]}], count=3)
        (happening,) = listener.take(PATIENCE_SECONDS)

    assert token not in json.dumps(happening.data)
    assert happening.data["count"] == 3


def test_plain_values_keep_their_shape() -> None:
    value = {"a": [1, None, True, "x"], "b": {"c": 1.5}}

    assert redact_values(value) == value


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Authorization: Basic am9lOnB3", "Authorization: [redacted]"),
        ("authorization=secret&x=1", "authorization=[redacted]"),
        ('{"Authorization": "Bearer abc"}', '{"Authorization": "[redacted]"}'),
        ("('Authorization', b'Bearer abc')", "('Authorization', b'[redacted]')"),
        ("sent bearer 0123456789abcdef0123", "sent bearer [redacted]"),
        ("at ws://root:pw@host:8000/rpc", "at ws://[redacted]@host:8000/rpc"),
        ("key_ghs_0123456789", "key_[redacted]"),
        ("octo/high_priority (5) has 12 stars", "octo/high_priority (5) has 12 stars"),
        ("the token was rejected", "the token was rejected"),
        ("a token authentication-failed", "a token authentication-failed"),
        ("in the header Authorization, please", "in the header Authorization, please"),
    ],
)
def test_authorization_values_go_and_ordinary_words_stay(text: str, clean: str) -> None:
    assert redact(text) == clean


def test_a_short_secret_does_not_blacken_ordinary_words() -> None:
    redactor = Redactor()
    redactor.register("root")

    assert redactor.clean("root cause") == "root cause"


#: Tokens of the simulated GitHub, which are made up, and the forms themselves.
HAS_EXAMPLES = ("simulator", "demo", "simulate", "redaction", "tokens")


def test_no_sentence_of_ours_is_taken_for_a_secret() -> None:
    changed = {}
    for path in PACKAGE.rglob("*.py"):
        if any(word in path.as_posix() for word in HAS_EXAMPLES):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            if redact(node.value) != node.value:
                changed[path.name, node.lineno] = redact(node.value)

    assert changed == {}
