"""Extracts that these tests share: of a small journal, signed with a key of the tests' own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from journal.columns import Language
from journal.extract import Made, Signer, make
from journal.extract_data import Order
from journal.notary import Notary
from journal.signing import SealKey, fingerprint
from journal.wanted import Wanted

KEY = SealKey(b"k" * 32)
OTHER_KEY = SealKey(b"o" * 32)
FINGERPRINT = fingerprint(KEY.public)
ALMATY = ZoneInfo("Asia/Almaty")
ORDER = Order(
    wanted=Wanted(),
    by="ayan",
    why="тексеру №5",
    made=datetime(2026, 11, 22, 5, tzinfo=UTC),
    venue="Кафе «Ұлы дала»",
    rules="67/2016",
    version="0.1.0",
    zone=ALMATY,
    language=Language.KAZAKH,
)


def extract(
    journal: Path, target: Path, wanted: Wanted | None = None, *formats: str, signer: Signer | None = None
) -> Made:
    """Make one; without formats, all there are."""
    order = replace(ORDER, wanted=wanted or Wanted(), formats=formats or ORDER.formats)
    return make(journal, target, order, signer or Notary(journal, KEY))
