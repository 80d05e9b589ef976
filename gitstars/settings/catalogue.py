"""Every key of the configuration with its type, default, flag, variable and values, for the command
line, the reader of the configuration and the tests of the documentation.
"""

from typing import Any

from msgspec import Meta, Struct, inspect
from msgspec.structs import FieldInfo, fields

from gitstars.settings import Config


class Setting(Struct, frozen=True, kw_only=True):
    """One key of the configuration, as ``catalogue`` lists it.

    ``expected`` says in words what its values must be.
    """

    key: str
    type: Any
    default: Any
    description: str
    flag: str
    env: str
    secret: bool
    expected: str


def catalogue() -> tuple[Setting, ...]:
    """Every key, in the order of the sections."""
    return tuple(
        _describe(f"{section.name}.{field.name}", field)
        for section in fields(Config)
        for field in fields(type(section.default))
    )


def _describe(key: str, field: FieldInfo) -> Setting:
    meta = next(note for note in field.type.__metadata__ if isinstance(note, Meta))
    extra = meta.extra or {}
    return Setting(
        key=key,
        type=field.type,
        default=field.default,
        description=meta.description or "",
        flag=extra["flag"],
        env=extra["env"],
        secret=extra["secret"],
        expected=_expected(inspect.type_info(field.type)),
    )


def _expected(kind: inspect.Type) -> str:
    match kind:
        case inspect.Metadata(type=inner):
            return _expected(inner)
        case inspect.IntType(ge=low, le=high) | inspect.FloatType(ge=low, le=high):
            return f"{low:g}-{high:g}" if high is not None and high < 1_000_000 else f"{low}-{high}"
        case inspect.BoolType():
            return "true or false"
        case inspect.LiteralType(values=values):
            return " or ".join((", ".join(map(str, values[:-1])), str(values[-1])))
        case inspect.VarTupleType(item_type=item):
            return f"a list of {_expected(item)}"
        case inspect.StrType(min_length=least):
            return "a text that is not empty" if least else "a text"
    raise TypeError(f"no words for {kind!r}")
