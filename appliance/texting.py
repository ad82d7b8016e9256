"""Between the session's words about an SMS and the SMS process's: the one place where a password stands in a text.

Must not know: sessions, sockets, when an SMS is sent.
"""

from __future__ import annotations

from appliance import passwords
from appliance.config import Config
from appliance.effects import SendPassword
from appliance.events import MessageReported, MessageState, Moment
from sms.message import Message, Report


def as_message(config: Config, key: bytes, effect: SendPassword) -> Message:
    """The SMS, filled in with its password; ``key``: the gate's secret."""
    password = passwords.derived(key, effect.device, effect.message)
    text = config.sms.text.fill(effect.language, config.venue.name, password, config.bound_host)
    return Message(id=effect.message, to=effect.number, text=text, expires_utc_ms=effect.expires_utc_ms)


def as_event(report: Report, at: Moment) -> MessageReported:
    """What the SMS process says of it."""
    return MessageReported(
        at,
        message=report.id,
        state=MessageState(report.state.value),
        smsc_message=report.smsc_id,
        reason=report.reason,
        provider=report.provider,
        parts=report.parts,
        delay_ms=report.delay_ms,
    )
