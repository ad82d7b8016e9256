"""The steward's socket, its whole vocabulary: a request and its reply, each one line of JSON.

    >>> encode(ReadSettings())
    b'{"request":"read_settings"}'

Root answers, and only to the console's user and to root. No reply carries a secret. Must not know: sockets, pages.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.errors import WireError
from appliance.steward.wire_updates import UpdateRequest, Updates
from appliance.wire_words import Language, Text

MAX_REQUEST_BYTES = 256 * 1024
"""A whole configuration with its terms, or a logo, fits."""
MAX_REPLY_BYTES = 4 * 1024 * 1024

Toml = Annotated[str, Meta(max_length=128 * 1024)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Staff = Annotated[str, Meta(pattern=r"^[!-~][ -~]{0,63}\Z")]
"""Who asks, by login: nothing that the gate would refuse to record, and nobody is nobody."""


class _Request(msgspec.Struct, frozen=True, tag_field="request", forbid_unknown_fields=True):
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


class Examine(_Request, frozen=True, tag="examine"):
    """What ``qaqpa doctor`` finds, at most some seconds old → Examined"""


class ListPorts(_Request, frozen=True, tag="list_ports"):
    """The machine's network ports and what is plugged in → Ports"""


class TestSms(_Request, frozen=True, tag="test_sms"):
    """Send a test SMS; it costs one of the budget, and is recorded → SmsSteps, to be asked for again with its name"""

    number: Text
    language: Language
    staff: Staff


class FollowSms(_Request, frozen=True, tag="follow_sms"):
    """How far has it come? → SmsSteps or StewardRefused (NO_SUCH_TEST)"""

    test: Text


class MakeBackup(_Request, frozen=True, tag="make_backup"):
    """Write a copy of journal, configuration and staff accounts → BackupWritten or StewardRefused"""

    staff: Staff


class ListBackups(_Request, frozen=True, tag="list_backups"):
    """The copies on this machine → Backups"""


class ReadFormer(_Request, frozen=True, tag="read_former"):
    """A configuration from before, to be looked at and applied like any other → Former or StewardRefused"""

    backup: Text = ""
    """Which back-up's; "": the last that was in force for good."""


class ListCertificates(_Request, frozen=True, tag="list_certificates"):
    """When the certificates in use end → Certificates"""


Request = (
    ReadSettings
    | TrySettings
    | ApplySettings
    | KeepSettings
    | UndoSettings
    | SaveSecret
    | Examine
    | ListPorts
    | TestSms
    | FollowSms
    | MakeBackup
    | ListBackups
    | ReadFormer
    | ListCertificates
    | UpdateRequest
)


class _Reply(msgspec.Struct, frozen=True, tag_field="reply", forbid_unknown_fields=True):
    pass


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


class LightName(StrEnum):
    """What a person looks at first, one light each."""

    UPLINK = "uplink"
    DHCP = "dhcp"
    DNS = "dns"
    GATE = "gate"
    SMS = "sms"
    CLOCK = "clock"
    DISK = "disk"
    CERTIFICATE = "certificate"
    OTHER = "other"


class Examination(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One finding."""

    ok: bool
    what: str
    """In English, as the remedy; what is wrong has a code and values that say the same (``appliance.found``)."""
    remedy: str
    light: LightName = LightName.OTHER
    code: str = ""
    values: dict[str, str] = {}
    cause: str = ""
    """The code of what ``%(said)s`` tells of."""


class Examined(_Reply, frozen=True, tag="examined"):
    """All findings, in the order in which a person should mend them."""

    findings: tuple[Examination, ...]
    at_utc_ms: int


class NetworkPort(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One network port of the machine."""

    name: str
    mac: str
    carrier: bool
    """Something is plugged in and awake."""
    speed_mbit: int | None
    wireless: bool
    bridge: str
    """Of which bridge it is a part; "": of none."""
    addresses: tuple[str, ...]
    default_route: bool
    """The Internet is behind it, as far as the routes say."""


class Ports(_Reply, frozen=True, tag="ports"):
    """All of them but loopback and bridges."""

    ports: tuple[NetworkPort, ...]


class SmsStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a test SMS."""

    ok: bool
    what: str
    means: str


class SmsSteps(_Reply, frozen=True, tag="sms_steps"):
    """How far a test SMS has come."""

    test: str
    steps: tuple[SmsStep, ...]
    over: bool


class Backup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One copy."""

    file: str
    size_bytes: int
    made_utc_ms: int


class Backups(_Reply, frozen=True, tag="backups"):
    """All of them, the newest first."""

    backups: tuple[Backup, ...]


class BackupWritten(_Reply, frozen=True, tag="backup_written"):
    """A new one."""

    backup: Backup


class Former(_Reply, frozen=True, tag="former"):
    """A configuration from before."""

    toml: str


class Certificates(_Reply, frozen=True, tag="certificates"):
    """Those of the configuration in force that can be read."""

    ends_utc_s: dict[str, float]
    """By name: "console", "portal"."""


class Done(_Reply, frozen=True, tag="done"):
    """Carried out."""


class StewardRefusal(StrEnum):
    """Why the steward did not do it."""

    BAD_REQUEST = "bad_request"
    FORBIDDEN = "forbidden"
    PROBLEMS = "problems"
    """``why`` says the first; ``TrySettings`` tells all."""
    CHANGED_MEANWHILE = "changed_meanwhile"
    """The configuration is another than the one it was made from."""
    PENDING_ALREADY = "pending_already"
    """Somebody's change waits to be kept or undone."""
    NOTHING_PENDING = "nothing_pending"
    PASSWORD_WANTED = "password_wanted"
    """An SMPP password would go somewhere else, and was not given again; ``why`` names the providers."""
    NO_SUCH_TEST = "no_such_test"
    NOT_MOBILE = "not_mobile"
    BUDGET_SPENT = "budget_spent"
    """A test SMS would cost more than the owner is ready to pay."""
    FAILED = "failed"
    """``why`` says what."""


class StewardRefused(_Reply, frozen=True, tag="steward_refused"):
    """Not carried out; nothing was half done."""

    refusal: StewardRefusal
    why: str = ""
    """A sentence for a person, without secrets."""


Reply = (
    Settings
    | Tried
    | Pending
    | Examined
    | Ports
    | SmsSteps
    | Backups
    | BackupWritten
    | Former
    | Certificates
    | Updates
    | Done
    | StewardRefused
)

_encoder = msgspec.json.Encoder()
_request_decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_reply_decoder: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)


def encode(message: Request | Reply) -> bytes:
    """The message as one line of JSON, without the newline that ends it on the socket."""
    return _encoder.encode(message)


def decode_request(line: bytes) -> Request:
    """
    Raises:
        WireError: no request of this vocabulary, or a field out of bounds.
    """
    try:
        return _request_decoder.decode(line)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise WireError(f"not a request: {str(error)[:200]!r}") from error


def decode_reply(line: bytes) -> Reply:
    """
    Raises:
        WireError: no reply of this vocabulary.
    """
    try:
        return _reply_decoder.decode(line)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise WireError(f"not a reply: {error}") from error
