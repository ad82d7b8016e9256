"""Who is still there, by what the engine hears: it feeds ``appliance.presence`` and has the silent asked.

Must not know: how long a silence may last, how a device is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

from msgspec.structs import replace

from appliance.effects import Effect, Keep
from appliance.events import Counted, DeviceLeft, DeviceSeen, Event, Moment
from appliance.inbox import Answered, Happened, Item
from appliance.kept import kept_device
from appliance.presence import Presence
from appliance.state import Session, Visit

Targets = Mapping[str, Collection[IPv4Address | IPv6Address]]
"""MAC address → the addresses to ask the device at."""


class Lookout:
    """For the engine's thread.

    Args:
        ask: sends probes; must not block. Answers are posted as ``Answered``.
    """

    def __init__(self, presence: Presence, ask: Callable[[Targets], None]) -> None:
        self._presence, self._ask = presence, ask

    def resume(self, now: Moment, session: Session, alive_utc_ms: int) -> None:
        """Go on with the visits of the gate before us, which was last surely alive at ``alive_utc_ms``."""
        # UTC may have been set meanwhile: no later than now, and for each visit no earlier than it began.
        alive_boot_ms = now.boot_ms - max(0, now.utc_ms - alive_utc_ms)
        for device, state in session.devices.items():
            if isinstance(state, Visit):
                self._presence.follow(now, device, state, max(alive_boot_ms, state.began.boot_ms))

    def notice(self, items: Iterable[Item]) -> None:
        """What says that a device is there."""
        for item in items:
            match item:
                case Answered(at=at, devices=devices):
                    self._presence.answered(at, devices)
                case Happened(event=Counted(at=at, usage=usage)):
                    self._presence.counted(at, usage)
                # Anybody on the LAN may renew a lease in another's name.
                case Happened(event=DeviceSeen(at=at, device=device, proof=proof)) if proof != "lease":
                    self._presence.seen(at, device)

    def dated(self, event: Event) -> Event:
        """The same; who is told to have left some time ago did not before the gate had the last word of it."""
        if not isinstance(event, DeviceLeft) or event.left_utc_ms >= event.at.utc_ms:
            return event
        alive_utc_ms = self._presence.alive_utc_ms(event.at, event.device)
        return replace(event, left_utc_ms=max(event.left_utc_ms, alive_utc_ms))

    def silent(self, now: Moment, session: Session) -> list[Event]:
        """Who was silent for too long has left; whoever was silent for a while is asked."""
        judged = self._presence.judge(now)
        if judged.ask:
            visits = ((device, session.devices.get(device)) for device in judged.ask)
            self._ask(
                {
                    device: [ip_address(address) for address in visit.addresses]
                    for device, visit in visits
                    if isinstance(visit, Visit)
                }
            )
        return list(judged.left)

    def follow(self, now: Moment, session: Session, effects: Iterable[Effect]) -> None:
        """Watch the visits as they are now, whether this batch could be recorded or not."""
        for effect in effects:
            if isinstance(effect, Keep) and (device := kept_device(effect.key)):
                state = session.devices.get(device)
                self._presence.follow(now, device, state if isinstance(state, Visit) else None)
