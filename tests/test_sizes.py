"""How large a module, a function and a class may become: past that, there is a seam to be found."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "gitstars").rglob("*.py"))

#: Lines of a module, lines of a function without its docstring, and fields of a class that change
#: after it was made.
MODULE_LINES, FUNCTION_LINES, MUTABLE_FIELDS = 300, 40, 8

#: What is larger today; nothing is added here, and what shrank has to go.
EXCEPTIONS: set[str] = {
    "gitstars/app.py",
    "gitstars/app.py __init__",
    "gitstars/cli/demo.py _set_up",
    "gitstars/execute/readings/stars.py StarsReading",
    "gitstars/simulator/control.py add_routes",
    "gitstars/simulator/render.py repository",
    "gitstars/simulator/rest.py _repository",
    "gitstars/simulator/world.py World",
    "gitstars/supervise/pulse.py Pulse",
}

CONTAINERS = {"list", "dict", "set", "deque", "Counter", "defaultdict", "OrderedDict"}


def name_of(module: Path) -> str:
    return str(module.relative_to(ROOT))


def count_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without those of its docstring and of the functions within."""
    first = function.body[0]
    is_told = ast.get_docstring(function) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if is_told else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def own_name(node: ast.expr) -> str | None:
    """The field that ``self.field`` names."""
    is_own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    if is_own and node.value.id == "self":  # type: ignore[attr-defined]
        return node.attr  # type: ignore[attr-defined, no-any-return]
    return None


def targets(node: ast.AST) -> list[ast.expr]:
    """What a statement assigns."""
    match node:
        case ast.Assign():
            found = list(node.targets)
        case ast.AugAssign() | ast.AnnAssign():
            found = [node.target]
        case ast.Delete():
            found = list(node.targets)
        case _:
            return []
    return [part for one in found for part in (one.elts if isinstance(one, ast.Tuple) else [one])]


def makes_container(value: ast.expr | None) -> bool:
    is_call = isinstance(value, ast.Call) and isinstance(value.func, ast.Name)
    is_known = is_call and value.func.id in CONTAINERS  # type: ignore[union-attr]
    return is_known or isinstance(
        value, ast.List | ast.Dict | ast.Set | ast.DictComp | ast.ListComp
    )


def mutable_fields(node: ast.ClassDef) -> set[str]:
    """Fields that a method assigns after ``__init__``, or that hold a container from then on."""
    found: set[str] = set()
    for method in node.body:
        if not isinstance(method, ast.FunctionDef):
            continue
        for statement in ast.walk(method):
            for target in targets(statement):
                name = own_name(target)
                if name is not None and (
                    method.name != "__init__" or makes_container(getattr(statement, "value", None))
                ):
                    found.add(name)
    return found


def find_too_large(module: Path) -> Iterator[tuple[str, str]]:
    """Everything in ``module`` that is larger than it may be: its name, and how large it is."""
    name, lines = name_of(module), len(module.read_text().splitlines())
    if lines > MODULE_LINES:
        yield name, f"{lines} lines"
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.FunctionDef) and count_lines(node) > FUNCTION_LINES:
            yield f"{name} {node.name}", f"{count_lines(node)} lines"
        if isinstance(node, ast.ClassDef) and len(mutable_fields(node)) > MUTABLE_FIELDS:
            yield f"{name} {node.name}", f"changes {sorted(mutable_fields(node))}"


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_modules_functions_and_classes_fit_in_a_head(module: Path) -> None:
    too_large = dict(find_too_large(module))

    excused = {name for name in EXCEPTIONS if name.split()[0] == name_of(module)}
    assert {name: size for name, size in too_large.items() if name not in excused} == {}
    assert excused - set(too_large) == set(), "what shrank is no exception any more"


@pytest.mark.parametrize(
    ("source", "fields"),
    [
        ("class A:\n def __init__(self):\n  self.a = 1; self.b = []\n", {"b"}),
        ("class A:\n def go(self):\n  self.a, self.b = 1, 2; self.c += 1\n", {"a", "b", "c"}),
        ("class A:\n def go(self):\n  other.a = 1; self.a.b = 2\n", set()),
    ],
)
def test_fields_that_change_are_found(source: str, fields: set[str]) -> None:
    node = ast.parse(source).body[0]

    assert isinstance(node, ast.ClassDef)
    assert mutable_fields(node) == fields
