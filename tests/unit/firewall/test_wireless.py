"""nl80211's stations: its messages as pyroute2 makes them, and a kernel that plays a script over a socket."""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pyroute2.netlink.nl80211 import (
    NL80211_CMD_DEL_STATION,
    NL80211_CMD_NEW_INTERFACE,
    NL80211_CMD_NEW_SCAN_RESULTS,
    NL80211_CMD_NEW_STATION,
    nl80211cmd,
)

from firewall.presence.evidence import Evidence, Proof
from firewall.presence.nl80211 import End, Interface, Station, interface_dump, messages, station_dump
from firewall.presence.wireless import Wireless, kernel
from tests.lab.waiting import until

FAMILY, ONE, TWO = 29, "02:00:00:00:00:01", "02:00:00:00:00:02"
NAMES = {3: "wlan0", 4: "wlan1", 5: "wlan2"}


def message(command: int, sequence: int = 0, **attributes: object) -> bytes:
    made = nl80211cmd()
    made["cmd"], made["version"] = command, 1
    made["attrs"] = [(f"NL80211_ATTR_{name}", value) for name, value in attributes.items()]
    made["header"]["type"], made["header"]["sequence_number"] = FAMILY, sequence
    made.encode()
    return bytes(made.data)


def came(mac: str, index: int = 3, sequence: int = 0) -> bytes:
    return message(NL80211_CMD_NEW_STATION, sequence, IFINDEX=index, MAC=mac, GENERATION=7)


def went(mac: str, index: int = 3) -> bytes:
    return message(NL80211_CMD_DEL_STATION, IFINDEX=index, MAC=mac)


def end(code: int = 0) -> bytes:
    return struct.pack("=IHHIIi", 20, 3, 2, 1, 0, -code)


def test_messages_are_read_as_pyroute2_writes_them() -> None:
    datagram = came(ONE) + went(TWO, 4) + message(NL80211_CMD_NEW_INTERFACE, 1, IFINDEX=3, IFNAME="wlan0") + end(19)
    assert list(messages(FAMILY, datagram)) == [
        Station(3, ONE, connected=True, listed=False),
        Station(4, TWO, connected=False, listed=False),
        Interface(3, "wlan0"),
        End(19),
    ]


def test_what_means_nothing_here() -> None:
    assert list(messages(FAMILY + 1, came(ONE))) == []
    assert list(messages(FAMILY, message(NL80211_CMD_NEW_SCAN_RESULTS, IFINDEX=3, MAC=ONE))) == []
    assert list(messages(FAMILY, message(NL80211_CMD_NEW_STATION, IFINDEX=3))) == []
    assert list(messages(FAMILY, struct.pack("=IHHIIi", 20, 3, 2, 99, 0, 0))) == [], "another's list"


def test_any_bytes_are_read_without_complaint() -> None:
    whole = came(ONE)
    for length in range(len(whole)):
        assert list(messages(FAMILY, whole[:length])) == []
    for place in range(len(whole)):
        for value in (0, 1, 127, 255):
            list(messages(FAMILY, whole[:place] + bytes([value]) + whole[place + 1 :]))


def test_the_questions_are_pyroute2s() -> None:
    ours = nl80211cmd(station_dump(FAMILY, 3))
    ours.decode()
    assert (ours["cmd"], ours.get_attr("NL80211_ATTR_IFINDEX"), ours["header"]["flags"]) == (17, 3, 0x301)
    ours = nl80211cmd(interface_dump(FAMILY))
    ours.decode()
    assert (ours["cmd"], ours["attrs"], ours["header"]["type"]) == (5, [], FAMILY)


class Script:
    """A kernel: what it lists, in a thread of its own, and the socket to send events by."""

    def __init__(self, stations: dict[int, list[str]], dumb: int = 0) -> None:
        self.stations = stations
        self.connections = self.answers = 0
        self.event = b""
        """Sent in the middle of each list of stations."""
        self._dumb = dumb
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def connect(self) -> tuple[socket.socket, int]:
        self.connections += 1
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ends.append(theirs)
        if self.connections > self._dumb:
            self._threads.append(threading.Thread(target=self._serve, args=(theirs,)))
            self._threads[-1].start()
        return ours, FAMILY

    def send(self, datagram: bytes) -> None:
        self._ends[-1].send(datagram)

    def _serve(self, end_: socket.socket) -> None:
        # It has heard enough whenever it closes: with an answer unread, that is a reset.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while question := end_.recv(4096):
                asked = nl80211cmd(question)
                asked.decode()
                index = asked.get_attr("NL80211_ATTR_IFINDEX")
                if index is None:
                    found = [message(NL80211_CMD_NEW_INTERFACE, 1, IFINDEX=i, IFNAME=NAMES[i]) for i in self.stations]
                else:
                    found = [*(came(mac, index, 1) for mac in self.stations[index]), self.event]
                if answer := b"".join(found):
                    end_.send(answer)
                end_.send(end())
                self.answers += 1

    def all_listed(self) -> None:
        """Wait until everything was listed anew."""
        enough = self.answers + 2 * (1 + len(self.stations))
        until(lambda: self.answers >= enough, "new lists")

    def close(self) -> None:
        for thread in self._threads:
            thread.join()
        for sock in self._ends:
            sock.close()


class Watch:
    """Wireless on such a kernel."""

    def __init__(self, script: Script, look_s: float) -> None:
        self.came: queue.Queue[Evidence] = queue.Queue()
        self.ours = {"wlan0", "wlan1"}
        self.wireless = Wireless(
            self.came.put,
            self.ours.__contains__,
            look_s=look_s,
            roaming_s=1.0,
            connect=script.connect,
            name_of=NAMES.__getitem__,
        )

    def next(self) -> Evidence:
        return self.came.get(timeout=15)


@contextmanager
def watching(script: Script, last_seen: dict[str, str] | None = None, look_s: float = 60.0) -> Iterator[Watch]:
    watch = Watch(script, look_s)
    watch.wireless.start(last_seen or {})
    try:
        yield watch
    finally:
        watch.wireless.stop()
        script.close()


def here(mac: str, name: str = "wlan0") -> Evidence:
    return Evidence(mac, True, Proof.STATION, name)


def gone(mac: str, name: str = "wlan0") -> Evidence:
    return Evidence(mac, False, Proof.STATION, name)


def test_who_is_there_who_comes_and_who_goes() -> None:
    script = Script({3: [ONE]})
    with watching(script, {TWO: "wlan0"}) as watch:
        assert {watch.came.get_nowait(), watch.came.get_nowait()} == {here(ONE), gone(TWO)}, "before start returns"
        assert watch.wireless.source().live
        script.send(came(TWO))
        assert watch.next() == here(TWO)
        script.send(went(ONE))
        assert watch.next() == gone(ONE)


def test_roaming_is_no_leave() -> None:
    script = Script({3: [ONE], 4: []})
    with watching(script) as watch:
        assert watch.next() == here(ONE)
        script.send(went(ONE, 3))
        script.send(came(ONE, 4))
        assert watch.next() == here(ONE, "wlan1")
        script.send(went(ONE, 4))
        assert watch.next() == gone(ONE, "wlan1")


def test_a_list_makes_good_what_was_lost() -> None:
    script = Script({3: [ONE, TWO]})
    with watching(script, look_s=0.1) as watch:
        assert {watch.next(), watch.next()} == {here(ONE), here(TWO)}
        script.stations = {3: [ONE]}
        assert watch.next() == gone(TWO)


def test_an_event_in_the_middle_of_a_list_counts() -> None:
    script = Script({3: [ONE]})
    script.event = went(ONE)
    with watching(script) as watch:
        assert watch.next() == gone(ONE)
        script.send(came(TWO))
        assert watch.next() == here(TWO), "and nothing of the other"


def test_a_kernel_that_goes_dumb_is_asked_anew() -> None:
    script = Script({3: [ONE]}, dumb=1)
    with watching(script, look_s=0.1) as watch:
        assert watch.next() == here(ONE)
        assert script.connections > 1


def test_an_interface_that_is_not_ours_is_left_alone() -> None:
    script = Script({5: [ONE]})
    with watching(script, look_s=0.1) as watch:
        script.send(went(ONE, 5))
        script.all_listed()
        assert watch.came.empty()
        assert not watch.wireless.source().live
        script.stations = {3: [ONE]}
        assert watch.next() == here(ONE)
        # hostapd tells of wlan0 from now on: that its stations are no more to be seen here is no leave.
        watch.ours.clear()
        script.all_listed()
        script.send(went(ONE, 3))
        script.all_listed()
        assert watch.came.empty()


def test_a_kernel_without_wi_fi_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    found = kernel()
    if found is not None:  # a machine with Wi-Fi
        found[0].close()
    wireless = Wireless(print, lambda _: True, connect=lambda: None)
    wireless.start({})
    wireless.stop()
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "WARNING")]
