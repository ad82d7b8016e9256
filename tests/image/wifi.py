"""The box's own access point, in an air that its kernel simulates: phones come, go, roam, and are encrypted.

hostapd runs by the product's own unit, from what `qaqpa apply` made of the configuration. How long the gate stayed open
behind a phone is measured at the kernel's set, from the moment of leaving. Must not know: how presence finds it out.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from tests.image.site import PAGE, PORTAL, WEB, Site
from tests.image.stations import DISK, Network, Station, encrypted, plug_in, wpa2, wpa3
from tests.lab.steps import Steps, hold
from tests.lab.waiting import until

NAME = "Алатау"
WITH_RADIOS: dict[str, Any] = {
    "visitors": 0,
    "restored": True,
    "settings": f'[wifi]\ninterface = "wlan0"\nname = "{NAME}"\n',
    "radios": 5,
    "disks": (DISK,),
}
"""The box, for ``Site.open``. Its network is open, as that of a new box with a radio is."""
_PASSWORD = "tau-men-dala 7"
_PROBE = "http://captive.apple.com/hotspot-detect.html"
_SECOND = "/run/lab-second.conf"
_BOOT_S = 900.0
_PATIENCE_S = 120.0
_SILENCE_S = 900.0
_GRACE_S = 180.0
"""The grace is one minute; under emulation all takes longer."""
_LOOK_EVERY_S = 1.0


def wifi(steps: Steps, site: Site) -> None:
    """The chapter, on a box that has just been switched on."""
    shell = site.emulated.shell
    steps.chapter("Wi-Fi")
    shell.wait(_BOOT_S)
    with steps.step(
        "hostapd runs by its unit on the box's own radio, and the doctor finds nothing wrong with it"
    ) as notes:
        ask = "systemctl is-active qaqpa-hostapd && qaqpa doctor"
        works = "Wi-Fi: wlan0 is visitors' network"
        until(lambda: works in shell.run(ask, check=False).text, "hostapd to serve", _BOOT_S, _LOOK_EVERY_S)
        notes.append(f"{site.machine.up_s():.0f} s after switching on")
        notes.append(shell.run("iw dev wlan0 info | grep channel").text.strip())
    plug_in(shell)
    phone, other, walker = (Station.on(shell, radio) for radio in (2, 3, 4))
    comes(steps, site, phone, other)
    with steps.step("a third one logs in, and is carried out of range"):
        comes_online(site, walker, Network(NAME), "+77011234503")
        leaves(site, walker, walker.walks_away())
    goes(steps, site, phone, other)
    roams(steps, site, phone)
    with steps.step(
        "the one that was carried away, of which nothing was heard: closed, and its visit is over"
    ) as notes:
        closed_s = closed_after_s(site, walker, _SILENCE_S)
        notes.append(f"closed {closed_s:.0f} s after it was out of range")
        until(lambda: not visit_of(site, walker), "the visit to be over", _GRACE_S, _LOOK_EVERY_S)
        stayed_s = recorded_s(site, walker)
        hold(stayed_s < closed_s / 2, f"the journal says that it stayed for {stayed_s:.0f} s")
        notes.append(f"in the journal it stayed for {stayed_s:.0f} s")
    secured(steps, site, phone, other)


def comes(steps: Steps, site: Site, phone: Station, other: Station) -> None:
    """Into an open network."""
    with steps.step("a phone finds the open network by its name, associates and gets a lease") as notes:
        phone.joins(Network(NAME))
        notes.append(f"{phone.takes_a_lease()}, from {phone.bss()}")
    with steps.step("its probe is sent to the login page; nothing else gets through"):
        at_the_gate(phone)
    with steps.step("number, SMS, password: online"):
        logs_in(site, phone, "+77011234501")
    with steps.step("a second phone is met at the gate as before, and neither reaches the other"):
        other.joins(Network(NAME))
        other.takes_a_lease()
        at_the_gate(other)
        hold(other.pings(PORTAL), "the second phone does not even reach the gate")
        hold(not other.pings(phone.address), "the second phone reaches the first")
        hold(not phone.pings(other.address), "the first phone reaches the second")


def goes(steps: Steps, site: Site, phone: Station, other: Station) -> None:
    """In the ways in which an access point is told."""
    with steps.step("its Wi-Fi is switched off: closed; within the grace it is back without a password") as notes:
        before = visit_of(site, phone)
        leaves(site, phone, phone.goes())
        notes.append(f"closed {closed_after_s(site, phone):.1f} s later")
        phone.comes_back()
        phone.takes_a_lease()
        until(lambda: is_open(site, phone), "the gate to open again", _PATIENCE_S, _LOOK_EVERY_S)
        hold(phone.reaches(WEB, 4242), "TCP does not get through any more")
        hold(visit_of(site, phone).get("visit") == before["visit"], "it is another visit")
    with steps.step(
        "the second logs in, and its wpa_supplicant is killed: closed; after the grace all begins anew"
    ) as notes:
        logs_in(site, other, "+77011234502")
        leaves(site, other, other.is_killed())
        notes.append(f"closed {closed_after_s(site, other):.1f} s later")
        until(lambda: not visit_of(site, other), "the visit to be over", _GRACE_S, _LOOK_EVERY_S)
        other.joins(Network(NAME))
        other.takes_a_lease()
        at_the_gate(other)


def roams(steps: Steps, site: Site, phone: Station) -> None:
    """Between two BSSes of the box's own: a second radio with a hostapd whose control socket is beside the first's."""
    shell = site.emulated.shell
    first = phone.bss()
    shell.write(_SECOND, _second(site))
    shell.run(f"/usr/sbin/hostapd -B -P {_SECOND}.pid -f {_SECOND}.log {_SECOND}")
    second = shell.run("cat /sys/class/net/wlan1/address").text.strip()
    with steps.step("it roams to another BSS and back: one visit, no password, and TCP gets through in each") as notes:
        before = visit_of(site, phone)
        for bssid in (second, first, second):
            phone.roams(bssid)
            hold(phone.reaches(WEB, 4242), f"TCP does not get through by {bssid}")
            now = visit_of(site, phone)
            hold(now.get("visit") == before["visit"] and now["phase"] == "online", f"it is {now}")
        notes.append(f"{first} and {second}")
    with steps.step("in the second it is switched off: closed, whatever the first still believes") as notes:
        leaves(site, phone, phone.goes())
        notes.append(f"closed {closed_after_s(site, phone):.1f} s later")
    shell.run(f"kill $(cat {_SECOND}.pid); qaqpa end {phone.mac}")


def secured(steps: Steps, site: Site, phone: Station, other: Station) -> None:
    """The other two kinds of network, as an owner chooses them."""
    with steps.step(
        "with OWE beside the open network: a phone that can is encrypted, another comes as before"
    ) as notes:
        chosen(site, 'security = "owe"')
        phone.joins(encrypted(NAME))
        notes.append(f"{phone.takes_a_lease()} by {phone.bss()}, {phone.key_management()}")
        hold(phone.key_management() == "OWE", f"it is {phone.key_management()}")
        at_the_gate(phone)
        other.joins(Network(NAME))
        notes.append(f"{other.takes_a_lease()} by {other.bss()}, {other.key_management()}")
        at_the_gate(other)
        hold(not other.pings(phone.address), "one reaches the other across them")
    with steps.step("with a password: by SAE (WPA3) and WPA2 with it, not without it and not with another") as notes:
        site.emulated.shell.write("/etc/qaqpa/wifi-password", f"{_PASSWORD}\n", "0600")
        chosen(site, 'security = "psk"')
        phone.joins(wpa3(NAME, _PASSWORD))
        notes.append(f"{phone.takes_a_lease()}, {phone.key_management()}")
        hold(phone.key_management() == "SAE", f"it is {phone.key_management()}")
        at_the_gate(phone)
        other.joins(wpa2(NAME, _PASSWORD))
        notes.append(f"{other.takes_a_lease()}, {other.key_management()}")
        at_the_gate(other)
        hold(not other.pings(phone.address), "one reaches the other")
        for network in (Network(NAME), wpa3(NAME, "another one"), wpa2(NAME, "another one")):
            hold(not other.is_taken(network), f"it is taken with {network}")


def comes_online(site: Site, phone: Station, network: Network, number: str) -> None:
    """From out of range to a visit."""
    phone.joins(network)
    phone.takes_a_lease()
    logs_in(site, phone, number)


def logs_in(site: Site, phone: Station, number: str) -> None:
    """¶5 to ¶7."""

    def agreed() -> str | None:
        found = re.search(r'name="terms" value="([^"]+)"', phone.fetch(f"{PAGE}/").body)
        return found[1] if found else None

    before = len(site.texts(number))
    terms = until(agreed, "the page with the venue's terms", _PATIENCE_S, _LOOK_EVERY_S)
    answer = phone.fetch(f"{PAGE}/password", {"number": number, "terms": terms})
    hold(answer.status == 303, f"the page answered {answer}")
    secret = site.password_for(number, after=before, timeout_s=_PATIENCE_S)
    answer = phone.fetch(f"{PAGE}/login", {"password": secret})
    hold(answer.status == 303, f"the page answered {answer}")
    hold(is_open(site, phone), "the gate is closed")
    hold(phone.reaches(WEB, 4242), "TCP does not get through")


def at_the_gate(phone: Station) -> None:
    """Redirected, and not let through."""

    def redirected() -> str | None:
        page = phone.fetch(_PROBE)
        return page.leads_to if page.status == 302 else None

    result = until(redirected, "the captive redirect", _PATIENCE_S, _LOOK_EVERY_S)
    hold(result == f"{PAGE}/", f"it was sent to {result}")
    hold(not phone.reaches(WEB, 4242, timeout_s=2), "a foreign TCP port answered")


def leaves(site: Site, phone: Station, how: str) -> None:
    """Have it leave, and watch from then on when the gate is closed behind it."""
    file = _file(phone)
    measured = "$(((${EPOCHREALTIME/./} - $began) / 1000))"
    watch = f"while {_is_open(phone)}; do sleep 0.2; done; echo {measured} >{file}.new; mv {file}.new {file}"
    packed = f"rm -f {file}; export began=${{EPOCHREALTIME/./}}; {how}; setsid bash -c '{watch}' >/dev/null 2>&1 &"
    site.machine.shell.run(packed)


def closed_after_s(site: Site, phone: Station, timeout_s: float = _PATIENCE_S) -> float:
    """Between its leaving and the kernel's knowing it no more.

    Raises:
        TooLate: it still does.
    """

    def closed() -> str | None:
        said = site.machine.shell.run(f"cat {_file(phone)}", check=False).text.strip()
        return said if said.isdigit() else None

    return int(until(closed, "the gate to be closed", timeout_s, _LOOK_EVERY_S)) / 1000


def is_open(site: Site, phone: Station) -> bool:
    """By the kernel's set."""
    return site.machine.shell.run(_is_open(phone), check=False).code == 0


def visit_of(site: Site, phone: Station) -> dict[str, Any]:
    """Its live visit; empty: it has none."""
    visits = json.loads(site.machine.shell.run("qaqpa visits --json").text)
    return next((visit for visit in visits if visit["device"] == phone.mac), {})


def recorded_s(site: Site, phone: Station) -> float:
    """How long its visit was, which is over, by the journal."""
    (visit,) = json.loads(site.machine.shell.run(f"qaqpa journal visits --device {phone.mac} --json").text)
    began, ended = (datetime.fromisoformat(visit[name]) for name in ("began", "ended"))
    return (ended - began).total_seconds()


def chosen(site: Site, line: str) -> None:
    """The owner has this as the last line of ``[wifi]``, and it is in force."""
    shell = site.machine.shell
    shell.run(f"(cat /etc/qaqpa/qaqpa.toml | sed '/^security = \"o/d'; echo {json.dumps(line)}) >/run/lab-new.toml")
    shell.run("qaqpa settings apply /run/lab-new.toml --undo-after 0", timeout_s=600)


def _is_open(phone: Station) -> str:
    return f"ipset -q test qq-up4 {phone.address},{phone.mac}"


def _file(phone: Station) -> str:
    return f"/run/lab-closed-{phone.mac.replace(':', '')}"


def _second(site: Site) -> str:
    """hostapd's configuration of one more radio, as the unit's own is but for radio and channel."""
    own = site.machine.shell.run("cat /var/lib/qaqpa/conf/hostapd-fixed.conf").text.strip()
    return re.sub(r"^channel=.*$", "channel=6", own.replace("interface=wlan0", "interface=wlan1"), flags=re.M) + "\n"
