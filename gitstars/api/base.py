"""What the values of the admin API are made of."""

from typing import Annotated

import msgspec
from msgspec import Meta

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Whole = Annotated[int, Meta(ge=0)]
Number = Annotated[float, Meta(ge=0)]
WorkerCount = Annotated[int, Meta(ge=1, le=1000)]


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an answer. A field without a value is null, never left out."""


class Asked(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a call may bring; anything else is refused."""
