"""What the steward's words are made of; a part of ``appliance.steward.wire``. Must not know: any request."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Toml = Annotated[str, Meta(max_length=128 * 1024)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Staff = Annotated[str, Meta(pattern=r"^[!-~][ -~]{0,63}\Z")]
"""Who asks, by login: nothing that the gate would refuse to record, and nobody is nobody."""
