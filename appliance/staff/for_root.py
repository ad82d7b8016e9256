"""The office for root, who may be the first to look into it. Must not know: who asks, pages."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from appliance.staff.office import Office
from appliance.users import CONSOLE_USER


def office_in(folder: Path, idle_s: float) -> Office:
    """The office in this folder; if it is made just now, it is the console's."""
    is_new = not folder.exists()
    office = Office.open(folder, idle_s, time.time)
    if is_new and os.geteuid() == 0:
        shutil.chown(folder, CONSOLE_USER, CONSOLE_USER)
    return office
