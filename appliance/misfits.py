"""What the types of a configuration refuse, as faults: a key that is not there, a value that does not fit.

Must not know: where in a text it stands, what a key means.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from appliance import toml_places as places
from appliance.found import Found, wrong
from appliance.found_in_configuration import ALLOWED


def of_key(raw: Mapping[str, object], kind: type[msgspec.Struct]) -> tuple[str, Found] | None:
    """The first key that ``kind`` does not have, with the nearest that it does have."""
    unknown = places.unknown_key(raw, kind)
    if unknown is None:
        return None
    key, nearest = unknown
    return key, wrong("no_such_key.nearest", nearest=nearest) if nearest else wrong("no_such_key")


def of_value(error: msgspec.ValidationError, kind: type[msgspec.Struct]) -> tuple[str, Found]:
    """The key whose value does not fit, and what is allowed there."""
    key, said = places.located(error)
    info = places.type_of(key, kind)
    inspect = msgspec.inspect
    match info:
        case inspect.Metadata() if description := (info.extra_json_schema or {}).get("description"):
            return key, wrong(f"misfit.{ALLOWED[description]}", said=said)
        case inspect.IntType() if info.ge is not None and info.le is not None:
            return key, wrong("misfit.whole", said=said, least=info.ge, most=info.le)
        case inspect.StrType() if info.max_length is not None:
            return key, wrong("misfit.long", said=said, most=info.max_length)
        case inspect.EnumType():
            choices = ", ".join(f'"{member.value}"' for member in info.cls)
            return key, wrong("misfit.choice", said=said, choices=choices)
        case _:
            return key, wrong("misfit", said=said)
