"""``scripts/deb-test``: a bare Debian 13 becomes the gateway by the package, under a systemd, and is one no more.

Exit code 0 only if every step held. Must not know: anything that an administrator of that machine, or a visitor, could
not; that it is a container.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from tests.image import boot, debian_away, debian_disk, debian_units
from tests.image.container import Container, lay_bridges
from tests.image.debian_place import PATIENCE_S, Place
from tests.image.machine import WAN
from tests.image.owner import Owner
from tests.image.site import Site
from tests.lab.steps import FAILURES, Steps, hold, played
from tests.lab.waiting import until

_INTERFACES = f"""\
auto lo
iface lo inet loopback

auto {WAN}
iface {WAN} inet dhcp
"""
"""As Debian's installer writes it."""


def main() -> int:
    """Play it; the process's exit code."""
    trees, package = (Path(word).resolve() for word in sys.argv[1:3])
    title = f"{package.name} on a Debian 13 with a systemd of its own"
    return played(title, "The package's test", lambda steps: whole(steps, trees, package))


def whole(steps: Steps, trees: Path, package: Path) -> None:
    """From the bare Debian until nothing of ours is left."""
    with Site.around(
        "qd-",
        lay_bridges,
        lambda world, box, folder: Container.boot(trees, folder, world, box=box),
        visitors=2,
    ) as site:
        assert isinstance(site.machine, Container)
        place = Place(site, site.machine, package.name)
        try:
            installed(steps, place, package)
            set_up(steps, place)
            boot.stay(steps, site)
            recorded(steps, place)
            debian_units.run_through(steps, place)
            debian_disk.run_through(steps, place)
            debian_away.run_through(steps, place)
        except FAILURES:
            print(f"\nThe machine's console: {site.folder}/console.log", file=sys.stderr)
            print(boot.journal(site), file=sys.stderr)
            raise


def installed(steps: Steps, place: Place, package: Path) -> None:
    """Nothing has changed yet but what is on the disk."""
    box, shell = place.box, place.box.shell
    steps.chapter("The package is installed")
    (box.root / "etc/network/interfaces").write_text(_INTERFACES)
    shutil.copy(package, box.root / "root")
    with steps.step("a Debian as its installer leaves it: its uplink has an address") as notes:
        box.switch_on()
        shell.wait(PATIENCE_S)
        address = until(place.uplink, "an address by DHCP", PATIENCE_S)
        notes.append(f"{address}, {box.up_s():.0f} s after switching on")
    with steps.step("apt install ./qaqpa_*.deb") as notes:
        before = set(place.packages())
        seconds = place.apt("install", f"./{package.name}")
        new = {name: kilobytes for name, kilobytes in place.packages().items() if name not in before}
        notes.append(f"the file {package.stat().st_size / 1e6:.1f} MB, installed {new['qaqpa'] / 1024:.0f} MB")
        notes.append(f"with {len(new) - 1} packages besides {sum(new.values()) / 1024:.0f} MB; {seconds:.0f} s")
        place.served_s += seconds
    with steps.step("nothing of ours is enabled or runs, the network is as it was; the doctor says what comes next"):
        hold(not place.enabled(), f"enabled are {place.enabled()}")
        hold(not place.active(), f"there run {place.active()}")
        hold(place.uplink() == address, "the uplink has another address")
        hold(shell.run("cat /proc/sys/net/ipv4/ip_forward").text.strip() == "0", "it forwards")
        said = shell.run("qaqpa doctor", check=False).text
        hold("qaqpa setup" in said or "/etc/qaqpa/qaqpa.toml" in said, f"the doctor says {said}")


def set_up(steps: Steps, place: Place) -> None:
    """By the terminal, then by the wizard."""
    site, box, shell = place.site, place.box, place.box.shell
    steps.chapter("The machine becomes the gateway")
    with steps.step("qaqpa setup refuses a port that Debian's own configuration names, and says which"):
        said = place.set_up(check=False)
        hold("/etc/network/interfaces configures" in said, f"it said {said}")
        hold(not (box.root / "etc/qaqpa/qaqpa.toml").exists(), "a configuration was written all the same")
        hold(not place.active(), f"there run {place.active()}")
    with steps.step("taken out there, qaqpa setup asks, and all of it runs") as notes:
        shell.run(r"sed -i '/enp0s2/s/^/#/' /etc/network/interfaces")
        said, seconds = place.timed_set_up()
        place.served_s += seconds
        code = re.search(r"^([0-9A-Z]{5}-[0-9A-Z]{5})$", said, re.MULTILINE)
        hold(code is not None, f"no claim code in {said}")
        notes.append(f"{seconds:.0f} s; apt install and qaqpa setup together {place.served_s:.0f} s")
    with steps.step("the console is where it said, by its address out there; the code makes it the owner's"):
        address = until(lambda: re.search(r"https://203\.0\.113\.\d+:8443", said + place.told_console()), "an address")
        assert code is not None
        (site.folder / "cookies").unlink(missing_ok=True)
        owner = Owner(site.operator, address[0], code[1], site.folder / "cookies")
        owner.claims()
    with steps.step("venue, terms, network and SMS are answered; a test SMS is delivered"):
        owner.answers()
    with steps.step("the venue opens"):
        owner.opens()
        until(lambda: "All works" in boot.screen(site), "the screen to say that all works", PATIENCE_S)
    with steps.step("every unit that is wanted runs, and none has failed") as notes:
        place.rests()
        notes.append(" ".join(place.active()))


def recorded(steps: Steps, place: Place) -> None:
    """What an inspector gets of that stay."""
    with steps.step("the journal verifies; an extract has all formats, and verifies") as notes:
        notes.append(place.verified())
        place.box.shell.run("qaqpa journal extract --output /root/extract --why 'an inspection'")
        notes.append(" ".join(place.box.shell.run("ls /root/extract").text.split()))
        hold({"csv", "xlsx", "pdf"} <= {name.rpartition(".")[2] for name in notes[-1].split()}, "a format is missing")
        place.box.shell.run("qaqpa journal verify --against /root/extract")


if __name__ == "__main__":
    sys.exit(main())
