"""The documents: their lines fit, their links lead somewhere, and the modules that they name exist.

What a document says of settings, routes, tables and endings is held beside the code that it is
about.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "gitstars"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MOST_COLUMNS = 100
MOST_WORDS = 25


def document_id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(params=DOCUMENTS, ids=document_id)
def document(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def prose(text: str) -> Iterator[tuple[int, str]]:
    """The lines, numbered from 1, that stand in no block of code and in no table."""
    is_code = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif not (is_code or line.startswith("    ") or line.lstrip().startswith("|")):
            yield number, line


def anchors(text: str) -> set[str]:
    """The names under which GitHub links to the headings."""
    headings = [line.lstrip("#") for _, line in prose(text) if re.match(r"#{1,6} ", line)]
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in headings}


def test_lines_of_prose_have_a_hundred_characters_at_most(document: Path) -> None:
    text = document.read_text()

    assert [number for number, line in prose(text) if len(line) > MOST_COLUMNS] == []


def test_tables_stand_on_lines_of_their_own(document: Path) -> None:
    text = document.read_text()

    assert [number for number, line in prose(text) if "|---" in line] == []


def test_relative_links_lead_to_a_file_and_a_heading(document: Path) -> None:
    links = re.findall(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)", document.read_text())

    dead = []
    for target, anchor in links:
        path = (document.parent / target).resolve() if target else document
        is_there = path.exists() and (not anchor or anchor in anchors(path.read_text()))
        if not is_there:
            dead.append(f"{target}#{anchor}")
    assert dead == []


def test_the_modules_that_a_document_names_exist(document: Path) -> None:
    folders = "|".join(path.name for path in PACKAGE.iterdir() if path.is_dir())
    named = re.findall(rf"`(?:gitstars/)?((?:{folders})/[\w/]*(?:\.py)?)`", document.read_text())

    assert [name for name in named if not (PACKAGE / name).exists()] == []


def test_the_glossary_is_short_and_sorted() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text()

    words = re.findall(r"(?m)^\| ([\w-]+) \| [A-Z]", text)
    assert 0 < len(words) <= MOST_WORDS
    assert words == sorted(words)


def test_every_departure_from_the_design_has_a_page() -> None:
    architecture = (ROOT / "docs" / "architecture.md").read_text()
    table = architecture.partition("## Where it departs from the original design")[2]
    pages = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    index = (ROOT / "docs" / "decisions" / "README.md").read_text()

    rows = re.findall(r"(?m)^\| (?!the original)\w", table)
    assert len(pages) == len(rows)
    assert [page.name for page in pages if page.name not in index] == []


def test_the_readme_links_to_every_document() -> None:
    readme = (ROOT / "README.md").read_text()
    names = [
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/decisions/README.md",
        *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
    ]

    assert [name for name in names if f"({name}" not in readme] == []
