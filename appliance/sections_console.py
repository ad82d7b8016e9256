"""The section ``[console]`` of the venue's TOML file: where staff come from, and how they are served.

Must not know: who uses which setting.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from appliance.sections import OptionalFilePath, OptionalInterface, Port, Section


class Console(Section, frozen=True):
    interface: OptionalInterface = ""
    port: Port = 8443
    certificate_file: OptionalFilePath = ""
    key_file: OptionalFilePath = ""
    idle_minutes: Annotated[int, Meta(ge=1, le=1440)] = 30
