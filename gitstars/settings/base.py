"""What the sections of the settings share: how a key is described, and that no secret is shown."""

import re
from typing import Any

from msgspec import Meta, Struct


def setting(
    text: str, *, flag: str = "", env: str = "", secret: bool = False, **limits: Any
) -> Meta:
    """The description of a key. ``limits`` are those of ``Meta``, as ``ge`` or ``min_length``."""
    return Meta(description=text, extra={"flag": flag, "env": env, "secret": secret}, **limits)


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the sections. Its ``repr`` leaves secrets out, so that a section may be logged."""

    def __repr__(self) -> str:
        shown = (
            f"{name}={'***' if name in SECRET_NAMES else _hide(repr(getattr(self, name)))}"
            for name in self.__struct_fields__
        )
        return f"{type(self).__name__}({', '.join(shown)})"


#: Fields that are never shown.
SECRET_NAMES = frozenset({"password", "api_key", "read_key"})


def _hide(text: str) -> str:
    """``text`` without the user and password of an address."""
    return re.sub(r"//[^/\s]*@", "//***@", text)
