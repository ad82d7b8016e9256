"""Stations by a real hostapd (its driver "none" has no radio, but a real control socket), and by one that lies."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firewall.presence.evidence import Evidence, Proof
from firewall.presence.stations import Stations
from tests.edge.firewall.access_point import AccessPoint
from tests.lab.waiting import until

ONE, TWO = "02:00:00:00:00:01", "02:00:00:00:00:02"


Watched = tuple[Stations, "queue.Queue[Evidence]"]


@contextmanager
def watched(
    folder: Path, last_seen: dict[str, str] | None = None, is_port: Callable[[str], bool] = lambda _: True
) -> Iterator[Watched]:
    came: queue.Queue[Evidence] = queue.Queue()
    stations = Stations(folder, came.put, is_port, list_s=0.2)
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
        assert came.get(timeout=15) == here(TWO, "wlan0")
        point.disconnect(ONE)
        assert came.get(timeout=15) == gone(ONE, "wlan0")


def test_roaming_between_two_of_ours_is_no_leave(new_point: NewPoint, tmp_path: Path) -> None:
    one, two, three = new_point("wlan0"), new_point("wlan1"), new_point("wlan2")
    one.connect(ONE)
    with watched(tmp_path / "ctl") as (_, came):
        assert came.get_nowait() == here(ONE, "wlan0")
        two.connect(ONE)
        assert came.get(timeout=15) == here(ONE, "wlan1")
        one.disconnect(ONE)
        assert came.get(timeout=15) == here(ONE, "wlan1")
        two.disconnect(ONE)
        three.connect(ONE)
        assert came.get(timeout=15) == here(ONE, "wlan2")
        three.disconnect(ONE)
        assert came.get(timeout=15) == gone(ONE, "wlan2"), "once it is nowhere"


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
        said = {came.get(timeout=15)}
        while gone(TWO, "wlan0") not in said or (gone(ONE, "wlan0") in said and here(ONE, "wlan0") not in said):
            said.add(came.get(timeout=15))
        until(lambda: stations.source().live, "the new one to be heard")


def test_an_orderly_end_is_everybodys_leave(new_point: NewPoint, tmp_path: Path) -> None:
    point = new_point("wlan0")
    point.connect(ONE)
    with watched(tmp_path / "ctl") as (stations, came):
        assert came.get_nowait() == here(ONE, "wlan0")
        point.stop()
        assert came.get(timeout=15) == gone(ONE, "wlan0")
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
    liar.settimeout(15)
    with liar, watched(tmp_path / "ctl") as (stations, came):
        for answer in (b"FAIL\n", b"\xff" * 9000):
            asked, peer = liar.recvfrom(100)
            while asked != b"ATTACH":
                asked, peer = liar.recvfrom(100)
            liar.sendto(b"<3>AP-STA-DISCONNECTED nobody", peer)
            liar.sendto(answer, peer)
        until(lambda: "wlan1: answered" in stations.source().why, "the nonsense to be told")
        point.connect(ONE)
        assert came.get(timeout=15) == here(ONE, "wlan0")
        assert stations.covers("wlan0")


def test_events_that_were_lost_are_made_good_and_the_connection_anew(tmp_path: Path) -> None:
    (tmp_path / "ctl").mkdir()
    deaf = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    deaf.bind(str(tmp_path / "ctl" / "wlan0"))
    deaf.settimeout(15)
    said: queue.Queue[bytes] = queue.Queue()
    station = [f"{ONE}\nflags=[AUTH][ASSOC][AUTHORIZED]\n".encode()]

    def serve() -> None:
        """As a hostapd that sends no events any more."""
        while (command := deaf.recvfrom(100))[0] != b"the end":
            asked, peer = command
            said.put(asked)
            answers = {b"ATTACH": b"OK\n", b"PING": b"PONG\n", b"STA-FIRST": station[0]}
            deaf.sendto(answers.get(asked, b""), peer)

    server = threading.Thread(target=serve)
    server.start()
    with deaf:
        with watched(tmp_path / "ctl") as (_, came):
            assert came.get(timeout=15) == here(ONE, "wlan0")
            station[0] = b""
            assert came.get(timeout=15) == gone(ONE, "wlan0")
            until(lambda: list(said.queue).count(b"ATTACH") > 1, "a new connection")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as control:
            control.bind("")
            control.sendto(b"the end", str(tmp_path / "ctl" / "wlan0"))
        server.join()


def test_a_folder_that_is_not_there_or_may_not_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "dead").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(tmp_path / "dead" / "wlan0"))
    for folder, why in (("nonesuch", "no hostapd"), ("dead", "wlan0: Connection refused")):
        with watched(tmp_path / folder) as (stations, came):
            source = stations.source()
            assert (source.live, why in source.why) == (False, True), source
            assert came.empty()
