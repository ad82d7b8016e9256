"""The machine is switched off and on, the package removed, installed again and purged.

Must not know: anything that its administrator could not.
"""

from __future__ import annotations

import re

from tests.image import boot
from tests.image.debian_place import PATIENCE_S, Place
from tests.image.site import PAGE, WEB
from tests.image.visit import terms, visits
from tests.lab.steps import Steps, hold
from tests.lab.visitor import Probe
from tests.lab.waiting import until

_JOURNAL = "/var/lib/qaqpa/gate/journal.db"


def run_through(steps: Steps, place: Place) -> None:
    """In this order; the first visitor is online at its beginning."""
    switched(steps, place)
    removed(steps, place)
    again(steps, place)
    purged(steps, place)


def switched(steps: Steps, place: Place) -> None:
    """Off and on."""
    phone, other = place.site.visitors
    box = place.box
    steps.chapter("The machine is switched off and on")
    known = len(place.knocks())
    hold(place.online(phone), "the phone is not online at the beginning")
    with place.stranger(other):
        with steps.step("in order; it boots, serves, and none has failed") as notes:
            box.switch_off()
            box.switch_on()
            box.shell.wait(PATIENCE_S)
            until(lambda: "All works" in boot.screen(place.site), "the screen to say that all works", PATIENCE_S)
            place.rests()
            notes.append(f"{box.up_s():.0f} s after switching on")
        with steps.step("the visit ended with the machine, and the phone is asked anew; the journal verifies") as notes:
            phone.connect(PATIENCE_S)
            until(lambda: phone.probe(Probe.APPLE).status == 302, "the captive redirect", PATIENCE_S)
            hold(not visits(place.site), f"there are visits: {visits(place.site)}")
            notes.append(place.verified())
        with steps.step("the stranger knocked all the while; nothing arrived"):
            hold(len(place.knocks()) == known, f"it arrived: {place.knocks()[known:][:3]}")
    with steps.step("a new password opens"):
        admitted(place)


def admitted(place: Place) -> None:
    """The first visitor logs in by the pages.

    Raises:
        StepFailed, TooLate
    """
    phone = place.site.visitors[0]
    log = place.site.folder / "sms.jsonl"
    sent = sum(boot.E164.removeprefix("+") in line for line in log.read_text().splitlines())
    agreed = until(lambda: terms(phone), "the page with the venue's terms", PATIENCE_S)

    def asked() -> bool:
        wanted = {"number": boot.NUMBER, "terms": agreed}
        return phone.fetch(f"{PAGE}/password", method="POST", form=wanted, timeout_s=60).status == 303

    until(asked, "a password to be asked for", PATIENCE_S)
    secret = place.site.password_for(boot.E164, after=sent, timeout_s=PATIENCE_S)
    answer = phone.fetch(f"{PAGE}/login", method="POST", form={"password": secret}, timeout_s=60)
    hold(answer.status == 303, f"the page answered {answer.status}")
    until(lambda: place.online(phone), "the phone to be online", PATIENCE_S)


def removed(steps: Steps, place: Place) -> None:
    """``apt remove``, while somebody is online."""
    phone, shell = place.site.visitors[0], place.box.shell
    steps.chapter("The package is removed")
    with steps.step(
        "apt remove, while a phone is online: it is so no more, nothing of ours runs, none has failed"
    ) as notes:
        notes.append(f"{place.apt('remove', 'qaqpa'):.0f} s")
        hold("forwarding is off" in place.said, f"it said {place.said}")
        hold(not place.active(), f"there run {place.active()}")
        hold(not phone.tcp_echo(WEB, 4242, 3), "the phone still gets through")
        hold(shell.run("cat /proc/sys/net/ipv4/ip_forward").text.strip() == "0", "it forwards")
        place.rests()
    with steps.step("configuration, accounts and journal stay; of the program nothing does"):
        for path in ("/etc/qaqpa/qaqpa.toml", "/var/lib/qaqpa/console/staff.json", _JOURNAL):
            hold(shell.run(f"test -e {path}", check=False).code == 0, f"{path} is gone")
        for path in ("/usr/lib/qaqpa", "/usr/bin/qaqpa"):
            hold(shell.run(f"test -e {path}", check=False).code != 0, f"{path} is there")
        hold(not place.enabled(), f"still enabled are {place.enabled()}")
    with steps.step("the next start has a machine without us: its own network again, as /etc/network says") as notes:
        shell.run(r"sed -i '/enp0s2/s/^#//' /etc/network/interfaces")
        place.box.switch_off()
        place.box.switch_on()
        shell.wait(PATIENCE_S)
        notes.append(f"uplink {until(place.uplink, 'an address by DHCP', PATIENCE_S)}")
        hold("br-lan" not in shell.run("ip -brief link").text, "the bridge is there")
        place.rests()


def again(steps: Steps, place: Place) -> None:
    """The same machine, the gateway once more."""
    shell = place.box.shell
    steps.chapter("The package is installed again")
    with steps.step("apt install and qaqpa setup: the same venue, the same owner, the journal goes on") as notes:
        before = entries(place)
        place.apt("install", f"./{place.package}")
        shell.run(r"sed -i '/enp0s2/s/^/#/' /etc/network/interfaces")
        said, seconds = place.timed_set_up()
        hold("is there already, and stays as it is" in said, f"it said {said}")
        hold("it is somebody's already" in said, f"it said {said}")
        until(lambda: "All works" in boot.screen(place.site), "the screen to say that all works", PATIENCE_S)
        notes.append(f"{seconds:.0f} s; {place.verified()}")
        hold(entries(place) > before, "the journal did not go on")
    with steps.step(
        "a newer package (the same again) while a phone is online: it stays so, and no visit ends"
    ) as notes:
        place.site.visitors[0].disconnect()
        place.site.visitors[0].connect(PATIENCE_S)
        admitted(place)
        gate = place.show("gate", "MainPID")
        notes.append(f"{place.apt('install', '--reinstall', f'./{place.package}'):.0f} s")
        place.rests()
        hold(place.show("gate", "MainPID") != gate, "the gate was not begun anew")
        hold(place.online(place.site.visitors[0]), "the phone is not online any more")
        hold(list(visits(place.site).values()) == ["online"], f"the visits are {visits(place.site)}")


def entries(place: Place) -> int:
    """How many the journal has, by its file: the program need not be there."""
    ask = f"import sqlite3; print(sqlite3.connect('{_JOURNAL}').execute('select count(*) from entries').fetchone()[0])"
    return int(place.box.shell.run(f'python3 -c "{ask}"').text)


def purged(steps: Steps, place: Place) -> None:
    """``apt purge``."""
    shell = place.box.shell
    steps.chapter("The package is purged")
    with steps.step(
        "apt purge: configuration, secrets and accounts are gone; the journal and its keys are not, and it says so"
    ):
        before = entries(place)
        place.apt("purge", "qaqpa")
        hold("the law asks for them" in place.said, f"it said {place.said}")
        for path in ("/etc/qaqpa", "/var/lib/qaqpa/console", "/var/lib/qaqpa/conf", "/var/lib/qaqpa/leases"):
            hold(shell.run(f"test -e {path}", check=False).code != 0, f"{path} is there")
        hold(not shell.run("ls /etc/credstore.encrypted").text, "the sealed SMPP password is there")
        hold(entries(place) >= before, "entries are gone")
        hold(shell.run("test -s /var/lib/qaqpa/gate/seal.key", check=False).code == 0, "its key is gone")
        place.rests()
    with steps.step(
        "after a restart installed and set up anew: theirs who have the new code; the journal goes on"
    ) as notes:
        place.box.switch_off()
        place.box.switch_on()
        shell.wait(PATIENCE_S)
        place.apt("install", f"./{place.package}")
        said = place.set_up()
        hold(re.search(r"^[0-9A-Z]{5}-[0-9A-Z]{5}$", said, re.MULTILINE) is not None, f"it said {said}")
        place.rests()
        notes.append(place.verified())
        hold(entries(place) > before, "the journal did not go on")
