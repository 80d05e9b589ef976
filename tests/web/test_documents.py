"""The admin API's page tells of every route and every code."""

import re
from pathlib import Path

import pytest

from gitstars.web.answers import explain_mismatch
from gitstars.web.openapi import describe_api

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "admin-api.md").read_text()


def test_every_route_is_told() -> None:
    told = {
        (method, path.replace(":id", "{id}"))
        for method, path in re.findall(r"^\| `(GET|POST|PUT|DELETE) (/\S*?)`", PAGE, re.MULTILINE)
    }

    described = {
        (method.upper(), path)
        for path, methods in describe_api()["paths"].items()
        for method in methods
    }
    assert described == told - {
        ("GET", path) for path in ("/", "/health", "/livez", "/readyz", "/metrics")
    }


def test_every_code_is_told() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "gitstars" / "web").glob("*.py"))
    used = set(re.findall(r'refusal\(\s*\d+,\s*"(\w+)"', sources)) | {
        "bad_request",
        "unknown_route",
        "wrong_method",
        "failed",
    }

    rows = re.findall(r"^\| \d{3} \| (.*?) \|", PAGE, re.MULTILINE)
    assert {code for row in rows for code in re.findall(r"`(\w+)`", row)} == used


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Expected `int` <= 500 - at `$.limit`", "limit: expected int <= 500"),
        ("Object contains unknown field `x`", "object contains unknown field x"),
        ("Expected `bool`, got `str` - at `$.a[0].b`", "a[0].b: expected bool, got str"),
    ],
)
def test_what_does_not_fit_is_told_by_its_place(said: str, told: str) -> None:
    assert explain_mismatch(said) == told
