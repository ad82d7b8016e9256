"""The units under a systemd that runs: how exposed, how often begun again, which secrets they are given.

Must not know: what the units say; only what became of it.
"""

from __future__ import annotations

import socket
import time
import tomllib
from collections.abc import Callable

from tests.image import boot
from tests.image.debian_place import PATIENCE_S, Place
from tests.image.site import SMPP_PASSWORD
from tests.lab.entering import inside
from tests.lab.steps import Steps, hold
from tests.lab.waiting import until

_KILLED = ("portal", "console", "sms", "steward", "nginx", "dnsmasq-captive", "dnsmasq-lan", "gate")
_WATCHED_S = 300.0
"""The gate's 90 s, as long again until what is stopped is killed, and its start."""


def run_through(steps: Steps, place: Place) -> None:
    """The first visitor comes back within the grace and is online from then on; the second never logs in."""
    phone, other = place.site.visitors
    steps.chapter("The units")
    with steps.step("whoever left comes back within the grace, and is online as before"):
        phone.connect(PATIENCE_S)
        until(lambda: place.online(phone), "the phone to be online again", PATIENCE_S)
    boot.exposed(steps, place.site, place.active())
    with steps.step("closed in as it is, the network's unit still tells networkd of a change"):
        place.box.shell.run("systemctl reload qaqpa-network.service")
        place.rests()
    with steps.step("what a stranger sends would be seen out there: the phone's own is"), place.stranger(phone):
        until(place.knocks, "a knock to arrive", PATIENCE_S)
    known = len(place.knocks())
    stranger = place.stranger(other)
    try:
        for unit in _KILLED:
            with steps.step(f"kill -9 of {unit}: begun again, the phone online, the stranger not") as notes:
                notes.append(f"{killed(place, unit):.1f} s until it served again")
                hold(place.online(phone), "the phone is not online any more")
                hold(len(place.knocks()) == known, f"it arrived: {place.knocks()[known:][:3]}")
        with steps.step("a gate that hangs (SIGSTOP): its watchdog ends it, a new one serves") as notes:
            notes.append(f"{hung(place):.0f} s until the new one served")
            hold(place.online(phone), "the phone is not online any more")
        with steps.step("all that while nothing of the stranger's arrived; the journal verifies") as notes:
            hold(stranger.alive, "nobody knocked")
            hold(len(place.knocks()) == known, f"it arrived: {place.knocks()[known:][:3]}")
            place.rests()
            notes.append(place.verified())
    finally:
        stranger.stop()
    sealed(steps, place)


def killed(place: Place, unit: str) -> float:
    """How many seconds it took until another process of the unit served."""
    place.box.shell.run(f"systemctl start qaqpa-{unit}.service")  # a steward rests where nobody asks
    before = place.show(unit, "MainPID")
    return _renewed(place, unit, lambda: place.box.shell.run(f"kill -9 {before}"), PATIENCE_S)


def hung(place: Place) -> float:
    """The same of a gate that does nothing any more."""
    before = place.show("gate", "MainPID")
    seconds = _renewed(place, "gate", lambda: place.box.shell.run(f"kill -STOP {before}"), _WATCHED_S)
    said = place.box.shell.run("journalctl --no-pager --boot --unit=qaqpa-gate.service --grep='[Ww]atchdog'").text
    hold("atchdog timeout" in said, f"systemd said {said}")
    return seconds


def _renewed(place: Place, unit: str, done: Callable[[], object], timeout_s: float) -> float:
    before, restarts, began = place.show(unit, "MainPID"), int(place.show(unit, "NRestarts")), time.monotonic()
    done()

    def serves() -> bool:
        state, pid = place.show(unit, "ActiveState"), place.show(unit, "MainPID")
        return state == "active" and pid not in {before, "0"} and int(place.show(unit, "NRestarts")) > restarts

    until(serves, f"{unit} to be begun again", timeout_s)
    return time.monotonic() - began


def sealed(steps: Steps, place: Place) -> None:
    """An SMPP password that systemd keeps (systemd.exec(5), ImportCredential=)."""
    shell = place.box.shell
    (provider,) = tomllib.loads((place.box.root / "etc/qaqpa/qaqpa.toml").read_text())["sms"]["provider"]
    credential = f"qaqpa.smpp.{provider['name']}"
    with steps.step(
        "the SMPP password that the wizard took is in a file; systemd seals it, and the file goes"
    ) as notes:
        files = found(place, SMPP_PASSWORD)
        hold(files != [], "the password is in no file of the disk: then nothing can be told by looking for it")
        notes.append(f"it was in {' '.join(files)}")
        shell.run("mkdir -p -m 0700 /etc/credstore.encrypted")
        sealing = f"systemd-creds encrypt --name={credential} - /etc/credstore.encrypted/{credential}"
        shell.run(f"printf %s {SMPP_PASSWORD} | {sealing}")
        shell.run("rm " + " ".join(files))
    with steps.step("the sender begun anew binds with it: on the wire it is what it was"):
        heard(place)
        until(lambda: "bound" in shell.run("qaqpa sms status", check=False).text, "the sender to be bound", PATIENCE_S)
    with steps.step("it is nowhere on the disk in the clear, and in the sender's credentials alone") as notes:
        shell.run("journalctl --sync")
        hold(not found(place, SMPP_PASSWORD), f"it is in {found(place, SMPP_PASSWORD)}")
        path = f"/run/credentials/qaqpa-sms.service/{credential}"
        hold(shell.run(f"cat {path}").text == SMPP_PASSWORD, "the sender was not given it")
        notes.append(
            shell.run(f"findmnt -no FSTYPE,OPTIONS -T {path}; stat -c '%U %a' {path}").text.replace("\n", "; ")
        )
        for user in ("gate", "portal", "console"):
            tried = shell.run(f"setpriv --reuid=qaqpa-{user} --regid=qaqpa --init-groups cat {path}", check=False)
            hold(tried.code != 0, f"qaqpa-{user} may read it")
    with steps.step("the doctor has nothing against it"):
        until(lambda: "All works" in boot.screen(place.site), "the screen to say that all works", PATIENCE_S)


def found(place: Place, text: str) -> list[str]:
    """Files of its disk that have it, by their paths there."""
    said = place.box.shell.run(
        f"grep --recursive --fixed-strings --files-with-matches --devices=skip -e {text} / "
        "--exclude-dir=proc --exclude-dir=sys --exclude-dir=run --exclude-dir=dev",
        check=False,
    )
    return said.text.split()


def heard(place: Place) -> None:
    """Waits until the SMSC's side has been sent the password by a sender that is begun anew for it."""
    with inside(place.site.operator), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003)) as wire:
        wire.bind(("isp0", 0))
        wire.settimeout(PATIENCE_S)
        place.box.shell.run("systemctl restart qaqpa-sms.service")
        until(lambda: SMPP_PASSWORD.encode() in wire.recv(65536), "the password in a bind", PATIENCE_S)
