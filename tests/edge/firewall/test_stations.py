"""Stations by a real hostapd (its driver "none" has no radio, but a real control socket), and by one that lies."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from firewall.presence.evidence import Evidence, Proof
from firewall.presence.stations import Stations
from tests.edge.firewall.access_point import AccessPoint
from tests.lab.waiting import PATIENCE_S, until

ONE, TWO = "02:00:00:00:00:01", "02:00:00:00:00:02"


Watched = tuple[Stations, "queue.Queue[Evidence]"]


@contextmanager
def watched(
    folder: Path,
    last_seen: dict[str, str] | None = None,
    is_port: Callable[[str], bool] = lambda _: True,
    roaming_s: float = 1.0,
    first_s: float = PATIENCE_S,
) -> Iterator[Watched]:
    """
    Args:
        first_s: how long the start waits for the first lists; in a second a busy machine's hostapd may not answer.
    """
    came: queue.Queue[Evidence] = queue.Queue()
    stations = Stations(folder, came.put, is_port, look_s=0.1, list_s=0.2, roaming_s=roaming_s)
    with patch("firewall.presence.watch._FIRST_S", first_s):
        stations.start(last_seen or {})
    try:
        yield stations, came
    finally:
        stations.stop()


@pytest.fixture
def new_point(tmp_path: Path) -> Iterator[Callable[[str], AccessPoint]]:
    made: list[AccessPoint] = []

    def make(name: str) -> AccessPoint:
        made.append(AccessPoint(tmp_path / "ctl", name))
        return made[-1]

    yield make
    for point in made:
        point.stop(kill=True)


NewPoint = Callable[[str], AccessPoint]


def here(mac: str, bss: str) -> Evidence:
    return Evidence(mac, True, Proof.STATION, bss)


def gone(mac: str, bss: str) -> Evidence:
    return Evidence(mac, False, Proof.STATION, bss)


def test_who_is_there_who_comes_and_who_goes(new_point: NewPoint, tmp_path: Path) -> None:
    point = new_point("wlan0")
    point.connect(ONE)
    with watched(tmp_path / "ctl", {TWO: "wlan0"}) as (stations, came):
        assert {came.get_nowait(), came.get_nowait()} == {here(ONE, "wlan0"), gone(TWO, "wlan0")}, (
            "before start returns"
        )
        assert stations.covers("wlan0")
        assert stations.source().live
        point.connect(TWO)
        assert came.get(timeout=PATIENCE_S) == here(TWO, "wlan0")
        point.disconnect(ONE)
        assert came.get(timeout=PATIENCE_S) == gone(ONE, "wlan0")


def test_roaming_between_two_of_ours_is_no_leave(new_point: NewPoint, tmp_path: Path) -> None:
    one, two, three = new_point("wlan0"), new_point("wlan1"), new_point("wlan2")
    one.connect(ONE)
    with watched(tmp_path / "ctl", roaming_s=4.0) as (_, came):
        assert came.get_nowait() == here(ONE, "wlan0")
        two.connect(ONE)
        assert came.get(timeout=PATIENCE_S) == here(ONE, "wlan1")
        one.disconnect(ONE)
        assert came.get(timeout=PATIENCE_S) == here(ONE, "wlan1")
        two.disconnect(ONE)
        three.connect(ONE)
        assert came.get(timeout=PATIENCE_S) == here(ONE, "wlan2")
        three.disconnect(ONE)
        assert came.get(timeout=PATIENCE_S) == gone(ONE, "wlan2"), "once it is nowhere"


def test_the_list_after_a_crash_tells_who_left_meanwhile(new_point: NewPoint, tmp_path: Path) -> None:
    point = new_point("wlan0")
    point.connect(ONE)
    point.connect(TWO)
    with watched(tmp_path / "ctl") as (stations, came):
        assert {came.get_nowait(), came.get_nowait()} == {here(ONE, "wlan0"), here(TWO, "wlan0")}
        point.stop(kill=True)
        until(lambda: not stations.source().live, "the crash to be noticed")
        assert came.empty(), "its access point may go on in the kernel"
        point.path.unlink()
        point.start()
        point.connect(ONE)
        # A list taken before the station came back has it leave and return.
        said = {came.get(timeout=PATIENCE_S)}
        while gone(TWO, "wlan0") not in said or (gone(ONE, "wlan0") in said and here(ONE, "wlan0") not in said):
            said.add(came.get(timeout=PATIENCE_S))
        until(lambda: stations.source().live, "the new one to be heard")


def test_an_orderly_end_is_everybodys_leave(new_point: NewPoint, tmp_path: Path) -> None:
    point = new_point("wlan0")
    point.connect(ONE)
    with watched(tmp_path / "ctl") as (stations, came):
        assert came.get_nowait() == here(ONE, "wlan0")
        point.stop()
        assert came.get(timeout=PATIENCE_S) == gone(ONE, "wlan0")
        until(lambda: not stations.covers("wlan0"), "the end to be noticed")
        assert "no hostapd" in stations.source().why


def test_an_access_point_of_another_network_is_left_alone(new_point: NewPoint, tmp_path: Path) -> None:
    new_point("wlan0").connect(ONE)
    new_point("wlan1").connect(TWO)
    with watched(tmp_path / "ctl", is_port=lambda name: name == "wlan1") as (stations, came):
        assert came.get_nowait() == here(TWO, "wlan1")
        assert came.empty()
        assert not stations.covers("wlan0")


def test_one_that_talks_nonsense_is_not_believed_and_the_others_are(new_point: NewPoint, tmp_path: Path) -> None:
    point = new_point("wlan0")
    liar = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    liar.bind(str(tmp_path / "ctl" / "wlan1"))
    liar.settimeout(PATIENCE_S)
    with liar, watched(tmp_path / "ctl", first_s=0.5) as (stations, came):
        for answer in (b"FAIL\n", b"\xff" * 9000):
            asked, peer = liar.recvfrom(100)
            while asked != b"ATTACH":
                asked, peer = liar.recvfrom(100)
            liar.sendto(b"<3>AP-STA-DISCONNECTED nobody", peer)
            liar.sendto(answer, peer)
        until(lambda: "wlan1: answered" in stations.source().why, "the nonsense to be told")
        point.connect(ONE)
        assert came.get(timeout=PATIENCE_S) == here(ONE, "wlan0")
        assert stations.covers("wlan0")


class Scripted:
    """A hostapd that lists what it is told to, and sends no events but those that are put into its mouth."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first = f"{ONE}\nflags=[AUTH][ASSOC][AUTHORIZED]\n".encode()
        """Its answer to STA-FIRST; there is no second station."""
        self.attached: list[str | bytes] = []
        path.parent.mkdir()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            asked, peer = self._socket.recvfrom(100)
            if asked == b"the end":
                return
            # Like the real one: whoever asked and has gone meanwhile misses the answer.
            with contextlib.suppress(ConnectionRefusedError, FileNotFoundError):
                self._answer(asked, peer)

    def _answer(self, asked: bytes, peer: str) -> None:
        match asked:
            case b"ATTACH":
                self.attached.append(peer)
                self._socket.sendto(b"OK\n", peer)
            case b"PING":
                self._socket.sendto(b"PONG\n", peer)
            case b"STA-FIRST":
                self._socket.sendto(self.first, peer)
            case _ if asked.startswith(b"<"):
                self._socket.sendto(asked, self.attached[-1])
            case _:
                self._socket.sendto(b"", peer)

    def say(self, words: bytes) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as control:
            control.sendto(words, str(self.path))

    def stop(self) -> None:
        self.say(b"the end")
        self._thread.join()
        self._socket.close()


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[Scripted]:
    made = Scripted(tmp_path / "ctl" / "wlan0")
    yield made
    made.stop()


def test_events_that_were_lost_are_made_good_and_the_connection_anew(scripted: Scripted) -> None:
    with watched(scripted.path.parent) as (_, came):
        assert came.get(timeout=PATIENCE_S) == here(ONE, "wlan0")
        scripted.first = b""
        assert came.get(timeout=PATIENCE_S) == gone(ONE, "wlan0")
        until(lambda: len(scripted.attached) > 1, "a new connection")


@pytest.mark.parametrize("event", [b"<3>AP-DISABLED ", b"<3>INTERFACE-DISABLED ", b"<3>CTRL-EVENT-TERMINATING "])
def test_a_bss_that_is_switched_off_has_no_stations(scripted: Scripted, event: bytes) -> None:
    with watched(scripted.path.parent) as (_, came):
        assert came.get(timeout=PATIENCE_S) == here(ONE, "wlan0")
        scripted.say(event)
        assert came.get(timeout=PATIENCE_S) == gone(ONE, "wlan0")


def test_a_folder_that_is_not_there_or_may_not_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "dead").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(tmp_path / "dead" / "wlan0"))
    for folder, why in (("nonesuch", "no hostapd"), ("dead", "wlan0: Connection refused")):
        with watched(tmp_path / folder) as (stations, came):
            source = stations.source()
            assert (source.live, why in source.why) == (False, True), source
            assert came.empty()
