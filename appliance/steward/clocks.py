"""The boot clock: goes on while the machine sleeps, and no time server moves it."""

from __future__ import annotations

import time
from pathlib import Path

from appliance.steward.pending import Now


def now() -> Now:
    """This moment, and of which boot."""
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return Now(boot_id, time.clock_gettime(time.CLOCK_BOOTTIME))
