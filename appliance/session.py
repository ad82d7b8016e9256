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
                    LeaveAsked · EndAsked · BlockAsked · Started after a reboot · DeviceLeft without grace or final
                    Tick: the grace or the visit's time is over · Counted: its quota is used up

DocumentShown (¶10), and VoucherEntered where no password is needed too, lead to online at once; at the desk staff sends
PasswordAsked and PasswordEntered. Whom ``blocks.barred`` keeps out becomes neither asked nor online. What a device's
pages need besides, in any state, is in ``looking`` and ``pairing``; staff's looks are in ``overview``.

``step`` is pure: the time, random values and the device behind an address come in with the event. It returns the next
state and the effects; the engine performs them so that the record is durable before the gate opens, and the gate is
closed before the end is recorded (law 2). Must not know: clocks, sockets, SQL, iptables, HTML, PDUs.
"""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from appliance import asking, console_events, desk_events, events, languages, passwords
from appliance.addresses import address_disputed, address_learnt, device_moved
from appliance.admission import admitted
from appliance.blocks import barred, block_asked, forget_blocks, unblock_asked
from appliance.desk import code_wrong, device_looked, document_shown, forget_wrong_codes
from appliance.effects import Admit, Effect
from appliance.leaving import device_left, end_asked, leave_asked, left_utc_ms
from appliance.looking import language_chosen, looked, trouble_told
from appliance.overview import Overview, overview
from appliance.pairing import code_asked
from appliance.redeeming import forget_vouchers, voucher_entered, vouchers_managed
from appliance.reporting import message_reported
from appliance.state import Message, PasswordPending, Session, Visit, is_ipv6
from appliance.status import status
from appliance.turn import Turn
from appliance.usage import closed, counted, forget_counters, forget_endings, time_is_up, used_up
from appliance.wire import Delivery, Done, Ended, Refusal
from journal import entries

LATE_ENTRY_MS = 600_000
"""How long a password that expired is still known as one."""
LATE_REPORT_MS = 3_600_000
"""How long after a password expired the receipt of its SMS is still recorded."""


def step(session: Session, event: events.Event) -> tuple[Session, list[Effect]]:
    """The next state and what is to be done, for one event.

    >>> after, effects = step(Session(Terms()), Looked(Moment(0, 0), device="02:00:00:00:00:01"))   # doctest: +SKIP
    >>> effects                                                                                     # doctest: +SKIP
    [Answer(Status(phase=<Phase.STRANGER>))]
    """
    turn = Turn(session, event.at)
    match event:
        case events.Started():
            _started(turn, event)
        case events.Stopping():
            turn.record(entries.GateStopped(online=len(session.admitted())))
        case events.Tick():
            _tick(turn)
        case events.Looked():
            looked(turn, event)
        case events.PasswordAsked():
            _password_asked(turn, event)
        case events.MessageReported():
            message_reported(turn, event)
        case events.PasswordEntered():
            _password_entered(turn, event)
        case events.DeviceSeen():
            _device_seen(turn, event)
        case events.DeviceLeft():
            device_left(turn, event)
        case events.DeviceMoved():
            device_moved(turn, event)
        case events.AddressLearnt():
            address_learnt(turn, event)
        case events.Counted():
            counted(turn, event)
        case events.Closed():
            closed(turn, event)
        case events.AddressDisputed():
            address_disputed(turn, event)
        case events.EndAsked():
            end_asked(turn, event)
        case events.LanguageChosen():
            language_chosen(turn, event)
        case events.CodeAsked():
            code_asked(turn, event)
        case events.LeaveAsked():
            leave_asked(turn, event)
        case events.TroubleTold():
            trouble_told(turn, event)
        case events.ActNoted(act=act):
            turn.record(act)
            turn.answer(Done())
        case desk_events.VoucherEntered():
            voucher_entered(turn, event)
        case desk_events.DocumentShown():
            document_shown(turn, event)
        case desk_events.DeviceLooked():
            device_looked(turn, event)
        case desk_events.CodeWrong():
            code_wrong(turn, event)
        case desk_events.VouchersAsked() | desk_events.VouchersVoidAsked() | desk_events.VouchersLooked():
            vouchers_managed(turn, event)
        case console_events.BlockAsked():
            block_asked(turn, event)
        case console_events.UnblockAsked():
            unblock_asked(turn, event)
        case console_events.SmsTested():
            asking.tested(turn, event)
        case _ if isinstance(event, Overview):
            overview(turn, event)
        case _:
            assert_never(event)
    return turn.session, turn.effects


# ── asking for a password ───────────────────────────────────────────────────────────────────────────────────────────


def _password_asked(turn: Turn, event: events.PasswordAsked) -> None:
    """¶5, ¶6: a new password for this device; any older one is void (law 5)."""
    state, terms, now = turn.session.devices.get(event.device), turn.session.terms, event.at.boot_ms
    if isinstance(state, Visit) and state.online:
        return turn.refuse(Refusal.ALREADY_ONLINE)
    if kept_out := barred(turn, event.device, event.number):
        return turn.answer(kept_out)
    if asking.same_tap(turn.session, event):
        return turn.answer(status(turn.session, event.device, now))
    if refused := asking.refused(turn, event):
        return turn.answer(refused)
    if isinstance(state, Visit):  # away, yet asking
        turn.end(event.device, state, left_utc_ms(state, event), state.left_proof)
    languages.chosen(turn, event.device, event.language)
    charge = asking.charge(turn, event)
    valid_ms = terms.password_valid_s * 1000
    pending = PasswordPending(
        number=event.number,
        language=event.language,
        message=event.message,
        digest=event.digest,
        expires_boot_ms=now + valid_ms,
        resend_boot_ms=asking.resend_boot_ms(turn.session, event),
        tries_left=terms.tries,
        asked_boot_ms=now,
    )
    turn.put(event.device, pending)
    if event.device in turn.session.endings:
        turn.put_ending(event.device, None)
    forget_ms = pending.expires_boot_ms + LATE_REPORT_MS
    turn.put_message(event.message, Message(event.device, event.number, forget_boot_ms=forget_ms, charge=charge))
    turn.record(
        entries.PasswordAsked(
            device=event.device,
            number=event.number,
            message=event.message,
            terms=event.terms if event.terms in terms.terms_digests else "",
            language=event.language,
            staff=event.staff,
        )
    )
    turn.send(event.device, pending)
    turn.answer(status(turn.session, event.device, now))


# ── entering it ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _password_entered(turn: Turn, event: events.PasswordEntered) -> None:
    """¶7: right, and the device goes online; wrong, and that is said at once."""
    state = turn.session.devices.get(event.device)
    if isinstance(state, Visit) and state.online:  # a second tap on the same button
        return turn.answer(status(turn.session, event.device, event.at.boot_ms))
    if kept_out := barred(turn, event.device, state.number if state else ""):
        return turn.answer(kept_out)
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
        turn.record(entries.PasswordWrong(device=event.device, number=state.number, tries_left=left, staff=event.staff))
        turn.put(event.device, replace(state, tries_left=left))
        return turn.refuse(Refusal.PASSWORD_WRONG if left else Refusal.TOO_MANY_TRIES, tries_left=left)
    asking.entered(turn, state.message)
    admitted(turn, event, event.port, "desk" if event.staff else "sms", number=state.number, staff=event.staff)
    turn.answer(status(turn.session, event.device, event.at.boot_ms))


# ── coming and going ────────────────────────────────────────────────────────────────────────────────────────────────


def _device_seen(turn: Turn, event: events.DeviceSeen) -> None:
    """Back within the grace: the visit goes on. For one that is online only its place may have changed."""
    state = turn.session.devices.get(event.device)
    if not isinstance(state, Visit):
        return
    if state.online:
        if event.port and event.port != state.port:
            turn.put(event.device, replace(state, port=event.port))
        return
    if event.at.boot_ms >= state.grace_ends_boot_ms:
        return turn.end(event.device, state, left_utc_ms(state, event), state.left_proof)
    # Under the IPv4 address that DHCP holds for it now: the old one may be somebody else's. If it holds none yet, the
    # visit goes on without, and DeviceMoved brings it.
    own = tuple(address for address in state.addresses if is_ipv6(address))
    back = replace(
        state,
        addresses=(event.address, *own) if event.address else own,
        left_utc_ms=None,
        left_proof="",
        grace_ends_boot_ms=0,
        port=event.port or state.port,
    )
    turn.record(
        entries.VisitResumed(visit=back.visit, device=event.device, addresses=back.addresses, proof=event.proof)
    )
    turn.put(event.device, back)
    if back.addresses:
        turn.do(Admit(event.device, back.addresses))


# ── time, and starting ──────────────────────────────────────────────────────────────────────────────────────────────


def _tick(turn: Turn) -> None:
    """Passwords expire, graces and the time of visits end, limits are forgotten."""
    now = turn.at.boot_ms
    for device, state in turn.session.devices.items():
        match state:
            case PasswordPending():
                # Kept for a while, so that a late entry is told the truth: expired, not never asked.
                if now >= state.expires_boot_ms + LATE_ENTRY_MS:
                    turn.forget(device)
            case Visit():
                if state.left_utc_ms is not None and now >= state.grace_ends_boot_ms:
                    turn.end(device, state, state.left_utc_ms, state.left_proof)
                elif state.online and time_is_up(turn.session, state, now):
                    used_up(turn, device, state, Ended.TIME)
            case _:
                assert_never(state)
    for message, sms in turn.session.messages.items():
        if now >= sms.forget_boot_ms:
            turn.put_message(message, None)
    asking.forget_old(turn)
    forget_endings(turn)
    forget_wrong_codes(turn)
    forget_vouchers(turn)
    forget_blocks(turn)


def _started(turn: Turn, event: events.Started) -> None:
    """Go on where the last process stopped; after a reboot nobody was online in between (¶8)."""
    ended = 0
    for device, state in turn.session.devices.items():
        match state:
            case PasswordPending():
                if not event.same_boot:
                    turn.forget(device)
                elif status(turn.session, device, event.at.boot_ms).delivery is Delivery.QUEUED and state.tries_left:
                    # The last process may have ended before it handed this over, or before it heard what became of it.
                    # The sender takes a message once: from this one it hears the same name with the same password.
                    turn.send(device, state)
            case Visit():
                if not event.same_boot:
                    left = event.alive_utc_ms if state.left_utc_ms is None else state.left_utc_ms
                    turn.end(device, state, left, state.left_proof or "reboot")
                    ended += 1
            case _:
                assert_never(state)
    if not event.same_boot:
        asking.rebooted(turn)
        forget_counters(turn)
        for message in turn.session.messages:
            turn.put_message(message, None)
    turn.record(entries.GateStarted(version=event.version, online=len(turn.session.admitted()), ended=ended))
