"""What became of an SMS with a password: the part of ``appliance.session`` that hears of it.

Must not know: who sends SMS, what pages say.
"""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from appliance import asking, events
from appliance.state import PasswordPending
from appliance.turn import Turn
from appliance.wire import Delivery
from journal import entries


def message_reported(turn: Turn, event: events.MessageReported) -> None:
    """The SMS was taken, has arrived, or failed: the visitor's page says so, and the journal, however late."""
    sms = turn.session.messages.get(event.message)
    if sms is None or sms.delivery is Delivery.DELIVERED or sms.delivery.value == event.state.value:
        return  # not ours, or said before: the SMS process repeats itself after a reconnect
    if event.state is events.MessageState.SENT and sms.delivery is not Delivery.QUEUED:
        return  # it has come further since
    about = {"device": sms.device, "number": sms.number, "message": event.message}
    turn.put_message(event.message, replace(sms, delivery=Delivery(event.state.value)))
    match event.state:
        case events.MessageState.SENT:
            sent = entries.PasswordSent(
                **about, smsc_message=event.smsc_message, provider=event.provider, parts=event.parts
            )
            turn.record(sent)
        case events.MessageState.DELIVERED:
            turn.record(entries.PasswordDelivered(**about, delay_ms=event.delay_ms))
        case events.MessageState.FAILED:
            turn.record(entries.PasswordUndelivered(**about, reason=event.reason))
            if sms.delivery is not Delivery.SENT:
                asking.never_left(turn, sms, event.reason)
            state = turn.session.devices.get(sms.device)
            if isinstance(state, PasswordPending) and state.message == event.message:
                # It will not arrive, so there is nothing to wait for before asking again.
                turn.put(sms.device, replace(state, resend_boot_ms=event.at.boot_ms))
        case _:
            assert_never(event.state)
