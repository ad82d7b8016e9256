"""The whole product in one file: what a device may do next, and what the gate does about it.

Every transition there is; what is not drawn is refused or changes nothing:

                PasswordAsked               PasswordEntered, right            DeviceLeft
    stranger ──────────────────▶ asked ──────────────────────────▶ online ───────────────▶ away
        ▲                        │ │ ▲                               │ ▲                   │ │ │
        │    Tick: it expired    │ └─┘ PasswordAsked: the old        │ └───────────────────┘ │ └──▶ asked
        │◀───────────────────────┘     password is void (law 5)      │   DeviceSeen          │   PasswordAsked: a new
        │                              PasswordEntered, wrong:       │   within the grace    │   password, so the old
        │                              one try fewer                 │                       │   visit is over (¶9)
        │◀───────────────────────────────────────────────────────────┴───────────────────────┘
                    EndAsked · Started after a reboot · DeviceLeft without grace · Tick: the grace is over

``step`` is pure: the time, random values and the device behind an address come in with the event. It returns the next
state and the effects; the engine performs them so that the record is durable before the gate opens, and the gate is
closed before the end is recorded (law 2). Must not know: clocks, sockets, SQL, iptables, HTML, PDUs.
"""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from appliance import passwords
from appliance.effects import Admit, Effect, Revoke, SendPassword
from appliance.events import (
    AddressLearnt,
    DeviceLeft,
    DeviceMoved,
    DeviceSeen,
    EndAsked,
    Event,
    Looked,
    MessageReported,
    MessageState,
    PasswordAsked,
    PasswordEntered,
    Started,
    Stopping,
    Tick,
    VisitsListed,
)
from appliance.passwords import Scope
from appliance.state import PasswordPending, Session, Visit, is_ipv6, live_visits, seconds_up, status
from appliance.turn import Turn
from appliance.wire import Delivery, Done, Refusal
from journal import entries

MAX_IPV6 = 16
"""IPv6 addresses a visit has at once; phones use a handful (RFC 8981 makes a new one a day), an attacker thousands."""


def step(session: Session, event: Event) -> tuple[Session, list[Effect]]:
    """The next state and what is to be done, for one event.

    >>> after, effects = step(Session(Terms()), Looked(Moment(0, 0), device="02:00:00:00:00:01"))   # doctest: +SKIP
    >>> effects                                                                                     # doctest: +SKIP
    [Answer(Status(phase=<Phase.STRANGER>))]
    """
    turn = Turn(session, event.at)
    match event:
        case Started():
            _started(turn, event)
        case Stopping():
            turn.record(entries.GateStopped(online=len(session.admitted())))
        case Tick():
            _tick(turn)
        case Looked(device=device):
            turn.answer(status(session, device, event.at.boot_ms))
        case VisitsListed():
            turn.answer(live_visits(session))
        case PasswordAsked():
            _password_asked(turn, event)
        case MessageReported():
            _message_reported(turn, event)
        case PasswordEntered():
            _password_entered(turn, event)
        case DeviceSeen():
            _device_seen(turn, event)
        case DeviceLeft():
            _device_left(turn, event)
        case AddressLearnt():
            _address_learnt(turn, event)
        case DeviceMoved():
            _device_moved(turn, event)
        case EndAsked():
            _end_asked(turn, event)
        case _:
            assert_never(event)
    return turn.session, turn.effects


# ── asking for a password ───────────────────────────────────────────────────────────────────────────────────────────


def _password_asked(turn: Turn, event: PasswordAsked) -> None:
    """¶5, ¶6: a new password for this device; any older one is void (law 5)."""
    state, terms, now = turn.session.devices.get(event.device), turn.session.terms, event.at.boot_ms
    if isinstance(state, Visit) and state.online:
        return turn.refuse(Refusal.ALREADY_ONLINE)
    # Another number may be asked for at once: the visitor mistyped it. The limits below still count.
    if isinstance(state, PasswordPending) and state.number == event.number and now < state.resend_boot_ms:
        return turn.refuse(Refusal.TOO_SOON, retry_in_s=seconds_up(state.resend_boot_ms - now))
    counted = (
        (Scope.NUMBER, event.number, Refusal.NUMBER_LIMIT),
        (Scope.DEVICE, event.device, Refusal.DEVICE_LIMIT),
        (Scope.VENUE, "", Refusal.VENUE_LIMIT),
    )
    for scope, key, refusal in counted:
        times = turn.session.asked.get((scope, key), ())
        if wait_s := passwords.retry_in_s(times, terms.allowances.of(scope), now):
            return turn.refuse(refusal, retry_in_s=wait_s)
    if isinstance(state, Visit):  # away, yet asking
        turn.end(event.device, state, _left(state, event), state.left_proof)
    for scope, key, _ in counted:
        turn.count(scope, key)
    valid_ms = terms.password_valid_s * 1000
    pending = PasswordPending(
        number=event.number,
        message=event.message,
        digest=event.digest,
        expires_boot_ms=now + valid_ms,
        resend_boot_ms=now + terms.resend_s * 1000,
        tries_left=terms.tries,
    )
    turn.put(event.device, pending)
    turn.record(entries.PasswordAsked(device=event.device, number=event.number, message=event.message))
    turn.do(SendPassword(event.message, event.number, event.language, event.password, event.at.utc_ms + valid_ms))
    turn.answer(status(turn.session, event.device, now))


def _message_reported(turn: Turn, event: MessageReported) -> None:
    """The SMS was taken, has arrived, or failed: the visitor's page says so, and the journal."""
    device = turn.session.messages.get(event.message)
    state = turn.session.devices.get(device) if device else None
    if device is None or not isinstance(state, PasswordPending):
        return  # an older password's, or of a visit that has begun: nobody waits for it
    if state.delivery is Delivery.DELIVERED or state.delivery.value == event.state.value:
        return  # said before: the SMS process repeats itself after a reconnect
    about = {"device": device, "number": state.number, "message": event.message}
    match event.state:
        case MessageState.SENT:
            turn.record(entries.PasswordSent(**about, smsc_message=event.smsc_message))
            turn.put(device, replace(state, delivery=Delivery.SENT))
        case MessageState.DELIVERED:
            turn.record(entries.PasswordDelivered(**about))
            turn.put(device, replace(state, delivery=Delivery.DELIVERED))
        case MessageState.FAILED:
            turn.record(entries.PasswordUndelivered(**about, reason=event.reason))
            # It did not arrive, so there is nothing to wait for before asking again.
            turn.put(device, replace(state, delivery=Delivery.FAILED, resend_boot_ms=event.at.boot_ms))
        case _:
            assert_never(event.state)


# ── entering it ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _password_entered(turn: Turn, event: PasswordEntered) -> None:
    """¶7: right, and the device goes online; wrong, and that is said at once."""
    state = turn.session.devices.get(event.device)
    if isinstance(state, Visit) and state.online:  # a second tap on the same button
        return turn.answer(status(turn.session, event.device, event.at.boot_ms))
    if not isinstance(state, PasswordPending):
        return turn.refuse(Refusal.NO_PASSWORD_ASKED)
    if event.at.boot_ms >= state.expires_boot_ms:
        return turn.refuse(Refusal.PASSWORD_EXPIRED)
    if state.tries_left == 0:
        return turn.refuse(Refusal.TOO_MANY_TRIES, tries_left=0)
    if event.port is None:
        return turn.refuse(Refusal.UNKNOWN_DEVICE)
    if not passwords.same(state.digest, event.digest):
        left = state.tries_left - 1
        turn.record(entries.PasswordWrong(device=event.device, number=state.number, tries_left=left))
        turn.put(event.device, replace(state, tries_left=left))
        return turn.refuse(Refusal.PASSWORD_WRONG if left else Refusal.TOO_MANY_TRIES, tries_left=left)
    visit = Visit(event.visit, state.number, event.addresses, began=event.at, port=event.port)
    began = entries.VisitBegan(
        visit=visit.visit, device=event.device, addresses=visit.addresses, number=visit.number, method="sms"
    )
    turn.record(began)
    turn.put(event.device, visit)  # the pending password is gone with this: it was good for one visit (law 5)
    turn.do(Admit(event.device, visit.addresses))
    turn.answer(status(turn.session, event.device, event.at.boot_ms))


# ── coming and going ────────────────────────────────────────────────────────────────────────────────────────────────


def _device_left(turn: Turn, event: DeviceLeft) -> None:
    """¶8: closed at once; within the grace it may come back as if it had never been gone."""
    state = turn.session.devices.get(event.device)
    if not isinstance(state, Visit) or not state.online:
        return
    grace_ms = turn.session.terms.grace_s * 1000
    if grace_ms == 0:
        return turn.end(event.device, state, event.left_utc_ms, event.proof)
    turn.do(Revoke(event.device, state.addresses))
    turn.record(
        entries.VisitAway(visit=state.visit, device=event.device, left_utc_ms=event.left_utc_ms, proof=event.proof)
    )
    away = replace(
        state,
        left_utc_ms=event.left_utc_ms,
        left_proof=event.proof,
        grace_ends_boot_ms=event.at.boot_ms + grace_ms,
    )
    turn.put(event.device, away)


def _device_seen(turn: Turn, event: DeviceSeen) -> None:
    """Back within the grace: the visit goes on. For one that is online only its place may have changed."""
    state = turn.session.devices.get(event.device)
    if not isinstance(state, Visit):
        return
    if state.online:
        if event.port and event.port != state.port:
            turn.put(event.device, replace(state, port=event.port))
        return
    if event.at.boot_ms >= state.grace_ends_boot_ms:
        return turn.end(event.device, state, _left(state, event), state.left_proof)
    back = replace(state, left_utc_ms=None, left_proof="", grace_ends_boot_ms=0, port=event.port or state.port)
    turn.record(
        entries.VisitResumed(visit=back.visit, device=event.device, addresses=back.addresses, proof=event.proof)
    )
    turn.put(event.device, back)
    turn.do(Admit(event.device, back.addresses))


def _device_moved(turn: Turn, event: DeviceMoved) -> None:
    """The device goes on under the IPv4 address that DHCP gave it; the old one is closed."""
    state = turn.session.devices.get(event.device)
    if isinstance(state, Visit) and event.address not in state.addresses:
        before = tuple(address for address in state.addresses if not is_ipv6(address))
        turn.readdress(event.device, state, gone=before, come=event.address)


def _address_learnt(turn: Turn, event: AddressLearnt) -> None:
    """IPv6 devices take addresses by themselves, new ones during a visit (RFC 8981): all of them are the visit's."""
    loser = turn.session.devices.get(event.previous) if event.previous else None
    if event.previous and isinstance(loser, Visit) and event.address in loser.addresses:
        # The kernel binds IPv4 to the MAC address: a claim is noise. IPv6 it may not: then neither may have it.
        kept = not is_ipv6(event.address)
        claimed = entries.AddressClaimed(
            visit=loser.visit, device=event.previous, address=event.address, by=event.device, kept=kept
        )
        turn.record(claimed)
        if not kept:
            turn.readdress(event.previous, loser, gone=(event.address,))
        return
    state = turn.session.devices.get(event.device)
    if isinstance(state, Visit) and is_ipv6(event.address) and event.address not in state.addresses:
        own = [address for address in state.addresses if is_ipv6(address)]
        turn.readdress(event.device, state, gone=tuple(own[: max(0, len(own) + 1 - MAX_IPV6)]), come=event.address)


def _end_asked(turn: Turn, event: EndAsked) -> None:
    """An administrator's word is as good as leaving, without grace."""
    state = turn.session.devices.get(event.device)
    if not isinstance(state, Visit):
        return turn.refuse(Refusal.NO_SUCH_VISIT)
    turn.end(event.device, state, _left(state, event), "staff")
    turn.answer(Done())


# ── time, and starting ──────────────────────────────────────────────────────────────────────────────────────────────


def _tick(turn: Turn) -> None:
    """Passwords expire, graces end, limits are forgotten."""
    now = turn.at.boot_ms
    for device, state in turn.session.devices.items():
        match state:
            case PasswordPending():
                if now >= state.expires_boot_ms:
                    turn.forget(device)
            case Visit():
                if state.left_utc_ms is not None and now >= state.grace_ends_boot_ms:
                    turn.end(device, state, state.left_utc_ms, state.left_proof)
            case _:
                assert_never(state)
    turn.uncount_old()


def _started(turn: Turn, event: Started) -> None:
    """Go on where the last process stopped; after a reboot nobody was online in between (¶8)."""
    ended = 0
    for device, state in turn.session.devices.items():
        match state:
            case PasswordPending():
                if not event.same_boot:
                    turn.forget(device)
                elif state.delivery is Delivery.QUEUED:
                    # The password was in the last process's memory alone: it may have been sent, or never will be.
                    turn.put(device, replace(state, delivery=Delivery.UNKNOWN, resend_boot_ms=event.at.boot_ms))
            case Visit():
                if not event.same_boot:
                    left = event.alive_utc_ms if state.left_utc_ms is None else state.left_utc_ms
                    turn.end(device, state, left, state.left_proof or "reboot")
                    ended += 1
            case _:
                assert_never(state)
    if not event.same_boot:
        turn.uncount_all()
    turn.record(entries.GateStarted(version=event.version, online=len(turn.session.admitted()), ended=ended))


def _left(visit: Visit, event: Event) -> int:
    """When the device left: as proved earlier, else now."""
    return event.at.utc_ms if visit.left_utc_ms is None else visit.left_utc_ms
