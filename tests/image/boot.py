"""``scripts/boot-test``: the unmodified image under emulation, from the first switching on to a visitor's whole stay.

Exit code 0 only if every step held. Must not know: anything that an owner at the box, or a visitor, could not; the
shell inside is the test's, the image has none for anybody.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.image.boards import BOARDS
from tests.image.cuts import cut
from tests.image.families import families
from tests.image.owner import Owner
from tests.image.secure import secure_boot
from tests.image.site import PAGE, WEB, Site
from tests.image.versions import BAD, GOOD, Updates, stick
from tests.image.visit import goes_online, redirected, visits
from tests.image.wifi import WITH_RADIOS, wifi
from tests.lab.errors import LabError
from tests.lab.run import ROOT
from tests.lab.steps import FAILURES, Steps, hold, played
from tests.lab.visitor import Probe
from tests.lab.waiting import until

NUMBER, E164 = "8 701 123 45 67", "+77011234567"
_SECOND = ("8 701 123 45 68", "+77011234568")
BOOT_S = 900.0
"""The longest that any boot may take; emulated beside other work it can be ten times what it is alone."""
MOST_EXPOSED = {"portal": 2.0, "console": 2.0, "sms": 2.0, "gate": 3.5}
"""By `systemd-analyze security`, from 0 (closed in) to 10."""
CUTS = 50
_LITTLE_MB = 512
_SEED = 20261122
_PATIENCE_S = 120.0
_LOOK_EVERY_S = 1.0
"""Each look costs the emulated box what it is waited for."""


def main() -> int:
    """Play it; the process's exit code."""
    parser = argparse.ArgumentParser(description="The flashable image under emulation.")
    parser.add_argument("image", type=Path, help="the whole disk, unpacked")
    parser.add_argument("newer", type=Path, nargs="?", help=f"folder of updates to {GOOD} (well) and {BAD} (not)")
    parser.add_argument("--short", action="store_true", help="one boot of a box that has its configuration")
    parser.add_argument("--arch", choices=BOARDS, default="amd64", help="what the image is for; the whole of it: amd64")
    given = parser.parse_args()
    if given.arch != "amd64" and not given.short:
        parser.error(f"--arch {given.arch} needs --short")
    image = given.image.resolve()

    def play(steps: Steps) -> None:
        if not given.short:
            return whole(steps, image, given.newer.resolve())
        with watched("qi-", image, visitors=2, restored=True, board=BOARDS[given.arch]) as site:
            first_boot(steps, site)
            comes_up(steps, site)
            stay(steps, site, seen=True)

    return played("Qaqpa: the image, flashed and plugged in (under emulation)", "The boot test", play)


def whole(steps: Steps, image: Path, newer: Path) -> None:
    """A new box from its first hour to its updates; one that checks what it starts; one with radios; a small one."""
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as place:
        updates = stick(newer, Path(place) / "stick.img")
        with watched("qi-", image, visitors=2) as site:
            first_boot(steps, site)
            serving(steps, site)
            stay(steps, site, seen=True)
            power(steps, site)
            steps.chapter("New versions")
            box = Updates(site, newer, updates)
            box.cut(steps, random.Random(_SEED))
            site.emulated.go_on()
            box.good(steps)
            box.bad(steps)
        steps.chapter("Secure Boot")
        with watched("qi-", image, visitors=0, restored=True, secure=True) as site:
            secure_boot(steps, Updates(site, newer, updates))
    with watched("qi-", image, **WITH_RADIOS) as site:
        wifi(steps, site)
    steps.chapter(f"{_LITTLE_MB} MB of memory")
    with watched("qi-", image, visitors=2, restored=True, memory_mb=_LITTLE_MB) as site:
        comes_up(steps, site)
        stay(steps, site)
        families(steps, site)


@contextlib.contextmanager
def watched(prefix: str, image: Path, **options: Any) -> Iterator[Site]:
    """``Site.open``; what the box says of itself is printed when a step fails."""
    with Site.open(prefix, image, **options) as site:
        try:
            yield site
        except FAILURES:
            print(f"\nThe box's console: {site.folder}/console.log", file=sys.stderr)
            print(journal(site), file=sys.stderr)
            raise


def first_boot(steps: Steps, site: Site) -> None:
    """What a new disk becomes."""
    shell = site.machine.shell
    steps.chapter("The first boot")
    with steps.step("firmware, boot loader, kernel, the root checked by its hash; a shell answers") as notes:
        shell.wait(BOOT_S)
        notes.append(f"{site.machine.up_s():.0f} s after switching on; {memory(site)}")
    with steps.step("the root is read-only, erofs, by dm-verity"):
        kind = shell.run("findmnt -no FSTYPE,SOURCE,OPTIONS /").text.split()
        hold(kind[0] == "erofs" and "/dev/mapper/root" in kind[1], f"the root is {kind}")
        hold(shell.run("touch /usr/new", check=False).code != 0, "the root was written to")
        mapped = shell.run("cat /sys/block/dm-0/dm/name /sys/block/dm-0/dm/uuid").text.split()
        hold(mapped[0] == "root" and mapped[1].startswith("CRYPT-VERITY-"), f"the root is mapped as {mapped}")
    with steps.step("the rest of the disk has become the other slot and the data partition") as notes:
        labels = shell.run("lsblk -no PARTLABEL /dev/vda | grep .").text.split()
        hold(labels.count("_empty") == 2 and "qaqpa-data" in labels, f"the partitions are {labels}")
        where = shell.run("findmnt -no SOURCE,FSTYPE /var; findmnt -no SOURCE /etc/qaqpa").text.split()
        hold(where[1] == "ext4" and "etc/qaqpa" in where[2], f"/var and /etc/qaqpa are {where}")
        notes.append(" ".join(labels))
    with steps.step("nobody can log in: no password, no SSH, no login prompt"):
        hold(not re.search(r"^[^:]+:\$", shell.run("cat /etc/shadow").text, re.M), "somebody has a password")
        hold(not shell.run("ss -Hltn sport = :22").text.strip(), "SSH listens")
        hold("login:" not in site.machine.console(), "there is a login prompt on the console")


def serving(steps: Steps, site: Site) -> None:
    """The owner's first hour, by the wizard."""
    steps.chapter("The box becomes somebody's")
    with steps.step("its screen says where the console is, and the code to claim it") as notes:
        owner = Owner.at(site)
        notes.append(f"{owner.address}, {site.machine.up_s():.0f} s after switching on")
    with steps.step(
        "the wizard in a real browser, as on a phone: its words in each language, all of it there"
    ) as notes:
        # Here alone, as below: the package's test plays the rest of it, where no browser's driver is installed.
        from tests.image.browser import wizard

        notes.extend(wizard(owner))
    with steps.step("the wizard's first page takes the code") as notes:
        owner.claims()
        notes.append(f"{site.machine.up_s():.0f} s after switching on")
    with steps.step("every unit that is wanted runs, and none has failed") as notes:
        units_rest(site, "")
        notes.append(memory(site))
    with steps.step("venue, terms, network and SMS are answered; a test SMS is delivered"):
        owner.answers()
    with steps.step("the venue opens; what that changes is in force") as notes:
        owner.opens()
        # The gate begins anew for it, and only the new one says so.
        until(lambda: "All works" in screen(site), "the screen to say that all works", BOOT_S, _LOOK_EVERY_S)
        units_rest(site, "qaqpa-sms")
        notes.append(f"{site.machine.up_s():.0f} s after switching on")


def comes_up(steps: Steps, site: Site) -> None:
    """A box that has its configuration serves by itself."""
    steps.chapter("The venue opens by itself")
    with steps.step("every unit that is wanted runs, and none has failed") as notes:
        site.machine.shell.wait(BOOT_S)
        units_rest(site, "qaqpa-sms")
        notes.append(f"{site.machine.up_s():.0f} s after switching on; {memory(site)}")
    exposed(steps, site, MOST_EXPOSED)


def exposed(steps: Steps, site: Site, units: Iterable[str]) -> None:
    """As the running systemd reckons it."""
    with steps.step("no unit is more exposed than it may be") as notes:
        scores = {}
        for unit in units:
            ask = f"systemd-analyze security --no-pager qaqpa-{unit}.service | tail -n 1"
            said = site.machine.shell.run(ask).text
            found = re.search(r": ([0-9.]+) ", said)
            assert found, said
            scores[unit] = float(found[1])
        notes.append(", ".join(f"{unit} {score}" for unit, score in sorted(scores.items(), key=lambda row: row[1])))
        for unit, most in MOST_EXPOSED.items():
            hold(scores[unit] <= most, f"{unit} is exposed by {scores[unit]}")


def units_rest(site: Site, besides: str) -> None:
    """Nothing waits to begin or has failed, and the product's processes run, with ``besides`` among them."""
    shell = site.machine.shell
    until(lambda: not restless(site), "the units to rest", BOOT_S, _LOOK_EVERY_S)
    failed = shell.run("systemctl --failed --plain --no-legend").text.strip()
    hold(not failed, f"failed: {failed}")
    wanted = f"qaqpa.target qaqpa-gate qaqpa-portal qaqpa-console qaqpa-steward.socket qaqpa-nginx {besides}"
    active = shell.run(f"systemctl is-active {wanted}", check=False).text.split()
    hold(set(active) == {"active"}, f"of {wanted} the states are {active}")


def restless(site: Site) -> str:
    """What systemd still has to do: a unit that waits for another is inactive, and not at rest."""
    said = site.machine.shell.run("systemctl list-jobs --plain --no-legend").text.strip()
    return "" if said == "No jobs running." else said


def screen(site: Site) -> str:
    """As it is now; on the serial line it stands amid what was there before."""
    return site.machine.shell.run("qaqpa screen --once").text


def stay(steps: Steps, site: Site, *, seen: bool = False) -> None:
    """¶4 to ¶8, against the box.

    Args:
        seen: the second phone does it too, in a real browser.
    """
    phone, other = site.visitors
    steps.chapter("A visitor's stay")
    with steps.step("its DHCP client gets a lease") as notes:
        lease = phone.connect(_PATIENCE_S)
        notes.append(f"{lease.address}/{lease.prefix}, router and DNS {lease.router}")
    with steps.step("its probe is sent to the login page; nothing else gets through"):
        result = until(lambda: redirected(phone), "the captive redirect", _PATIENCE_S, _LOOK_EVERY_S)
        hold(result == f"{PAGE}/", f"it was sent to {result}")
        hold(not phone.tcp_echo(WEB, 4242, timeout_s=2), "a foreign TCP port answered")
        hold(not phone.udp_echo(WEB, 4242, timeout_s=2), "a foreign UDP port answered")
        hold(not site.internet.arrivals("echo"), "something arrived out there")
    with steps.step("number entered, «Парольды алу» pressed, the SMS arrives, the password opens"):
        goes_online(site, phone, NUMBER, E164)
    with steps.step("a second phone is met at the gate as before"):
        other.connect(_PATIENCE_S)
        hold(other.probe(Probe.ANDROID, 60).status == 302, "the second phone was not redirected")
        hold(not other.tcp_echo(WEB, 4242, timeout_s=2), "the second phone got through")
    if seen:
        with steps.step(
            "the same on the second phone in a real browser: from its probe to online, out by a button"
        ) as notes:
            from tests.image.browser import portal

            notes.extend(portal(site, other, *_SECOND))
    with steps.step("it leaves (its lease given back): closed"):
        phone.disconnect(release=True)
        until(lambda: set(visits(site).values()) <= {"away"}, "the gate to notice", _PATIENCE_S, _LOOK_EVERY_S)
    with steps.step("memory") as notes:
        notes.append(memory(site))


def power(steps: Steps, site: Site) -> None:
    """Cut in the middle of whatever the box does, and back."""
    shell, chance = site.machine.shell, random.Random(_SEED)
    steps.chapter("The power is cut")
    with steps.step(
        f"{CUTS} times while visitors come and go: what a page promised is recorded, the chain holds"
    ) as notes:
        phones = [site.add_visitor() for _ in range(4)]
        for phone in phones:
            phone.connect(_PATIENCE_S)
        site.emulated.keep()
        kept = [cut(site, phones, chance) for _ in range(CUTS)]
        hold(sum(kept) >= CUTS, f"so little was promised that nothing is shown: {kept}")
        notes.append(f"seed {_SEED}; promised and found after each cut: {' '.join(map(str, kept))}")
    with steps.step(
        "it boots after the last of them; configuration and journal are there, and the chain holds"
    ) as notes:
        site.machine.switch_on()
        shell.wait(BOOT_S)
        units_rest(site, "qaqpa-sms")
        notes.append(f"{site.machine.up_s():.0f} s after switching on")
        notes.append(shell.run("qaqpa journal verify").text.strip())


def journal(site: Site) -> str:
    """What the box itself says about what has failed: its journal ends with it."""
    ask = "systemctl --failed --plain --no-legend; systemctl list-jobs --plain --no-legend; "
    ask += "journalctl --no-pager --boot --priority=warning --lines=80"
    try:
        return site.machine.shell.run(ask, check=False, timeout_s=30).text
    except (LabError, OSError) as error:
        return f"(it does not answer: {error})"


def memory(site: Site) -> str:
    """What the box uses of it."""
    words = site.machine.shell.run("free -m | sed -n 2p").text.split()
    return f"{words[2]} MB of {words[1]} MB RAM in use"


if __name__ == "__main__":
    sys.exit(main())
