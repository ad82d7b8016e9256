"""The steward's words about the configuration and the secrets beside it; a part of ``appliance.steward.wire``.

No reply carries a secret. Must not know: sockets, pages.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.steward.wire_words import Digest, Staff, Toml
from appliance.wire_words import Text


class _Request(msgspec.Struct, frozen=True, tag_field="request", forbid_unknown_fields=True):
    pass


class _Reply(msgspec.Struct, frozen=True, tag_field="reply", forbid_unknown_fields=True):
    pass


class ReadSettings(_Request, frozen=True, tag="read_settings"):
    """The configuration as it stands → Settings"""


class TrySettings(_Request, frozen=True, tag="try_settings"):
    """Would this configuration work here, and what would change? Changes nothing → Tried"""

    toml: Toml


class ApplySettings(_Request, frozen=True, tag="apply_settings"):
    """Put it in force, to be undone by itself unless it is kept in time → Pending or StewardRefused"""

    toml: Toml
    base: Digest
    """What it was made from (``Settings.digest``): somebody else's change in between is not overwritten."""
    staff: Staff
    undo_s: Annotated[int, Meta(ge=0, le=3600)] = 120
    """0: kept at once, as the command line may."""
    passwords: Annotated[dict[Text, Text], Meta(max_length=16)] = {}
    """SMPP passwords by provider: of those that ``Tried.passwords_wanted`` names, and of others that change with it."""


class KeepSettings(_Request, frozen=True, tag="keep_settings"):
    """The console is still reachable: keep what is pending → Done or StewardRefused (NOTHING_PENDING)"""

    staff: Staff


class UndoSettings(_Request, frozen=True, tag="undo_settings"):
    """Go back to the configuration before → Done or StewardRefused (NOTHING_PENDING)"""

    staff: Staff


class SecretKind(StrEnum):
    """What is kept in a file of its own."""

    SMS_PASSWORD = "sms_password"
    """``name`` is the provider's."""
    CERTIFICATE = "certificate"
    """Of the portal, PEM; ``name`` is empty."""
    CERTIFICATE_KEY = "certificate_key"
    LOGO = "logo"
    """PNG or SVG."""
    WIFI_PASSWORD = "wifi_password"


class SaveSecret(_Request, frozen=True, tag="save_secret"):
    """Write it where the configuration says, readable by whom it concerns alone → Done or StewardRefused"""

    kind: SecretKind
    content: bytes
    staff: Staff
    name: Text = ""


class ReadFormer(_Request, frozen=True, tag="read_former"):
    """A configuration from before, to be looked at and applied like any other → Former or StewardRefused"""

    backup: Text = ""
    """Which back-up's; "": the last that was in force for good."""


SettingsRequest = ReadSettings | TrySettings | ApplySettings | KeepSettings | UndoSettings | SaveSecret | ReadFormer


class Settings(_Reply, frozen=True, tag="settings"):
    """The configuration in force."""

    toml: str
    digest: str
    """SHA-256 of ``toml``."""
    undo_in_s: int | None = None
    """Whole seconds until the pending change is undone; None: nothing is pending."""
    changed_by: str = ""
    """Whose change is pending."""
    is_starting: bool = False
    """It is being put in force, or undone, just now; neither keep nor undo is possible yet."""
    undone_why: str = ""
    """Why the last change was undone, if nothing is pending since."""


class Problem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a configuration would not work."""

    key: str
    """Such as "lan.address"; "": the file as a whole."""
    problem: str
    """In English; ``code`` and ``values`` say the same (``appliance.found``), "" where it is somebody else's words."""
    line: int | None = None
    code: str = ""
    values: dict[str, str] = {}


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key that would differ."""

    key: str
    before: str
    """As TOML; "": was not there."""
    after: str


class Tried(_Reply, frozen=True, tag="tried"):
    """What applying would bring."""

    problems: tuple[Problem, ...] = ()
    changes: tuple[Change, ...] = ()
    restarts: tuple[str, ...] = ()
    """Units that would be restarted, such as "gate"; visitors who are online stay so."""
    passwords_wanted: tuple[str, ...] = ()
    """Providers whose kept SMPP password would go somewhere else: it is to be given again."""


class Pending(_Reply, frozen=True, tag="pending"):
    """It is in force."""

    undo_in_s: int
    """0: it is kept."""


class Former(_Reply, frozen=True, tag="former"):
    """A configuration from before."""

    toml: str


SettingsReply = Settings | Tried | Pending | Former
