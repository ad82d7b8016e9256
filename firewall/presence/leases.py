"""Evidence from dnsmasq's lease file: which address a device was given, and that it gave it back.

    >>> given = Leases(Path("/var/lib/misc/dnsmasq.leases"), deliver=print)   # doctest: +SKIP
    >>> given.start()
    >>> given.address_of("02:00:00:00:00:01")
    IPv4Address('10.77.0.10')

What the file says is believed at once; what it no longer says is weighed, for a lease vanishes for many reasons, of
which only a release that was heard is never in doubt:

    the file is being rewritten in place           no news; it must stay away from an unchanged file for a moment
    the disk is full and the file stays cut        no news until it has stayed as it is for ``doubt_s``
    the clock jumped forward, all leases expired   no news until their time has passed on the boot clock too
    release, or the lifetime is over               whoever ``vanished`` is told decides (``departures``)

Must not know: visits, who asks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

from firewall.presence.evidence import Evidence, Proof, Source
from firewall.presence.held import Doubt, Held, Released
from firewall.presence.lease_file import Lease, Reading, Version, lasts, read

_LONGEST_LEASE_S = 604_800.0
"""Configuration allows no longer one: an expiry further away was written by, or is compared with, a wrong clock."""
_AGAIN_S = 300.0
"""How often ``vanished`` is told again of a device that has not left with its lease."""
_HASTE_S, _HASTY_S = 0.05, 0.5  # how often the file is looked at after ``hasten``, and for how long


def _boot_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Leases:
    """Watches one lease file in a thread of its own.

    Args:
        path: dnsmasq's ``--dhcp-leasefile``; may not exist yet.
        deliver: called with ``present=True`` in our thread when a device turns up in the file (not for those that are
            in it at the start), and with ``present=False`` in the thread that calls ``forget``.
        vanished: called in our thread with MAC address, address and whether it is before its time, when a device's last
            lease has gone; calls ``forget`` if the device has left with it. Left out: it always has.
        interval_s: how often the file's time stamp is looked at.
        settle_s: how long a vanished lease must stay away from an unchanged file.
        doubt_s: how long a file must stay as it is that is cut off, or that lost more than one lease and more than half
            of them at once, before its gaps are believed. dnsmasq tries again after 60 s when it could not write.
        utc_s: the clock that dnsmasq dates leases by.
        boot_s: a clock that nobody sets and that counts the machine's sleep.
    """

    def __init__(
        self,
        path: Path,
        deliver: Callable[[Evidence], None],
        *,
        vanished: Callable[[str, IPv4Address, bool], None] | None = None,
        interval_s: float = 1.0,
        settle_s: float = 0.1,
        doubt_s: float = 90.0,
        utc_s: Callable[[], float] = time.time,
        boot_s: Callable[[], float] = _boot_s,
    ) -> None:
        self._path, self._deliver = path, deliver
        self._vanished = vanished or (lambda mac, _address, _early: self.forget(mac))
        self._interval_s, self._settle_s, self._doubt_s = interval_s, settle_s, doubt_s
        self._utc_s, self._boot_s = utc_s, boot_s
        self._lock = threading.Lock()
        # Guarded by the lock.
        self._reading: Reading | None = None
        self._appeared: dict[str, None] = {}
        self._announcing = False
        self._given: set[str] = set()
        self._released = Released()
        # Replaced as a whole, under the lock; read without it.
        self._known: dict[str, Held] = {}
        self._judged: Version | None = None  # the watching thread's own, as is the doubt; ``lacks_lease`` reads it
        self._doubt: Doubt | None = None
        self._hasty_until_s = 0.0
        self._rouse, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="firewall.presence.leases", daemon=True)

    def start(self) -> None:
        """Read the file once, then watch; returns when ``address_of`` can be asked. Delivers nothing."""
        reading = self._read()
        if reading is not None and not reading.dated:
            self._stop.wait(self._settle_s)  # written this very moment, perhaps not to its end
            reading = self._read()
        with self._lock:
            self._announcing = reading is None or reading.whole
        if reading is not None:
            self._judge(reading)
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended. Harmless if it never started."""
        self._stop.set()
        self._rouse.set()
        if self._thread.ident is not None:
            self._thread.join()

    def address_of(self, mac: str) -> IPv4Address | None:
        """The address the device was given, if it has a lease. May be asked from any thread."""
        held, reading = self._known.get(mac), self._reading
        if held is None:
            return None
        # A device that has not left with its lease loses the address all the same when another is given it.
        holder = reading.holders.get(held.lease.address, mac) if reading else mac
        return held.lease.address if holder == mac else None

    def newly_given(self) -> set[str]:
        """Who was given an address, or another one than before, since this was asked last. From any thread."""
        with self._lock:
            given, self._given = self._given, set()
        return given

    def fresh_address_of(self, mac: str, address: IPv4Address) -> bool:
        """Was this address given to this device, as the file says now? May be asked from any thread.

        Asked when somebody stands at the gate: a lease of this very moment must count, and one that another device has
        taken over since the last look must not.
        """
        reading = self._read()
        holder = reading.holders.get(address) if reading else None
        # Nobody's in a file that is just being rewritten: what was known before still counts.
        return holder == mac if holder is not None else self.address_of(mac) == address

    def lacks_lease(self, mac: str) -> bool:
        """Does a file that can be believed list no lease of this device? May be asked from any thread.

        Tells of those that left while nobody watched. False when in doubt: no file, a file that is cut off or was
        written this very moment, one with a sudden gap; and for a device whose leave is still to be delivered.
        """
        if mac in self._known:  # as almost all are, when everybody is asked about at the start
            return False
        reading = self._read()
        if reading is None or mac in self._known:
            return False
        return reading.version == self._judged or (reading.dated and not self._doubtful(reading))

    def source(self) -> Source:
        """Whether there is a lease file. May be asked from any thread."""
        live = self._reading is not None
        return Source("leases", live, str(self._path) if live else f"{self._path} cannot be read; is dnsmasq running?")

    def listed(self, mac: str) -> bool:
        """Has this device a lease that the file lists, as far as has been seen? May be asked from any thread."""
        held = self._known.get(mac)
        return held is not None and held.listed

    def forget(self, mac: str) -> None:
        """This device, whose lease has vanished, has left. From any thread."""
        with self._lock:
            held = self._known.get(mac)
            if held is None or held.listed:
                return
            known = dict(self._known)
            del known[mac]
            self._known = known
        self._deliver(Evidence(mac, False, Proof.LEASE))

    def given_back(self, mac: str) -> None:
        """This device's own release was heard: look at once, and for a moment more often. From any thread."""
        with self._lock:
            self._released.note(mac, self._boot_s())
        self._hasty_until_s = time.monotonic() + _HASTY_S
        self._rouse.set()

    def _watch(self) -> None:
        spent_s = 0.0
        while not self._stop.is_set():
            if time.monotonic() < self._hasty_until_s:
                # Who asks for leases and releases them by the hundred must not have us read the file all the time.
                self._stop.wait(max(_HASTE_S, 10 * spent_s))
            else:
                self._rouse.wait(self._interval_s)
            self._rouse.clear()
            if not self._stop.is_set():
                began_s = time.thread_time()
                self._look()
                spent_s = time.thread_time() - began_s

    def _look(self) -> None:
        reading = self._read()
        self._announce()
        if reading is not None:
            with self._lock:
                self._announcing |= reading.whole
            if reading.version != self._judged:
                self._judge(reading)
        self._end_unlisted()

    def _read(self) -> Reading | None:
        """The file as it is now, parsed once a version. What it adds is known from here on.

        A file that cannot be read is None, and no news: nobody leaves because of it.
        """
        with self._lock:
            try:
                reading = read(self._path, self._utc_s(), self._reading)
            except OSError:
                return None
            if reading is not self._reading:
                self._reading = reading
                self._learn(reading.leases)
            return reading

    def _learn(self, found: Mapping[str, Lease]) -> None:
        utc_s, boot_s = self._utc_s(), self._boot_s()
        known = dict(self._known)
        for mac, lease in found.items():
            held = known.get(mac)
            if held is None or held.lease.address != lease.address:
                self._given.add(mac)
            if held is None and self._announcing:
                self._appeared[mac] = None
            if held is None or held.lease.expires_utc_s != lease.expires_utc_s:
                known[mac] = Held(lease, boot_s + min(lasts(lease) - utc_s, _LONGEST_LEASE_S))
            elif held.lease != lease or not held.listed:
                known[mac] = replace(held, lease=lease, listed=True)
        self._known = known

    def _announce(self) -> None:
        with self._lock:
            appeared, self._appeared = self._appeared, {}
        for mac in appeared:
            self._deliver(Evidence(mac, True, Proof.LEASE))

    def _gone(self, reading: Reading) -> list[str]:
        return [mac for mac, held in self._known.items() if held.listed and mac not in reading.leases]

    def _judge(self, reading: Reading) -> None:
        """Find out who has left since the last judged version, or leave it to the next look."""
        if self._gone(reading):
            if self._stop.wait(self._settle_s):
                return
            again = self._read()
            if again is None or again.version != reading.version:
                return  # still being written
            reading = again
        self._strike(reading, self._released.among(self._gone(reading), self._boot_s()))
        if self._believed(reading) and self._strike(reading, self._gone(reading)):
            self._doubt, self._judged = None, reading.version if reading.dated else None

    def _strike(self, reading: Reading, vanished: Collection[str]) -> bool:
        """These are in the file no more. False: somebody at the gate made us read a newer one."""
        utc_s = self._utc_s()
        early = []
        with self._lock:
            if self._reading is not reading:
                return False
            known = dict(self._known)
            for mac in vanished:
                held = known[mac]
                known[mac] = replace(held, listed=False)
                if lasts(held.lease) > utc_s:
                    early.append((mac, held.lease.address))
                # Else the boot clock says whether its time has passed.
            self._known = known
        for mac, address in early:
            self._vanished(mac, address, True)
        return True

    def _doubtful(self, reading: Reading) -> bool:
        gone = self._gone(reading)
        listed = sum(held.listed for held in self._known.values())
        if not reading.whole or (len(gone) > 1 and 2 * len(gone) > listed):
            return True
        # Newcomers make a gap look smaller; it is closed when those it took are back.
        doubt = self._doubt
        return doubt is not None and not doubt.missing.isdisjoint(gone)

    def _believed(self, reading: Reading) -> bool:
        if not self._doubtful(reading):
            return True
        # On a full disk dnsmasq cuts the file anew each time it tries: then the doubt begins anew. A whole file may
        # change meanwhile, because the venue's life goes on.
        cut = None if reading.whole and reading.leases else reading.version
        if self._doubt is None or self._doubt.cut != cut:
            self._doubt = Doubt(cut, frozenset() if cut else frozenset(self._gone(reading)), self._boot_s())
        return self._boot_s() - self._doubt.since_boot_s >= self._doubt_s

    def _end_unlisted(self) -> None:
        """Those that are not in the file, and whose time has really passed; again, as long as they do not leave."""
        boot_s = self._boot_s()
        with self._lock:
            over = {mac: held for mac, held in self._known.items() if not held.listed and boot_s >= held.ends_boot_s}
            if over:
                later = {mac: replace(held, ends_boot_s=boot_s + _AGAIN_S) for mac, held in over.items()}
                self._known = {**self._known, **later}
        for mac, held in over.items():
            self._vanished(mac, held.lease.address, False)
