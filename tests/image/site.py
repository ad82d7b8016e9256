"""The emulated box where an owner puts it: the operator's Internet and SMSC at its uplink, phones at the other port.

    with Site.open("qi-", image, visitors=1) as site:
        site.machine.shell.wait(600)
        site.visitors[0].connect(60)

    <prefix>operator                        <prefix>box                          <prefix>visitor1 …
    203.0.113.1, DHCP, RA    isp0 ── br-wan ─ tap wan │ QEMU │ tap lan ─ br-lan ── eth0  (DHCP)
    198.51.100.10 the Internet, .53 DNS, .75 SMSC

The visitors' bridge here is what an access point of somebody else's is to the box: its port there keeps its carrier
whoever leaves. Must not know: what is on the image.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from tests.image.boards import BOARDS, Board
from tests.image.machine import LAN, WAN, Machine, lay_ports
from tests.image.shell import Restored, Said
from tests.lab.errors import LabTaken
from tests.lab.internet import Internet
from tests.lab.namespaces import World, claim, give_address, ip, set_sysctl
from tests.lab.run import ROOT, Process, program, start
from tests.lab.visitor import Visitor
from tests.lab.waiting import until

PORTAL = "10.77.0.1"
PAGE = f"http://{PORTAL}"
PREFIX6 = "fd77:6b7a:1::"
"""What visitors have of IPv6, behind the one address that the operator gives the box."""
WEB6, OPERATOR6 = "2001:db8:100::10", "2001:db8:1::1"
WEB, DNS, SMSC = "198.51.100.10", "198.51.100.53", "198.51.100.75"
OPERATOR = "203.0.113.1"
SMPP_PASSWORD = "lab-smpp"
RESTORED = (
    Restored(
        "qaqpa.toml",
        f"""\
[venue]
name = "Алатау кафесі"
open = true
owner_id = "990140000384"
[venue.terms]
kk = "Желіні заң аясында пайдаланыңыз."
ru = "Пользуйтесь сетью в рамках закона."
en = "Use the network within the law."
[lan]
ports = ["{LAN}"]
address6 = "{PREFIX6}1/64"
[wan]
interface = "{WAN}"
masquerade6 = true
[console]
interface = "{WAN}"
[[sms.provider]]
name = "smsc"
host = "{SMSC}"
port = 2775
system_id = "qaqpa"
source = "Qaqpa"
password_file = "/etc/qaqpa/smpp-password"
tls = false
""",
    ),
    Restored("smpp-password", f"{SMPP_PASSWORD}\n", "qaqpa-sms"),
)


class Inside(Protocol):
    """A root's shell in the box."""

    def wait(self, timeout_s: float) -> None: ...

    def run(self, command: str, *, check: bool = True, timeout_s: float = 120.0) -> Said: ...


class Box(Protocol):
    """What is plugged in: an emulated computer, or a container."""

    @property
    def shell(self) -> Inside: ...

    def switch_on(self) -> None: ...

    def pull_the_plug(self) -> None: ...

    def up_s(self) -> float: ...

    def console(self) -> str: ...


@dataclass
class Site:
    """A box that is plugged in. Made by ``Site.open``, or ``Site.around`` one of another kind."""

    world: World
    folder: Path
    operator: str
    box: str
    internet: Internet
    machine: Box
    visitors: list[Visitor] = field(default_factory=list)

    @classmethod
    @contextlib.contextmanager
    def open(
        cls,
        prefix: str,
        image: Path,
        *,
        visitors: int = 1,
        memory_mb: int = 1024,
        restored: bool = False,
        secure: bool = False,
        settings: str = "",
        radios: int = 0,
        disks: Sequence[Path] = (),
        board: Board = BOARDS["amd64"],
    ) -> Iterator[Site]:
        """Flash, plug in, switch on; at the end nothing of it is left but the logs in ``build/<prefix>box``.

        Args:
            restored: the box has the configuration of an open venue from the beginning.
            secure: its firmware checks what it starts.
            settings: what that configuration has besides, as TOML.
            radios: how many it has.
            disks: further ones, which it cannot write.
            board: for the image's architecture.
        """

        def plugged_in(_: World, box: str, folder: Path) -> AbstractContextManager[Machine]:
            files = (replace(RESTORED[0], text=RESTORED[0].text + settings), *RESTORED[1:]) if restored else ()
            return Machine.boot(
                image,
                folder,
                namespace=box,
                memory_mb=memory_mb,
                restored=files,
                secure=secure,
                radios=radios,
                disks=disks,
                board=board,
            )

        with cls.around(prefix, lay_ports, plugged_in, visitors=visitors) as site:
            yield site

    @property
    def emulated(self) -> Machine:
        """The box, where it is an emulated computer."""
        assert isinstance(self.machine, Machine)
        return self.machine

    @classmethod
    @contextlib.contextmanager
    def around(
        cls,
        prefix: str,
        lay: Callable[[str], None],
        plugged_in: Callable[[World, str, Path], AbstractContextManager[Box]],
        *,
        visitors: int = 1,
    ) -> Iterator[Site]:
        """The same around any box.

        Args:
            lay: makes the bridges ``br-wan`` and ``br-lan`` in the namespace that it is given.
            plugged_in: given world, that namespace and a folder for its files, ties the box to them.
        """
        folder = ROOT / "build" / f"{prefix}box"
        with ExitStack() as stack:
            world = stack.enter_context(claim(prefix))
            stack.enter_context(_alone(folder, prefix))
            (folder / "sms.jsonl").unlink(missing_ok=True)
            operator, box = world.add("operator"), world.add("box")
            lay(box)
            world.cable(box, "isp1", operator, "isp0")
            ip(box, "link", "set", "isp1", "master", "br-wan", "up")
            give_address(operator, "isp0", f"{OPERATOR}/24")
            give_address(operator, "isp0", f"{OPERATOR6}/64")
            # Who does not forward is announced as no way out.
            set_sysctl(operator, "net/ipv6/conf/all/forwarding", "1")
            for address in (WEB, DNS, SMSC):
                give_address(operator, "lo", f"{address}/32")
            give_address(operator, "lo", f"{WEB6}/128")
            internet = stack.enter_context(Internet.start(operator, [WEB, WEB6], DNS, folder))
            stack.enter_context(_start_smsc(operator, folder))
            stack.enter_context(_start_dhcp(operator, folder))
            machine = stack.enter_context(plugged_in(world, box, folder))
            site = cls(world, folder, operator, box, internet, machine)
            stack.callback(site._stop)
            for _ in range(visitors):
                site.add_visitor()
            yield site

    def add_visitor(self) -> Visitor:
        """One more phone, not connected yet."""
        number = len(self.visitors) + 1
        namespace = self.world.add(f"visitor{number}")
        self.world.cable(self.box, f"port{number}", namespace, "eth0")
        ip(self.box, "link", "set", f"port{number}", "master", "br-lan", "up")
        visitor = Visitor(namespace, "eth0", f"02:00:00:00:01:{number:02x}", self.folder / "phones")
        self.visitors.append(visitor)
        return visitor

    def password_for(self, number: str, after: int = 0, timeout_s: float = 60.0) -> str:
        """The password in the newest SMS to this number, once there are more than ``after``.

        Raises:
            TooLate: no SMS came.
        """

        def arrived() -> str | None:
            texts = self.texts(number)
            return texts[-1] if len(texts) > after else None

        text = until(arrived, f"an SMS to {number}", timeout_s)
        found = re.search(r"(?<!\d)\d{6}(?!\d)", text)
        assert found, f"no password in {text!r}"
        return found[0]

    def texts(self, number: str) -> list[str]:
        """Every SMS to this number, oldest first."""
        log = self.folder / "sms.jsonl"
        lines = log.read_text().splitlines() if log.exists() else []
        return [str(sms["text"]) for sms in map(json.loads, lines) if sms["to"] == number.removeprefix("+")]

    def _stop(self) -> None:
        for visitor in self.visitors:
            visitor.disconnect()


@contextlib.contextmanager
def _alone(folder: Path, prefix: str) -> Iterator[None]:
    """The folder is this site's: a claim on the prefix lies in ``/run``, and a part of the tests has one of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LabTaken(prefix, None) from error
        yield
    finally:
        os.close(lock)


def _start_smsc(operator: str, folder: Path) -> Process:
    words = ("--host", SMSC, "--port", "2775", "--log", str(folder / "sms.jsonl"))
    smsc = start(program("tests.lab.smsc", *words), name="smsc", log=folder / "smsc.log", namespace=operator)
    smsc.wait_for_line("ready 2775", 60)
    return smsc


def _start_dhcp(operator: str, folder: Path) -> Process:
    """What an Internet provider's box gives: an address, the way out, a resolver."""
    line = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--pid-file=", "--log-facility=-"]
    line += ["--user=root", "--group=root", "--interface=isp0", "--bind-interfaces", "--dhcp-authoritative"]
    line += ["--dhcp-range=203.0.113.20,203.0.113.40,255.255.255.0,12h", f"--dhcp-leasefile={folder / 'isp.leases'}"]
    line += ["--enable-ra", f"--dhcp-range={OPERATOR6[:-1]},ra-only"]
    line += [f"--dhcp-option=option:router,{OPERATOR}", f"--dhcp-option=option:dns-server,{DNS}", "--log-dhcp"]
    return start(line, name="isp", log=folder / "isp.log", namespace=operator)
