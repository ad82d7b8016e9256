"""The steward's socket, its whole vocabulary: a request and its reply, each one line of JSON. What is about settings
and secrets, back-ups, and versions stands in the modules beside.

    >>> encode(ReadSettings())
    b'{"request":"read_settings"}'

Root answers, and only to the console's user and to root. No reply carries a secret. Must not know: sockets, pages.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from appliance.errors import WireError
from appliance.steward.wire_backups import Backup as Backup
from appliance.steward.wire_backups import BackupReply, BackupRequest
from appliance.steward.wire_backups import Backups as Backups
from appliance.steward.wire_backups import BackupWritten as BackupWritten
from appliance.steward.wire_backups import ListBackups as ListBackups
from appliance.steward.wire_backups import MakeBackup as MakeBackup
from appliance.steward.wire_settings import ApplySettings as ApplySettings
from appliance.steward.wire_settings import Change as Change
from appliance.steward.wire_settings import Former as Former
from appliance.steward.wire_settings import KeepSettings as KeepSettings
from appliance.steward.wire_settings import Pending as Pending
from appliance.steward.wire_settings import Problem as Problem
from appliance.steward.wire_settings import ReadFormer as ReadFormer
from appliance.steward.wire_settings import ReadSettings as ReadSettings
from appliance.steward.wire_settings import SaveSecret as SaveSecret
from appliance.steward.wire_settings import SecretKind as SecretKind
from appliance.steward.wire_settings import Settings as Settings
from appliance.steward.wire_settings import SettingsReply, SettingsRequest
from appliance.steward.wire_settings import Tried as Tried
from appliance.steward.wire_settings import TrySettings as TrySettings
from appliance.steward.wire_settings import UndoSettings as UndoSettings
from appliance.steward.wire_updates import UpdateRequest, Updates
from appliance.steward.wire_words import Staff
from appliance.wire_words import Language, Text

MAX_REQUEST_BYTES = 256 * 1024
"""A whole configuration with its terms, or a logo, fits."""
MAX_REPLY_BYTES = 4 * 1024 * 1024


class _Request(msgspec.Struct, frozen=True, tag_field="request", forbid_unknown_fields=True):
    pass


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


class ListCertificates(_Request, frozen=True, tag="list_certificates"):
    """When the certificates in use end → Certificates"""


Request = SettingsRequest | Examine | ListPorts | TestSms | FollowSms | ListCertificates | BackupRequest | UpdateRequest


class _Reply(msgspec.Struct, frozen=True, tag_field="reply", forbid_unknown_fields=True):
    pass


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


Reply = SettingsReply | Examined | Ports | SmsSteps | Certificates | Done | StewardRefused | BackupReply | Updates

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
