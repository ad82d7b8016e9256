"""The section ``[update]`` of the venue's TOML file: where new versions come from, and who looks for them.

Must not know: who uses which setting.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from appliance.sections import Section


class Look(StrEnum):
    """How often the box looks for a new version by itself. It never installs one by itself."""

    DAILY = "daily"
    NEVER = "never"


class Update(Section, frozen=True):
    # Root's downloader gets it: a host and a path in plain letters, without user, query or blanks.
    source: Annotated[
        str,
        Meta(
            pattern=r"^(https://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?)?\Z",
            max_length=300,
            description='a folder such as "https://updates.example.kz/qaqpa", or empty',
        ),
    ] = ""
    check: Look = Look.DAILY
