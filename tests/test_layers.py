"""The rules of the house that a program can check: who imports whom, where each library lives,
how modules look.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "gitstars"
MODULES = sorted(PACKAGE.rglob("*.py"))

LEAVES = {
    "api",
    "clock",
    "config",
    "build",
    "early",
    "errors",
    "events",
    "interrupts",
    "log",
    "loops",
    "model",
    "naming",
    "parent",
    "redaction",
    "settings",
    "tokens",
    "way_out",
}
STAGES = {
    "discover",
    "dispatch",
    "execute",
    "fetch",
    "simulator",
    "report",
    "store",
    "supervise",
    "web",
    "cli",
}

#: stage -> the stages that it may import; leaves always.
MAY_IMPORT = {
    "fetch": set(),
    "store": set(),
    "dispatch": set(),
    "simulator": set(),
    "discover": {"dispatch", "store"},
    "execute": {"dispatch", "fetch", "store"},
    "report": {"store"},
    "supervise": {"dispatch", "execute", "report", "store"},
    "web": {"report", "supervise"},
    "app": {"discover", "dispatch", "execute", "fetch", "store", "supervise", "web"},
    "once": {"dispatch", "execute", "fetch", "store", "supervise"},
    "cli": {"app", "once"},
}

#: Commands that are a door to one stage, or need several without a server: module -> stages beyond
#: those of ``cli``.
DOORS = {
    "cli/chart.py": {"report"},
    "cli/desk_direct.py": {"fetch", "store", "supervise"},
    "cli/listing.py": {"dispatch", "execute", "fetch", "store"},
    "cli/reader_direct.py": {"store", "supervise"},
    "cli/engine_host.py": {"store"},
    "cli/simulate.py": {"simulator"},
    "cli/demo.py": {"simulator", "store"},
    "cli/demo_data.py": {"simulator", "store"},
    "cli/doctor_database.py": {"store"},
    "cli/doctor_files.py": {"store"},
    "cli/doctor_github.py": {"fetch"},
}

#: library -> where it lives.
HOMES = {
    "requests": {"fetch", "cli"},
    "surrealdb": {"store"},
    "surrealdb_embedded": {"store"},
    "bottle": {"web", "simulator"},
    "cachetools": {"web"},
    "gevent.pywsgi": {"web", "simulator"},
    "graphql": {"simulator"},
    "psutil": {"supervise"},
    "click": {"cli"},
    "rich": {"cli"},
    "tomli": {"settings"},
    "dotenv": {"settings"},
    "platformdirs": {"config"},
    "prometheus_client": {"web"},
}

#: The environment is the configuration's; here are the exceptions, and why.
MAY_READ_ENVIRONMENT = {
    "config.py",
    "__main__.py",  # the launcher of the one-file binary says how it was called
    "store/engine.py",  # hands the child a cleaned environment
    "simulator/process.py",  # likewise
}
#: Threads and processes without gevent's patch have no event to wait for.
MAY_SLEEP = {"supervise/watchdog.py", "store/engine_child.py"}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def part_of(module: Path) -> str:
    """The stage, leaf or root module that a file belongs to: ``fetch``, ``config``, ``app``."""
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it; ``from a import b`` counts as ``a.b``."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_id(path: Path) -> str:
    return name_of(path)


@pytest.fixture(params=MODULES, ids=module_id)
def module(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_every_part_of_the_package_has_its_rule() -> None:
    parts = {part_of(path) for path in MODULES} - {"__init__", "__main__", "_monkey"}

    assert parts - LEAVES - set(MAY_IMPORT) == set()


def test_a_module_imports_only_what_its_stage_may(module: Path) -> None:
    part = part_of(module)
    if part in {"__init__", "__main__", "_monkey"}:
        return
    allowed = (
        LEAVES
        | {part}
        | MAY_IMPORT.get(part, set())
        | DOORS.get(name_of(module), set())
        | {"__version__"}
    )

    ours = {name.split(".")[1] for name in imports(module) if name.startswith("gitstars.")}

    assert ours - allowed == set()


def test_a_library_is_imported_only_at_home(module: Path) -> None:
    for name in imports(module):
        home = next(
            (HOMES[library] for library in HOMES if f"{name}.".startswith(f"{library}.")), None
        )
        assert home is None or part_of(module) in home, f"{name} lives in {home}"


def test_a_module_tells_what_it_does(module: Path) -> None:
    assert ast.get_docstring(ast.parse(module.read_text())), "no docstring"


def test_nothing_catches_more_than_it_means(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"bare except in line {node.lineno}"


def test_only_the_configuration_reads_the_environment(module: Path) -> None:
    uses = re.findall(r"\bos\.(?:environ|getenv)\b", module.read_text())

    assert not uses or name_of(module) in MAY_READ_ENVIRONMENT


def test_only_the_lifecycle_writes_the_status_of_a_repository(module: Path) -> None:
    text = " ".join(module.read_text().split())

    writes = re.findall(
        r"(?:UPDATE|UPSERT|CREATE|DELETE|INTO) (?:ONLY )?repo_processing_status\b", text
    )

    assert not writes or name_of(module).startswith("store/lifecycle/")


def test_nothing_sleeps_by_the_clock(module: Path) -> None:
    sleeps = re.findall(r"\btime\.sleep\(|from time import .*\bsleep\b", module.read_text())

    assert not sleeps or name_of(module) in MAY_SLEEP


def test_names_say_what_a_thing_is(module: Path) -> None:
    vague = re.compile(r"manager|helper|utils|common|misc", re.I)
    names = [
        node.name
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    ]

    assert [name for name in (module.stem, *names) if vague.search(name)] == []
    assert module.stem not in {
        "json",
        "logging",
        "time",
        "types",
        "random",
        "signal",
        "select",
        "socket",
    }


def test_a_package_docstring_stands_in_every_stage() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders <= STAGES | LEAVES
    assert all((PACKAGE / stage / "__init__.py").is_file() for stage in STAGES)


PUBLISHED = [
    *(
        path
        for suffix in ("*.py", "*.md", "*.toml", "*.txt", "*.js", "*.html", "*.css")
        for path in ROOT.rglob(suffix)
    ),
    ROOT / "Makefile",
    ROOT / "pyinstaller.spec",
]


def test_the_lock_file_holds_hashes_and_no_addresses() -> None:
    lock = (ROOT / "requirements.txt").read_text()

    pins = re.findall(r"(?m)^[a-z0-9._-]+==\S+(.*)$", lock)
    assert len(pins) > 30
    assert all(pin.endswith("\\") for pin in pins), "a pin without hashes"
    assert not re.search(r"://|(?m:^--)|file:/|/(?:opt|home|root|work|tmp)/", lock)


def test_nothing_published_names_this_machine() -> None:
    forbidden = re.compile(
        "/wo" + "rk/|" + r"\.\./sha" + "red|file:///" + "opt|py" + r"pi\.org|registry\.np" + "mjs"
    )
    hidden = {".venv", "build", "dist", ".git", "node_modules", "vendor"}

    texts = {
        path: path.read_text(errors="replace")
        for path in PUBLISHED
        if not hidden & set(path.relative_to(ROOT).parts)
    }

    assert {
        str(path.relative_to(ROOT)): forbidden.findall(text)
        for path, text in texts.items()
        if forbidden.search(text)
    } == {}
