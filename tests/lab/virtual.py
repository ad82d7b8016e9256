"""A venue in virtual time: phones of ``tests.lab.phones`` against the real policy and the real session.

    day = VirtualVenue({"sleeping iPhone": 500, "walker-away": 500}, seed=1)
    day.run(hours=24)
    day.found.false_leaves     # Counter()

The air loses frames, answers are late, counters are read every 5 s as by the gate. Must not know: how the policy
decides; it tells what a phone did, and compares the verdict with what was true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from random import Random

from msgspec.structs import replace

from appliance.effects import Effect, Keep, Record
from appliance.events import Counted, DeviceLeft, DeviceMoved, DeviceSeen, Event, Moment, Tick, Usage
from appliance.kept import kept_device
from appliance.presence import DEAF, LEARNT_AFTER, Patience, Presence
from appliance.session import step
from appliance.state import Session, Terms, Visit
from journal.entries import VisitAway, VisitEnded, VisitMoved, VisitResumed
from tests.lab.phones import HARD_PROFILES, HOUR, PROFILES, Spell, Told
from tests.lab.truth import Found, Phone, Stay

READ_MS, TICK_MS = 5_000, 1_000
LOSS = 0.02
"""The share of frames that the air loses, each way; Wi-Fi repeats unicast frames, so this is a bad day."""
NOON_MS = 1_800_000_000_000


class VirtualVenue:
    """So many phones of each profile, all with a visit from the beginning."""

    def __init__(self, crowd: Mapping[str, int], seed: int, patience: Patience | None = None) -> None:
        patience = patience or Patience()
        self._shown_after_ms = LEARNT_AFTER * patience.idle_s * 1000 + READ_MS
        self._random = Random(seed)
        self.presence = Presence(patience)
        self.session = Session(Terms())
        self.found = Found()
        self.now_ms = 0
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._number = 0
        self._macs = 0
        self._stays: dict[str, Stay] = {}
        self._away: set[str] = set()
        self._packets_up: dict[str, int] = {}
        self._usage: dict[str, Usage] = {}
        self._sent: set[str] = set()
        self.phones: dict[str, Phone] = {}
        self._neighbour: dict[str, Phone] = {}
        for profile, count in crowd.items():
            lone: Phone | None = None
            for _ in range(count):
                phone = self._new_phone(profile)
                self._log_in(phone)
                if lone is not None:
                    self._neighbour[phone.mac], self._neighbour[lone.mac] = lone, phone
                lone = phone if lone is None else None
        self._at(0, self._read)
        self._at(0, self._tick)

    @property
    def _now(self) -> Moment:
        return Moment(NOON_MS + self.now_ms, self.now_ms)

    def run(self, hours: float) -> None:
        """So much time passes."""
        until_ms = self.now_ms + int(hours * HOUR)
        while self._due[0][0] <= until_ms:
            self.now_ms, _, act = heappop(self._due)
            act()
        self.now_ms = until_ms
        for phone in self.phones.values():
            self._count_here(phone, phone.online_since_ms is not None)

    # ── phones ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _new_phone(self, profile: str) -> Phone:
        random = Random(self._random.random())
        life = {**PROFILES, **HARD_PROFILES}[profile](random)
        mac = self._new_mac()
        number = self._macs
        six = profile == "IPv6 only"
        address = f"fd77::{number:x}" if six else f"10.77.{number >> 8}.{number & 255}"
        phone = Phone(profile, mac, address, life, next(life), noticed_ms=random.randint(20, 400))
        self.phones[mac] = phone
        # Somewhere in its first spell.
        self._at(int(random.random() * phone.spell.lasts_ms), lambda: self._next_spell(phone))
        self._plan_sending(phone)
        return phone

    def _new_mac(self) -> str:
        self._macs += 1
        return f"02:00:00:{self._macs >> 16:02x}:{self._macs >> 8 & 255:02x}:{self._macs & 255:02x}"

    def _next_spell(self, phone: Phone) -> None:
        before, spell = phone.spell, next(phone.life)
        phone.spell = spell
        phone.spells += 1
        self._at(spell.lasts_ms, lambda: self._next_spell(phone))
        if spell.new_mac:
            self._leaves(phone)
            phone.mac = self._new_mac()
        elif before.here and not spell.here:
            self._leaves(phone)
            if spell.told:
                told, gone = spell.told.value, self._now
                self._at(phone.noticed_ms, lambda: self._happen(DeviceLeft(self._now, phone.mac, told, gone.utc_ms)))
        elif spell.here and not before.here:
            self._returns(phone)
        if spell.here and spell.told:
            self._at(phone.noticed_ms, lambda: self._happen(self._seen(phone, spell)))
        if spell.swaps and (other := self._neighbour.get(phone.mac)):
            phone.address, other.address = other.address, phone.address
            for one in (phone, other):
                # By and by, as their leases are renewed.
                late_ms = self._random.randint(0, 20_000)
                self._at(late_ms, lambda one=one: self._happen(DeviceMoved(self._now, one.mac, one.address)))  # type: ignore[misc]
        self._plan_sending(phone, woke=True)

    def _seen(self, phone: Phone, spell: Spell) -> DeviceSeen:
        return DeviceSeen(self._now, phone.mac, spell.told.value, f"port{phone.spells}", phone.address)

    def _leaves(self, phone: Phone) -> None:
        self._count_here(phone, False)
        self.phones.pop(phone.mac, None)
        if stay := self._stays.get(phone.mac):
            stay.gone_ms = self.now_ms

    def _returns(self, phone: Phone) -> None:
        self.phones[phone.mac] = phone
        if (stay := self._stays.get(phone.mac)) and phone.mac not in self._away:
            stay.gone_ms = None
            self._count_here(phone, True)
            if phone.spell.told is Told.NOBODY:
                self.found.unnoticed += 1

    def _plan_sending(self, phone: Phone, woke: bool = False) -> None:
        """Who wakes, or is taken up, sends at once; then now and then."""
        if phone.spell.sends_every_ms:
            spells = phone.spells
            after_ms = int(self._random.expovariate(1 / phone.spell.sends_every_ms)) + 1
            self._at(min(after_ms, 2_000) if woke else after_ms, lambda: self._sends(phone, spells))

    def _sends(self, phone: Phone, spells: int) -> None:
        if phone.spells != spells:
            return
        phone.last_sent_ms = self.now_ms
        if phone.mac not in self._stays:
            self._log_in(phone)
        elif phone.mac not in self._away:
            self._heard(self._stays[phone.mac])
            self._packets_up[phone.mac] += 1
            self._sent.add(phone.mac)
        self._plan_sending(phone)

    def _log_in(self, phone: Phone) -> None:
        self.phones[phone.mac] = phone
        self._stays[phone.mac] = Stay(phone)
        visit = Visit(f"v{self._number}", "+77011234567", (phone.address,), began=self._now)
        self.session = replace(self.session, devices=self.session.devices.set(phone.mac, visit))
        self.presence.follow(self._now, phone.mac, visit)
        self._opened(phone.mac)
        self._count_here(phone, True)

    # ── the gate ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _read(self) -> None:
        self._at(READ_MS, self._read)
        for mac in self._sent:
            if mac in self._usage:
                self._usage[mac] = Usage(up_packets=self._packets_up[mac])
        self._sent.clear()
        self.presence.counted(self._now, self._usage)
        self._happen(Counted(self._now, self._usage))
        if self._away:
            self._happen(Tick(self._now))

    def _tick(self) -> None:
        self._at(TICK_MS, self._tick)
        judged = self.presence.judge(self._now)
        for left in judged.left:
            self._happen(left)
        for mac in judged.ask:
            self._asked(mac)

    def _asked(self, mac: str) -> None:
        visit, stay = self.session.devices[mac], self._stays[mac]
        assert isinstance(visit, Visit)
        self.found.asked += 1
        self.found.packets += len(visit.addresses)
        phone = self.phones.get(mac)
        if phone is None:
            return
        stay.missed += 1
        answers = phone.spell.answers * (1 - LOSS) ** 2
        if phone.address in visit.addresses and self._random.random() < answers:
            self._at(self._random.randint(*phone.spell.delay_ms), lambda: self._answers(mac, stay))

    def _answers(self, mac: str, stay: Stay) -> None:
        if mac not in self.phones or self._stays.get(mac) is not stay:
            return
        self._heard(stay)
        stay.answered_idle |= self.now_ms - stay.phone.last_sent_ms >= self._shown_after_ms
        self.presence.answered(self._now, frozenset({mac}))

    def _heard(self, stay: Stay) -> None:
        stay.deaf |= stay.missed > DEAF
        stay.missed = 0

    def _happen(self, event: Event) -> None:
        self.session, effects = step(self.session, event)
        if isinstance(event, DeviceSeen):
            self.presence.seen(event.at, event.device)
        for effect in effects:
            self._follow(effect)

    def _follow(self, effect: Effect) -> None:
        match effect:
            case Keep(key=key) if mac := kept_device(key):
                state = self.session.devices.get(mac)
                self.presence.follow(self._now, mac, state if isinstance(state, Visit) else None)
            case Record(entry=VisitAway(device=mac, left_utc_ms=left, proof=proof)):
                self._away.add(mac)
                self._closed(mac, left, proof)
            case Record(entry=VisitResumed(device=mac)):
                self._away.discard(mac)
                stay = self._stays[mac]
                stay.gone_ms = None
                self._opened(mac)
                self._count_here(stay.phone, True)
            case Record(entry=VisitMoved(device=mac)):
                self._opened(mac)
            case Record(entry=VisitEnded(device=mac, left_utc_ms=left, proof=proof)):
                if mac not in self._away:
                    self._closed(mac, left, proof)
                self._away.discard(mac)
                stay = self._stays.pop(mac)
                if stay.gone_ms is None:
                    self.found.false_leaves[stay.phone.profile] += 1

    def _opened(self, mac: str) -> None:
        """The kernel's counters of a device begin with its entries."""
        self._packets_up[mac] = 0
        self._usage[mac] = Usage()

    def _closed(self, mac: str, left_utc_ms: int, proof: str) -> None:
        del self._usage[mac]
        stay = self._stays[mac]
        if stay.phone.mac == mac:  # else it is another device by now
            self._count_here(stay.phone, False)
        if stay.gone_ms is None:
            return  # wrongly, or it is back before the news of its leaving
        if proof == "silence":
            proof += ", answers idle" if stay.answered_idle and not stay.deaf else ", else"
        self.found.delays_ms[proof].append(self.now_ms - stay.gone_ms)
        self.found.late_ends_ms.append(left_utc_ms - NOON_MS - stay.gone_ms)

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _at(self, after_ms: int, act: Callable[[], None]) -> None:
        self._number += 1
        heappush(self._due, (self.now_ms + after_ms, self._number, act))

    def _count_here(self, phone: Phone, here: bool) -> None:
        if phone.online_since_ms is not None:
            self.found.here_ms[phone.profile] += self.now_ms - phone.online_since_ms
        phone.online_since_ms = self.now_ms if here else None
