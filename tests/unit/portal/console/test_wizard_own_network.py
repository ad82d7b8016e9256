"""The wizard on a box that makes its own bridge and its own Wi-Fi: ports change sides, and a password may be asked."""

from __future__ import annotations

import msgspec
import pytest

from appliance import first_boot
from appliance.config import parse
from appliance.port_roles import Why
from appliance.screen import words
from appliance.wifi import Security
from appliance.wire import Language
from portal.console.wizard.guesses import Sides, wired_anew
from portal.console.wizard.network import judged
from tests.support.first_hour import Box, posted
from tests.support.steward_of_file import PORTS
from tests.unit.portal.console.reading_wizard import EVERY, says

OURS = """
[venue]
open = false
[lan]
ports = ["enp2s0"]
[wan]
interface = "enp1s0"
[console]
interface = "enp1s0"
[wifi]
interface = "wlp3s0"
"""
SECRET = "wifi_password/"


@pytest.fixture
def own(box: Box) -> Box:
    box.steward.path.write_text(f'{OURS}[paths]\nstate = "{box.steward.path.parent}"\n')
    return box


def test_uplink_and_visitors_change_places_and_staff_go_with_the_uplink() -> None:
    config = parse(OURS, "q.toml")
    swapped = {"wan.interface": "enp2s0", "lan.ports": ["enp1s0"], "console.interface": "enp2s0"}
    assert wired_anew(config, PORTS, Sides("enp2s0", "enp1s0")) == swapped
    radio_alone = {"wan.interface": "enp2s0", "lan.ports": [], "console.interface": "enp2s0"}
    assert wired_anew(config, PORTS, Sides("enp2s0", "wlp3s0")) == radio_alone
    elsewhere = msgspec.structs.replace(config, console=msgspec.structs.replace(config.console, interface="mgmt0"))
    assert "console.interface" not in wired_anew(elsewhere, PORTS, Sides("enp2s0", "enp1s0"))


def test_somebody_elses_bridge_is_named_and_its_ports_stay() -> None:
    theirs = parse("", "q.toml")
    assert wired_anew(theirs, PORTS, Sides("enp1s0", "enp2s0")) == {
        "wan.interface": "enp1s0",
        "lan.interface": "br-lan",
    }
    assert judged(PORTS, Sides("enp2s0", "enp1s0")) == {"wan": "wizard.network.in_bridge"}
    assert judged(PORTS, Sides("enp2s0", "enp1s0"), ours=True) == {}


def test_a_choice_is_put_on_trial_as_a_whole(own: Box) -> None:
    answer = posted(own.owner(), "/setup/network", wan="enp2s0", lan="enp1s0", sure="yes")
    assert answer.headers["Location"] == "/setup/network"
    config = own.steward.config
    assert (config.wan.interface, config.lan.ports, config.console.interface) == ("enp2s0", ("enp1s0",), "enp2s0")


@pytest.mark.parametrize("language", EVERY)
def test_the_first_starts_guess_is_explained(own: Box, language: Language) -> None:
    browser = own.owner(language.value)
    sentence = words()[language]["plugged"].format(uplink="enp1s0")
    assert sentence not in browser.get("/setup/network").text
    begun = first_boot.Begun("enp1s0", (Why.PLUGGED, Why.REST))
    (own.steward.path.parent / "first-boot.json").write_bytes(msgspec.json.encode(begun))
    page = browser.get("/setup/network").text
    own.steward.path.write_text(own.steward.path.read_text().replace("enp1s0", "enp2s1"))
    assert "enp2s1 " not in browser.get("/setup/network").text.partition("<form")[0]
    assert sentence in page and words()[language]["rest"].format(lan="enp2s0") in page


@pytest.mark.parametrize("language", EVERY)
def test_a_password_is_asked_for_where_it_is_needed(own: Box, language: Language) -> None:
    browser = own.owner(language.value)
    assert says(browser.get("/setup/wifi"), language, "wizard.wifi.security_help")
    missing = posted(browser, "/setup/wifi", name="Cafe", security="psk", password="")
    assert missing.status_code == 422 and says(missing, language, "wizard.wifi.password_missing")
    wrong = posted(browser, "/setup/wifi", name="Cafe", security="psk", password="құпия сөз")
    assert wrong.status_code == 422 and says(wrong, language, "wizard.wifi.password_wrong")
    assert own.steward.secrets == {} and own.steward.config.wifi.security is Security.OPEN


def test_a_password_is_kept_as_a_secret_and_stays_when_it_is_not_typed_again(own: Box) -> None:
    browser = own.owner()
    assert posted(browser, "/setup/wifi", name="Cafe", security="psk", password="tea and bread").status_code == 303
    assert own.steward.secrets == {SECRET: b"tea and bread"}
    assert own.steward.config.wifi.security is Security.PSK
    page = browser.get("/setup/wifi").text
    assert "tea and bread" not in page
    assert posted(browser, "/setup/wifi", name="Cafe 2", security="psk", password="").status_code == 303
    assert own.steward.secrets == {SECRET: b"tea and bread"}


def test_of_somebody_elses_access_point_no_password_is_asked(box: Box) -> None:
    assert 'name="password"' not in box.owner().get("/setup/wifi").text
