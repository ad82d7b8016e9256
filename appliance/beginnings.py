"""What a new venue begins with: texts of terms and what is known of SMS providers, read from data files once.

    >>> presets()[0].name
    'SMSC.kz'

Must not know: pages, the configuration of this venue.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import msgspec

from appliance.sections import SmsProvider, VenueTerms

_HERE = Path(__file__).parent


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one provider, or of many that are alike."""

    id: str
    values: dict[str, str | int | bool]
    """Keys of [[sms.provider]]; an empty host is the owner's to fill in."""
    asks: tuple[str, ...]
    """What to ask the provider for."""
    name: str = ""
    """A brand; "": generic, named by its id in the console's catalogue."""


class _Presets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    preset: tuple[Preset, ...]


@cache
def presets() -> tuple[Preset, ...]:
    """All presets, the likeliest first."""
    found = msgspec.toml.decode((_HERE / "sms_presets.toml").read_bytes(), type=_Presets).preset
    for each in found:
        if unknown := set(each.values) - set(SmsProvider.__struct_fields__):
            raise ValueError(f"sms_presets.toml: {each.id}: no keys of [[sms.provider]]: {unknown}")
    return found


@cache
def terms() -> VenueTerms:
    """Texts that suit most venues."""
    texts = tomllib.loads((_HERE / "terms_texts.toml").read_text(encoding="utf-8"))
    return msgspec.convert({language: text.strip() for language, text in texts.items()}, VenueTerms)
