"""A venue that has everything of its own, and as large as its configuration may make it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from appliance.wire import Language
from portal.visitor.brand import Brand

LOGO = "data:image/png;base64," + "A" * 4 * (8 * 1024 // 3 + 1)
"""8 KB, the most that is taken."""
SMALL = "data:image/png;base64,iVBORw0KGgo="
TERMS = {
    Language.KAZAKH: "Желіні заңға сай пайдаланамын.\n\nНөмірім журналда сақталады.",
    Language.RUSSIAN: "Обязуюсь соблюдать закон.\n\nМой номер хранится в журнале.",
    Language.ENGLISH: "I use the network lawfully.\n\nMy number is kept in the journal.",
}


def brand(logo: str = SMALL, terms: dict[Language, str] = TERMS) -> Brand:
    """The brand of such a venue."""
    return Brand("Asia/Almaty", "#7a1f5c", "#d27fb8", logo, "https://cafe.example.kz/menu", terms)


def written(folder: Path, made: Brand) -> str:
    """The path of the brand as the portal reads it."""
    path = folder / "portal.json"
    path.write_bytes(msgspec.json.encode(made))
    return str(path)
