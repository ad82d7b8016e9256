"""The captive portal API for every state of a device, judged by the RFC."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from flask import Flask

from appliance.wire import Ended, Phase, Refusal, Refused
from portal.visitor.app import create_app
from portal.visitor.captive import PATH
from tests.support import capport
from tests.unit.portal.gate import Device, GateWithState
from tests.unit.portal.phone import IP, PhoneInProcess, Seen

PORTAL = "https://login.example.kz/"
VENUE = "https://example.kz/"


@pytest.fixture
def phone(tmp_path: Path) -> PhoneInProcess:
    gate = GateWithState()
    return PhoneInProcess(portal(gate, tmp_path, PORTAL, VENUE), gate)


def portal(gate: GateWithState, folder: Path, url: str, link: str) -> Flask:
    look = folder / "portal.json"
    look.write_bytes(msgspec.json.encode({"link": link}))
    return create_app(gate="/nowhere", venue="Q", asks=gate, look=str(look), portal_url=url)


def judged(answer: Seen) -> dict[str, object]:
    assert answer.status == 200
    return capport.judged(answer.body.encode(), answer.headers["content-type"], answer.headers["cache-control"])


CAPTIVE = {"captive": True, "user-portal-url": PORTAL, "can-extend-session": False}
FREE = {"captive": False, "user-portal-url": PORTAL, "can-extend-session": False, "venue-info-url": VENUE}


@pytest.mark.parametrize(
    ("device", "said"),
    [
        (Device(), CAPTIVE),
        (Device(Phase.ASKED, "+77011234567"), CAPTIVE),
        (Device(Phase.AWAY, "+77011234567", seconds_remaining=60, bytes_remaining=5), CAPTIVE),
        (Device(ended=Ended.TIME, online_for_s=60), CAPTIVE),
        (Device(Phase.ONLINE, "+77011234567"), FREE),
        (Device(Phase.ONLINE, "+77011234567", seconds_remaining=60), {**FREE, "seconds-remaining": 60}),
        (
            Device(Phase.ONLINE, "+77011234567", seconds_remaining=0, bytes_remaining=0),
            {**FREE, "seconds-remaining": 0, "bytes-remaining": 0},
        ),
    ],
)
def test_where_a_device_stands(phone: PhoneInProcess, device: Device, said: dict[str, object]) -> None:
    phone.gate.put(IP, device)
    assert judged(phone.get(PATH)) == said


@pytest.mark.parametrize("refusal", [Refusal.UNKNOWN_DEVICE, Refusal.NOT_ON_LAN])
def test_an_unknown_device_is_captive(phone: PhoneInProcess, refusal: Refusal) -> None:
    phone.gate.blind = Refused(refusal)
    assert judged(phone.get(PATH)) == CAPTIVE


def test_a_gate_that_cannot_say_makes_nobody_captive(phone: PhoneInProcess) -> None:
    phone.gate.put(IP, Device(Phase.ONLINE, "+77011234567"))
    phone.gate.blind = Refused(Refusal.BUSY)
    busy = phone.get(PATH)
    phone.gate.down = True
    for answer in (busy, phone.get(PATH)):
        assert (answer.status, answer.body, answer.headers["retry-after"]) == (503, "", "2")
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "application/captive+json"},
        {"Accept": "text/html"},
        {"Accept-Language": "ru", "Host": "evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"User-Agent": ""},
    ],
)
def test_no_header_changes_the_answer(phone: PhoneInProcess, headers: dict[str, str]) -> None:
    assert judged(phone.get(f"{PATH}?lang=ru", headers)) == CAPTIVE


def test_only_reading_is_possible(phone: PhoneInProcess) -> None:
    assert phone.post(PATH, {}).status == 405
    assert phone.send("HEAD", PATH).status == 200
    assert phone.gate.heard


def test_the_longest_addresses_fit_what_android_reads(tmp_path: Path) -> None:
    gate = GateWithState()
    gate.put(IP, Device(Phase.ONLINE, "+77011234567", seconds_remaining=2**31, bytes_remaining=2**63 - 1))
    long = f"https://{'a' * 240}.kz/"
    app = portal(gate, tmp_path, long, long + "v" * 1800)
    assert judged(PhoneInProcess(app, gate).get(PATH))["captive"] is False


def test_without_tls_there_is_no_api() -> None:
    gate = GateWithState()
    answer = PhoneInProcess(create_app(gate="/nowhere", venue="Q", asks=gate), gate).get(PATH)
    assert answer.status == 404
