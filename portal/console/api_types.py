"""What the JSON interface takes and gives. The wire's own types may change with the gate; these are promised.

Times are RFC 3339, in UTC. Must not know: addresses, who asks.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from appliance.steward.wire import LightName
from appliance.wire import Language, Phase, Trouble
from appliance.wire_console import VisitSort
from portal.console.jobs import State as JobState
from portal.console.jobs import Why
from portal.console.lights import State as LightState
from portal.console.lights import Verdict

Text = Annotated[str, Meta(max_length=64)]
Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?\Z", max_length=25)]
Format = Literal["csv", "xlsx", "pdf", "jsonl"]


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a program sends; a field that is none is refused."""


class SeekVisits(Given, frozen=True):
    """Which live visits."""

    query: Text = ""
    """Digits of a number, hexadecimal digits of a MAC address, an IP address; empty: all."""
    sort: VisitSort = VisitSort.BEGAN
    descending: bool = True
    offset: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    whole: bool = False
    """Subscriber numbers whole: the journal records who asked."""


class Visit(msgspec.Struct, frozen=True):
    """A live visit."""

    visit: str
    device: str
    """MAC address."""
    number: str
    """E.164, masked unless asked for whole; empty: it was not by number."""
    method: str
    """sms, desk, document or voucher."""
    phase: Phase
    addresses: tuple[str, ...]
    began: datetime
    left: datetime | None
    """Since when it is away."""
    up_bytes: int
    """From the device."""
    down_bytes: int


class Visits(msgspec.Struct, frozen=True):
    """Some of the live visits."""

    total: int
    """How many match."""
    visits: tuple[Visit, ...]


class OrderVouchers(Given, frozen=True):
    """A batch to be made."""

    label: Annotated[str, Meta(min_length=1, max_length=64)]
    count: Annotated[int, Meta(ge=1, le=500)]
    max_s: Annotated[int, Meta(ge=0, le=2_592_000)] = 0
    """How long a visit with one lasts; 0: as long as the device stays."""
    quota_mb: Annotated[int, Meta(ge=0, le=10_000_000)] = 0
    """0: unlimited."""
    valid_days: Annotated[int, Meta(ge=1, le=1096)] = 90


class MadeVouchers(msgspec.Struct, frozen=True):
    """A new batch; its codes are told this once."""

    batch: str
    codes: tuple[str, ...]


class VoucherBatch(msgspec.Struct, frozen=True):
    """A batch of vouchers, without its codes."""

    batch: str
    label: str
    count: int
    used: int
    max_s: int
    quota_bytes: int
    expires: datetime
    void: bool


class VoucherBatches(msgspec.Struct, frozen=True):
    """All batches, the oldest first."""

    batches: tuple[VoucherBatch, ...]


class OrderExtract(Given, frozen=True):
    """An extract to be made: the visits of a period, signed."""

    why: Annotated[str, Meta(min_length=1, max_length=200)]
    """Recorded, and printed on the extract."""
    since: Moment | None = None
    """A day at the venue, or a time; None: from the beginning."""
    until: Moment | None = None
    """The last day, included, or the time when the period ends; None: to the end."""
    number: Text = ""
    device: Text = ""
    name: Text = ""
    workstation: Text = ""
    formats: Annotated[tuple[Format, ...], Meta(min_length=1, max_length=4)] = ("csv", "xlsx", "pdf", "jsonl")
    language: Language | None = None
    """None: the venue's."""


class Extract(msgspec.Struct, frozen=True):
    """How far an extract is; it is there for an hour, for the token that asked for it."""

    extract: str
    state: JobState
    part: float
    """0 to 1."""
    began: datetime
    why: Why | None
    """Why it was stopped."""
    visits: int | None
    manifest: str | None
    """SHA-256 of manifest.json, which the journal has too."""
    fingerprint: str | None
    """Of the key that signed it."""


class Found(msgspec.Struct, frozen=True):
    """Something that is wrong."""

    what: str
    remedy: str


class Light(msgspec.Struct, frozen=True):
    """One part of the venue."""

    light: LightName
    state: LightState
    findings: tuple[Found, ...]


class Health(msgspec.Struct, frozen=True):
    """Does it work? The same as on the console's first page."""

    verdict: Verdict
    """One word for the whole, "works" if all is well."""
    lights: tuple[Light, ...]
    """The gravest first."""
    online: int | None
    """None: the gate does not say."""
    away: int | None
    troubles: tuple[Trouble, ...]


def moment(utc_ms: int) -> datetime:
    """As it is told."""
    return datetime.fromtimestamp(utc_ms / 1000, UTC)
