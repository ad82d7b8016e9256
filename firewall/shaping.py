"""The line shared out, and every visitor's cap held, in the kernel: the queues, the sets and rules of ``shares``.

    >>> shaping = Shaping(settings)                                         # doctest: +SKIP
    >>> shaping.setup()
    >>> shaping.sync({"02:00:00:00:00:01": {IPv4Address("10.77.0.11")}})

Never raises and never opens: if the kernel refuses, the log says by name what is not held, who is admitted stays
admitted, and the next sync tries again. What is right already is not touched, so a hot restart interrupts nobody.
Everything goes by the commands of iproute2 and ipset, many lines at once: two processes an admission, five a sync.
Must not know: visits, MAC addresses.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Collection, Mapping, Sequence

from firewall import shares, tables
from firewall.command import run
from firewall.errors import FirewallError, KernelRefused
from firewall.rules import SHARE4, SHARE6
from firewall.settings import Settings
from firewall.shares import Address, Class, Direction, Queueing

log = logging.getLogger(__name__)

_MAXELEM6 = 262_144  # as many as qq-down6 holds


class Shaping:
    """For one thread; in the current network namespace."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._directions = shares.directions(settings)
        self._queueing: Queueing | None = None
        """What was found to work; None: not yet."""
        self._members: dict[Address, int] = {}
        """Whose class we know to be there."""
        self._refused = ""

    @property
    def wanted(self) -> bool:
        """Whether any rate is configured."""
        return bool(self._directions)

    def setup(self) -> None:
        """The queues with nobody's class, and the rules; nothing of ours at all, if no rates are configured."""
        if self._directions:
            self._guarded(self._establish)
            return
        try:
            self._withdraw()
        except FirewallError as error:
            log.warning("no rates are configured, but what is left of earlier ones could not be removed: %s", error)

    def sync(self, desired: Mapping[str, Collection[Address]]) -> None:
        """Every device has its class and nobody else has one; what a stranger removed is made anew."""
        if self._directions:
            self._guarded(lambda: self._converge(desired))

    def cover(self, addresses: Collection[Address]) -> None:
        """One device, at once: all its addresses have its class. Who left is the next sync's matter."""
        if self._queueing is not Queueing.HTB:
            return
        members = shares.members([addresses], self._settings)
        known = {minor for address, minor in members.items() if self._members.get(address) == minor}
        fresh = {address: minor for address, minor in members.items() if self._members.get(address) != minor}
        if fresh:
            self._guarded(lambda: self._add(set(fresh.values()) - known, fresh))

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except FirewallError as error:
            # Every four seconds the same would bury the rest of the log.
            if str(error) != self._refused:
                log.error("visitors' rates are not held: %s", error)
            self._refused = str(error)
        else:
            if self._refused:
                log.info("visitors' rates are held again")
            self._refused = ""

    def _withdraw(self) -> None:
        """Nothing is left on an interface where nothing is shaped any more."""
        used = {way.interface for way in self._directions}
        present = {name for _, name in socket.if_nameindex()}
        for interface in {self._settings.lan_interface, self._settings.wan_interface} & present - used:
            _remove(interface)
        if not used:
            _unmark()

    def _establish(self) -> None:
        self._withdraw()
        for queueing in shares.preferred(self._settings):
            try:
                self._stand(queueing)
            except KernelRefused as error:
                if queueing is not Queueing.CAKE:
                    raise
                log.info("no cake here, so htb shares the line out: %s", error.cause)
            else:
                self._queueing = queueing
                return

    def _stand(self, queueing: Queueing) -> None:
        for way in self._directions:
            _give_cake(way) if queueing is Queueing.CAKE else _give_htb(way)
        _unmark() if queueing is Queueing.CAKE else self._mark()

    def _converge(self, desired: Mapping[str, Collection[Address]]) -> None:
        if self._queueing is None:
            self._establish()
        if self._queueing is Queueing.CAKE:
            for way in self._directions:
                if live(way.interface) != Queueing.CAKE:
                    log.warning("the queue of %s had gone", way.interface)
                    _give_cake(way)
            return
        wanted = shares.members(desired.values(), self._settings)
        make, remove, late = [], [], set[int]()
        for way in self._directions:
            there, anew = _give_htb(way)
            if anew:
                log.warning("the queue of %s had gone", way.interface)
            fresh, stale, waiting = shares.turn(way, there, set(wanted.values()))
            make += [line for minor in fresh for line in shares.class_lines(way, minor)]
            remove += [shares.class_removal(way, minor) for minor in stale]
            late |= waiting
        # A class before a packet can name it, and none removed that one still may: without its class it is not shaped.
        _tc(make)
        found = self._mark()
        self._members = {address: minor for address, minor in wanted.items() if minor not in late}
        _restore(shares.member_lines(found, self._members))
        _tc(remove)

    def _add(self, minors: Collection[int], fresh: Mapping[Address, int]) -> None:
        _tc([line for way in self._directions for minor in minors for line in shares.class_lines(way, minor)])
        _restore(shares.member_lines({}, fresh))
        self._members.update(fresh)

    def _mark(self) -> dict[Address, int]:
        """The sets exist and the rules stand; what the sets hold."""
        present, found = _present_sets(), dict[Address, int]()
        for name in self._set_names():
            if name not in present:
                family = ["family", "inet6", "maxelem", str(_MAXELEM6)] if name == SHARE6 else []
                run(["ipset", "create", name, "hash:ip", *family, "skbinfo"])
            listing = run(["ipset", "save", name])
            if not shares.is_ours(listing):
                raise KernelRefused(f"use the set {name}", "somebody made it of another kind; destroy it")
            found |= shares.classed(listing)
        tables.load(shares.marking(self._settings))
        return found

    def _set_names(self) -> list[str]:
        return [SHARE4, SHARE6] if self._settings.lan6 is not None else [SHARE4]


def refusal(settings: Settings, queueing: Queueing) -> str:
    """Why this kernel cannot share out that way; empty: it can. For a namespace of one's own: leaves queues behind."""
    try:
        Shaping(settings)._stand(queueing)
    except FirewallError as error:
        return error.cause if isinstance(error, KernelRefused) else str(error)
    return ""


def live(interface: str) -> str:
    """The kind of our queue at this interface; empty: there is none.

    Raises:
        KernelRefused
    """
    return shares.root_kind(run(["tc", "qdisc", "show", "dev", interface]))


def _give_cake(way: Direction) -> None:
    if live(way.interface) == Queueing.HTB:
        _tc([shares.removal(way.interface)])
    _tc([shares.cake_line(way)])


def _give_htb(way: Direction) -> tuple[dict[int, Class], bool]:
    """The classes that are there, and whether the whole had to be made anew."""
    there = shares.classes(run(["tc", "class", "show", "dev", way.interface]))
    if shares.sound(way, there):
        wrong = [minor for minor in (way.line_class, shares.COMMON) if not shares.right(way, there, minor)]
        _tc([line for minor in wrong for line in shares.class_lines(way, minor)])
        return there, False
    _remove(way.interface)
    _tc(shares.htb_lines(way))
    return shares.classes(run(["tc", "class", "show", "dev", way.interface])), True


def _remove(interface: str) -> None:
    if live(interface):
        _tc([shares.removal(interface)])


def _unmark() -> None:
    left = _present_sets()
    tables.load(shares.no_marking(left))
    for name in left:
        run(["ipset", "destroy", name])


def _present_sets() -> list[str]:
    return [name for name in run(["ipset", "list", "-n"]).split() if name in (SHARE4, SHARE6)]


def _tc(lines: Sequence[str]) -> None:
    if lines:
        run(["tc", "-batch", "-"], "".join(f"{line}\n" for line in lines))


def _restore(lines: Sequence[str]) -> None:
    if lines:
        run(["ipset", "-exist", "restore"], "".join(f"{line}\n" for line in lines))
