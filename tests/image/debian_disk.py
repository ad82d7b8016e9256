"""The disk of ``/var/lib/qaqpa``: full while the gateway runs and when it begins anew; read-only from its beginning on.

Nobody new is admitted then, whoever is online stays so while that can be recorded, the owner is told why, and nothing
passes that should not. Must not know: how it is noticed.
"""

from __future__ import annotations

from tests.image import boot
from tests.image.debian_place import PATIENCE_S, Place
from tests.image.site import PAGE
from tests.lab.run import run
from tests.lab.steps import Steps, hold
from tests.lab.waiting import until

_NOT_NOW = "Қазір қолжетімді емес"
"""The title of the page that says what keeps everybody out, in the language of this venue."""
_STATE = "/var/lib/qaqpa"
_SERVING = ("gate", "portal", "sms", "console", "steward", "nginx", "dnsmasq-captive", "dnsmasq-lan")
_STEWARD = "systemctl start qaqpa-steward.service"
"""It rests where nobody has asked for five minutes."""
_SMALL = f"""
set -e
systemctl stop {" ".join(f"qaqpa-{unit}.service" for unit in _SERVING)}
cp --archive {_STATE} /root/state
mount -t tmpfs -o size=200M tmpfs {_STATE}
cp --archive /root/state/. {_STATE}
systemctl start qaqpa.target
"""
_AS_BEFORE = f"""
set -e
systemctl stop {" ".join(f"qaqpa-{unit}.service" for unit in _SERVING)}
rm --recursive /root/state
cp --archive {_STATE} /root/state
umount {_STATE}
find {_STATE} -mindepth 1 -delete
cp --archive /root/state/. {_STATE}
systemctl start qaqpa.target
"""
_READ_ONLY = f"""
set -e
systemctl stop {" ".join(f"qaqpa-{unit}.service" for unit in _SERVING)}
mount -o remount,ro {_STATE}
systemctl start qaqpa.target
"""


def run_through(steps: Steps, place: Place) -> None:
    """The first visitor is online at the beginning and at the end, the second never."""
    phone, other = place.site.visitors
    shell = place.box.shell
    steps.chapter("The disk")
    known = len(place.knocks())
    with place.stranger(other):
        shell.run(_SMALL)
        with steps.step("full: nobody new gets a password, who is online stays so, the doctor says why"):
            until(lambda: place.online(phone), "the phone to be online on the small disk", PATIENCE_S)
            shell.run(f"dd if=/dev/zero of={_STATE}/full bs=1M", check=False)
            until(lambda: "at the reserve nobody new is admitted" in doctor(place), "the doctor to say so", PATIENCE_S)
            until(lambda: refused(place), "a new visitor to be refused", PATIENCE_S)
            hold(place.online(phone), "the phone is not online any more")
        with steps.step("begun anew on the full disk all of it serves, and begins once"):
            shell.run(f"systemctl restart qaqpa-apply {' '.join(f'qaqpa-{unit}' for unit in _SERVING)}")
            until(lambda: set(_SERVING) <= set(place.active()), "all units to serve", PATIENCE_S)
            until(lambda: refused(place), "a new visitor to be refused", PATIENCE_S)
            hold(place.online(phone), "the phone is not online any more")
            hold(restarts(place) == 0, f"units began again by themselves: {restarts(place)}")
            shell.run(f"rm {_STATE}/full")
        with steps.step(
            "read-only from the start: the gate and the doctor say so; the console answers, nothing passes"
        ) as notes:
            shell.run(_READ_ONLY)
            said = "its disk or file is read-only"
            until(lambda: said in logged(place), "the gate to say why", PATIENCE_S)
            until(lambda: "mounted read-only" in doctor(place), "the doctor to say so", PATIENCE_S)
            until(lambda: console(place) in {"200", "303"}, "the console to answer", PATIENCE_S)
            notes.append(f"the gate tries again, {place.show('gate', 'NRestarts')} times so far")
            shell.run(_STEWARD)
            for unit in ("portal", "console", "steward", "nginx", "sms", "dnsmasq-captive"):
                hold(place.show(unit, "ActiveState") == "active", f"{unit} does not run")
                hold(place.show(unit, "NRestarts") == "0", f"{unit} began again by itself")
        with steps.step("writable again: the gate begins by itself, the visit goes on, the journal verifies") as notes:
            shell.run(f"mount -o remount,rw {_STATE}")
            shell.run(_STEWARD)
            until(lambda: set(_SERVING) <= set(place.active()), "all units to serve", PATIENCE_S)
            until(lambda: place.online(phone), "the phone to be online", PATIENCE_S)
            notes.append(place.verified())
            shell.run(_AS_BEFORE)
            until(lambda: "All works" in boot.screen(place.site), "the screen to say that all works", PATIENCE_S)
        with steps.step("nothing of the stranger's arrived"):
            hold(len(place.knocks()) == known, f"it arrived: {place.knocks()[known:][:3]}")


def doctor(place: Place) -> str:
    """What it says."""
    return place.box.shell.run("qaqpa doctor", check=False).text


def logged(place: Place) -> str:
    """The gate's last words."""
    return place.box.shell.run("journalctl --no-pager --boot --unit=qaqpa-gate.service --lines=20").text


def console(place: Place) -> str:
    """The status that its first page has for whoever comes from the uplink's side."""
    line = ["curl", "-sk", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", f"https://{place.uplink()}:8443/"]
    return run(line, namespace=place.site.operator, check=False).stdout


def refused(place: Place) -> bool:
    """Whether the second visitor is told so, asks for a password all the same and is sent none."""
    other = place.site.visitors[1]
    if _NOT_NOW not in other.fetch(f"{PAGE}/", timeout_s=60).body:
        return False  # the gate looks at its disk every few seconds
    log = place.site.folder / "sms.jsonl"
    sent = log.read_text()
    wanted = {"number": "8 702 765 43 21", "terms": ""}
    answer = other.fetch(f"{PAGE}/password", method="POST", form=wanted, timeout_s=60)
    hold(log.read_text() == sent, "an SMS was sent")
    return _NOT_NOW in answer.body


def restarts(place: Place) -> int:
    """How often units of ours were begun again by systemd alone."""
    return sum(int(place.show(unit, "NRestarts")) for unit in _SERVING)
