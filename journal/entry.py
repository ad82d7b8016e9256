"""What all entries have in common. Must not know: any kind of them."""

from __future__ import annotations

import msgspec


class Stamp(msgspec.Struct, frozen=True):
    """When an entry was recorded, on both clocks: a router has no battery clock, so UTC alone may lie."""

    utc_ms: int
    """Milliseconds since 1970-01-01T00:00:00Z as the system clock said."""
    boot_id: str
    """/proc/sys/kernel/random/boot_id: which boot ``boot_ms`` counts from."""
    boot_ms: int
    """Milliseconds since boot (CLOCK_BOOTTIME), which no clock setting moves."""


class Kind(msgspec.Struct, frozen=True, tag_field="kind", omit_defaults=False, forbid_unknown_fields=True):
    """What every kind of entry has in common: it is told apart by ``kind``, and knows no other fields than its own."""
