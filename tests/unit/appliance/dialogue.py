"""A scripted dialogue with the session: this event in, exactly these effects out.

    talk = Dialogue()
    talk.says(talk.asked("123456"), ["record password_asked", "send to +77011234567", "answer asked"])

Effects are compared as readable lines, so that a test reads as the story it tells.
"""

from __future__ import annotations

from typing import assert_never
from zoneinfo import ZoneInfo

from immutables import Map
from msgspec.structs import replace

from appliance import passwords, wire, wire_desk
from appliance.effects import Admit, Answer, Effect, Keep, Record, Revoke, SendPassword
from appliance.events import (
    AddressDisputed,
    AddressLearnt,
    Closed,
    CodeAsked,
    Counted,
    DeviceLeft,
    DeviceMoved,
    DeviceSeen,
    EndAsked,
    Event,
    LanguageChosen,
    LeaveAsked,
    Looked,
    MessageReported,
    MessageState,
    Moment,
    PasswordAsked,
    PasswordEntered,
    SpendingLooked,
    Started,
    Stretch,
    Tick,
    TroubleTold,
    Usage,
)
from appliance.kept import restore
from appliance.reception import day_of
from appliance.session import step
from appliance.spending import Day
from appliance.state import Session, Terms
from journal import entries

PHONE = "02:00:00:00:00:01"
OTHER = "02:00:00:00:00:02"
NUMBER = "+77011234567"
ADDRESS = "10.77.0.10"
KEY = b"k" * 32
ALMATY = ZoneInfo("Asia/Almaty")
NOON_MS = 1_800_000_000_000


class Dialogue:
    """A session and a clock that moves only when told to."""

    def __init__(self, terms: Terms | None = None) -> None:
        self.terms = terms or Terms()
        self.session = Session(self.terms)
        self.now_ms = 1_000_000
        self.kept: dict[str, bytes] = {}
        self.messages = 0
        self.booted_ms = 0
        self.ahead_ms = 0
        self.ending: list[tuple[str, Stretch]] = []
        """What closings have ended and ``closed`` has not told yet."""

    @property
    def at(self) -> Moment:
        return Moment(utc_ms=NOON_MS + self.now_ms, boot_ms=self.now_ms - self.booted_ms)

    @property
    def day(self) -> Day:
        """Today, by a wall clock that may be ahead or behind."""
        return day_of(Moment(self.at.utc_ms + self.ahead_ms, 0), ALMATY)

    def wait(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)

    def step(self, event: Event) -> list[Effect]:
        """One step, with the kept state written down as the journal would."""
        self.session, effects = step(self.session, event)
        for effect in effects:
            if isinstance(effect, Keep):
                if effect.value is None:
                    self.kept.pop(effect.key, None)
                else:
                    self.kept[effect.key] = effect.value
            if isinstance(effect, Revoke) and effect.stretch:
                self.ending.append((effect.device, effect.stretch))
        # Whatever happens, what is kept is the state: a crash after any step loses nothing.
        again = restore(self.terms, self.kept)
        read = {name: getattr(again, name) for name in ("counted", "counted_boot_ms", "counted_kept_boot_ms")}
        read.update(
            {
                name: Map()
                for name in ("waiting", "endings", "codes", "coded", "troubles", "wrong_codes", "wrong_vouchers")
            }
        )
        now = replace(self.session, languages=again.languages, **read)
        assert again == now, "counters are kept once a minute"
        assert {device: chosen.language for device, chosen in again.languages.items()} == {
            device: state.language for device, state in self.session.devices.items() if state.language
        }, "languages with what is kept anyway"
        return effects

    def says(self, event: Event, expected: list[str]) -> None:
        """The event brings exactly these effects, kept state aside (``step`` checks that)."""
        told = [line(effect) for effect in self.step(event) if not isinstance(effect, Keep)]
        assert told == expected, f"{event}\ntold     {told}\nexpected {expected}"

    def crash(self) -> None:
        """The process dies and a new one reads what was kept."""
        self.session = restore(self.terms, self.kept)

    def reboot(self) -> None:
        """The machine went off and on again: the boot clock begins anew."""
        self.crash()
        self.booted_ms = self.now_ms - 5_000
        self.step(self.started(same_boot=False))

    # ── events, as short as they can be ─────────────────────────────────────────────────────────────────────────────

    def asked(
        self, password: str = "123456", device: str = PHONE, number: str = NUMBER, terms: str = ""
    ) -> PasswordAsked:
        self.messages += 1
        message = f"m{self.messages}"
        digest = passwords.digest(KEY, device, message, password)
        subscriber = passwords.subscriber(KEY, number)
        return PasswordAsked(
            self.at, device, number, wire.Language.KAZAKH, message, digest, subscriber, self.day, terms
        )

    def entered(self, password: str = "123456", device: str = PHONE, port: str | None = "port1") -> PasswordEntered:
        message = self.session.pending_message(device) or ""
        digest = passwords.digest(KEY, device, message, password)
        return PasswordEntered(self.at, device, (ADDRESS,), digest, visit="v1", port=port)

    def reported(self, state: MessageState, message: str = "m1", reason: str = "") -> MessageReported:
        return MessageReported(self.at, message, state, smsc_message="s1", reason=reason)

    def left(self, device: str = PHONE) -> DeviceLeft:
        return DeviceLeft(self.at, device, "port", left_utc_ms=self.at.utc_ms)

    def seen(self, device: str = PHONE, port: str = "port1", address: str = ADDRESS) -> DeviceSeen:
        return DeviceSeen(self.at, device, "port", port, address)

    def moved(self, address: str) -> DeviceMoved:
        return DeviceMoved(self.at, PHONE, address)

    def learnt(self, address: str, device: str = PHONE, previous: str | None = None) -> AddressLearnt:
        return AddressLearnt(self.at, device, address, previous)

    def counted(self, up: int, down: int, device: str = PHONE) -> Counted:
        """A reading: so many bytes, and a packet for each ten."""
        return Counted(self.at, {device: used(up, down)})

    def closed(self, usage: Usage | None) -> Closed:
        """What the oldest closing that was not told yet has ended."""
        device, stretch = self.ending.pop(0)
        return Closed(self.at, device, stretch, usage)

    def disputed(self, by: str, address: str = ADDRESS) -> AddressDisputed:
        return AddressDisputed(self.at, PHONE, address, by)

    def looked(self, device: str = PHONE) -> Looked:
        return Looked(self.at, device)

    def end(self, device: str = PHONE) -> EndAsked:
        return EndAsked(self.at, device)

    def leave(self, device: str = PHONE) -> LeaveAsked:
        return LeaveAsked(self.at, device)

    def chose(self, language: wire.Language, device: str = PHONE) -> LanguageChosen:
        return LanguageChosen(self.at, device, language)

    def at_the_desk(self, code: str, device: str = PHONE) -> CodeAsked:
        return CodeAsked(self.at, device, code)

    def trouble(self, trouble: wire.Trouble, present: bool = True) -> TroubleTold:
        return TroubleTold(self.at, trouble, present)

    def status(self, device: str = PHONE) -> wire.Status:
        """What the device's page is told."""
        (reply,) = [effect.reply for effect in self.step(self.looked(device)) if isinstance(effect, Answer)]
        assert isinstance(reply, wire.Status)
        return reply

    def tick(self) -> Tick:
        return Tick(self.at)

    def spending(self) -> SpendingLooked:
        return SpendingLooked(self.at, self.day)

    def started(self, same_boot: bool = True) -> Started:
        return Started(self.at, "1.0", same_boot, alive_utc_ms=self.at.utc_ms - 7_000)

    def online(self) -> None:
        """A visit has begun."""
        self.step(self.asked())
        self.step(self.entered())


def used(up: int, down: int) -> Usage:
    """So many bytes, and a packet for each ten."""
    return Usage(up // 10, up, down // 10, down)


def line(effect: Effect) -> str:
    """An effect as a line of the story."""
    match effect:
        case Record(entry=entry):
            return f"record {_entry(entry)}"
        case Admit(device=device, addresses=addresses):
            return f"admit {device[-2:]} {' '.join(addresses)}"
        case Revoke(device=device, addresses=addresses):
            return f"revoke {device[-2:]} {' '.join(addresses)}"
        case SendPassword(number=number):
            return f"send to {number}"
        case Answer(reply=wire.Refused() as refused):
            extra = "".join(
                f" {name}={value}"
                for name, value in (("retry", refused.retry_in_s), ("tries", refused.tries_left))
                if value is not None
            )
            return f"refuse {refused.refusal}{extra}"
        case Answer(reply=wire_desk.DeskRefused() as refused):
            return f"refuse {refused.why}" + (f" retry={refused.retry_in_s}" if refused.retry_in_s else "")
        case Answer(reply=wire_desk.Found() as found):
            return f"found {found.phase}" + "".join(f" {doubt}" for doubt in found.doubts)
        case Answer(reply=wire.Status() as status):
            return f"answer {status.phase}"
        case Answer(reply=reply):
            return f"answer {type(reply).__name__}"
        case Keep(key=key):
            return f"keep {key}"
        case _:
            assert_never(effect)


def _entry(entry: entries.Entry) -> str:
    kind = str(entry.__struct_config__.tag)
    match entry:
        case entries.PasswordWrong(tries_left=tries):
            return f"{kind} tries={tries}"
        case entries.VisitEnded(proof=proof, left_utc_ms=left) | entries.VisitAway(proof=proof, left_utc_ms=left):
            return f"{kind} by {proof} at {(left - NOON_MS) // 1000}"
        case entries.VisitUsed(up_bytes=up, down_bytes=down, complete=complete):
            return f"{kind} {up} up {down} down{'' if complete else ' at least'}"
        case entries.AddressClaimed(kept=kept):
            return f"{kind} kept={kept}"
        case entries.GateStarted(online=online, ended=ended):
            return f"{kind} online={online} ended={ended}"
        case entries.PasswordUndelivered(reason=reason):
            return f"{kind} {reason}"
        case _:
            return kind
