"""The words of the dialogue with an SMSC: events that the shell brings to ``link.step``, effects that it carries out.

Every value is primitive or a type of this room, so that a whole dialogue can be written down in a test. Must not know:
how events come about, how effects are carried out.
"""

from __future__ import annotations

from dataclasses import dataclass

from sms.receipts import Receipt
from sms.settings import Role
from sms.status import Verdict
from sms.submission import Submission

# ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed; ``link.deadline`` says when the next one is due."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The connection that ``Dial`` asked for stands."""


@dataclass(frozen=True, slots=True)
class Lost:
    """There is no connection, or it said what cannot be understood."""

    why: str


@dataclass(frozen=True, slots=True)
class Handed:
    """One to submit; only as many as ``link.room`` allows."""

    submission: Submission


@dataclass(frozen=True, slots=True)
class Stop:
    """End the link in an orderly way."""


@dataclass(frozen=True, slots=True)
class BindAnswered:
    """bind_transceiver_resp, bind_transmitter_resp or bind_receiver_resp"""

    sequence: int
    status: int


@dataclass(frozen=True, slots=True)
class SubmitAnswered:
    """submit_sm_resp"""

    sequence: int
    status: int
    smsc_id: str


@dataclass(frozen=True, slots=True)
class EnquireAnswered:
    """enquire_link_resp"""

    sequence: int


@dataclass(frozen=True, slots=True)
class UnbindAnswered:
    """unbind_resp"""

    sequence: int


@dataclass(frozen=True, slots=True)
class Nacked:
    """generic_nack to something we sent"""

    sequence: int
    status: int


@dataclass(frozen=True, slots=True)
class Enquired:
    """enquire_link from the SMSC"""

    sequence: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """deliver_sm; ``receipt`` None when it is a phone's message, which nobody here reads"""

    sequence: int
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class UnbindAsked:
    """unbind from the SMSC"""

    sequence: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """A request that we do not serve"""

    sequence: int


Event = (
    Tick
    | Opened
    | Lost
    | Handed
    | Stop
    | BindAnswered
    | SubmitAnswered
    | EnquireAnswered
    | UnbindAnswered
    | Nacked
    | Enquired
    | Delivered
    | UnbindAsked
    | Unknown
)

# ── effects ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Dial:
    """Connect to the SMSC; ``Opened`` or ``Lost`` follows."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close the connection or give up connecting."""


@dataclass(frozen=True, slots=True)
class SendBind:
    """bind_transceiver, bind_transmitter or bind_receiver"""

    sequence: int
    role: Role = Role.TRANSCEIVER


@dataclass(frozen=True, slots=True)
class SendSubmit:
    """submit_sm"""

    sequence: int
    submission: Submission


@dataclass(frozen=True, slots=True)
class SendEnquire:
    """enquire_link"""

    sequence: int


@dataclass(frozen=True, slots=True)
class SendUnbind:
    """unbind"""

    sequence: int


@dataclass(frozen=True, slots=True)
class AnswerEnquire:
    """enquire_link_resp"""

    sequence: int


@dataclass(frozen=True, slots=True)
class AnswerDelivered:
    """deliver_sm_resp"""

    sequence: int


@dataclass(frozen=True, slots=True)
class AnswerUnbind:
    """unbind_resp"""

    sequence: int


@dataclass(frozen=True, slots=True)
class SendNack:
    """generic_nack with this command_status"""

    sequence: int
    status: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The verdict on a submission; ``status`` is the SMSC's command_status, 0 when ``AMBIGUOUS``."""

    message_id: str
    verdict: Verdict
    status: int = 0
    smsc_id: str = ""
    part: int = 1


@dataclass(frozen=True, slots=True)
class Noticed:
    """A receipt came."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Said:
    """A line for the log; ``alarm`` when a person must act."""

    text: str
    alarm: bool = False


Wired = SendBind | SendSubmit | SendEnquire | SendUnbind | AnswerEnquire | AnswerDelivered | AnswerUnbind | SendNack
"""Effects that are one PDU each."""
Effect = Wired | Dial | HangUp | Settled | Noticed | Said
