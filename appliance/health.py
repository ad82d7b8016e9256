"""``qaqpa health``: does the product do what it is for? Asked of the product itself, once it has had time to start.

    rules      those in the kernel are the gate's
    visitor    a device of our own gets a lease, and is sent to the portal's page, through nginx
    journal    an entry is on the disk
    console    its page answers, through nginx

A version that was just installed is kept or given up by this answer, so nothing counts here that is not the product's
own: no SMSC, no uplink, no certificate. Must not know: what follows from the answer.
"""

from __future__ import annotations

import http.client
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from appliance import daemon, render, sockets, wire
from appliance.client import Client
from appliance.config import Config
from appliance.errors import ApplianceError
from appliance.firewall_words import firewall_settings
from appliance.stand_in import Visited
from appliance.wire_console import NoteStaff, StaffAct
from firewall import stand_in, standing
from firewall.errors import FirewallError
from firewall.presence import lease_file

_VISIT_S = 45.0
_GATE_S = 10.0
_LOOK_EVERY_S = 2.0


class Unwell(ApplianceError):
    """Something does not do what it is for; the text says what."""


@dataclass(frozen=True)
class Part:
    """One thing that is asked."""

    name: str
    ask: Callable[[], str]
    """Says what it found, or raises ApplianceError or FirewallError."""


@dataclass(frozen=True)
class Answer:
    """What came of it."""

    name: str
    ok: bool
    said: str


def parts(config: Config, version: str, mac: str, number: int) -> tuple[Part, ...]:
    """Everything that is asked of a box with this configuration.

    Args:
        version: whose health it is, for the journal.
        mac, number: of the device of our own; nobody else's.
    """
    asked = [
        Part("rules", lambda: _rules(config)),
        Part("visitor", lambda: _visitor(config, mac, number)),
        Part("journal", lambda: _journal(config, version)),
    ]
    if config.console.interface:
        asked.append(Part("console", lambda: _console(config)))
    return tuple(asked)


def examine(
    asked: Sequence[Part], patience_s: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> Iterator[Answer]:
    """Ask each until it is well or the patience, for all together, is over; each is asked once at least."""
    deadline = clock() + patience_s
    for part in asked:
        while True:
            answer = _answer(part)
            if answer.ok or clock() >= deadline:
                break
            sleep(_LOOK_EVERY_S)
        yield answer


def _answer(part: Part) -> Answer:
    try:
        return Answer(part.name, True, part.ask())
    except (ApplianceError, FirewallError, OSError) as error:
        return Answer(part.name, False, str(error) or type(error).__name__)


def _rules(config: Config) -> str:
    wrong = standing.differences(firewall_settings(config))
    if wrong:
        raise Unwell(f"the gate's rules are not in the kernel: {wrong} differ")
    return "the gate's rules are in the kernel"


def _visitor(config: Config, mac: str, number: int) -> str:
    gate = str(config.lan.gate.ip)
    command = ["unshare", "--net", sys.executable, "-Pm", "appliance.stand_in", mac, str(number), gate]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as visitor:
        try:
            assert visitor.stdout is not None
            if visitor.stdout.readline().strip() != "ready":
                raise Unwell("no device of our own could be made: run it as root")
            with stand_in.cable(config.lan.interface, visitor.pid):
                told, _ = visitor.communicate("go\n", timeout=_VISIT_S)
        except subprocess.TimeoutExpired as error:
            raise Unwell(f"a visitor's device got no page in {_VISIT_S:.0f} s") from error
        finally:
            visitor.kill()
    try:
        visited = msgspec.json.decode(told, type=Visited)
    except msgspec.MsgspecError as error:
        raise Unwell(f"the device of our own said nothing that can be read: {told[-200:]!r}") from error
    if visited.problem and not visited.lease and (given := none_left(config)):
        return f"all {given} addresses are given out, so none was left for a device of our own"
    if visited.problem:
        raise Unwell(f"a visitor {f'at {visited.lease} ' if visited.lease else ''}sees no page: {visited.problem}")
    return f"a visitor got {visited.lease} and the page {visited.page}"


def none_left(config: Config) -> int:
    """How many addresses visitors have between them, if that is all there are; else 0.

    A single device can take them all, under invented MAC addresses: it would keep every new version from being kept.
    """
    first, last = render.dhcp_range(config)
    try:
        held = {lease.address for lease in lease_file.leases(daemon.lease_path(config)).values()}
    except OSError:
        return 0
    all_of_them = int(last) - int(first) + 1
    return all_of_them if sum(first <= address <= last for address in held) >= all_of_them else 0


def _journal(config: Config, version: str) -> str:
    note = NoteStaff("root", StaffAct.HEALTH_ASKED, detail=version[:200])
    reply = Client(sockets.gate_socket(config), _GATE_S).ask(note)
    if not isinstance(reply, wire.Done):
        raise Unwell("the journal takes no entry; the gate's log says why")
    return "the journal takes entries"


def _console(config: Config) -> str:
    unjudged = ssl.create_default_context()
    unjudged.check_hostname, unjudged.verify_mode = False, ssl.CERT_NONE
    console = http.client.HTTPSConnection("127.0.0.1", config.console.port, timeout=_GATE_S, context=unjudged)
    try:
        console.request("GET", "/sign-in")
        status = console.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise Unwell(f"the console does not answer on port {config.console.port}: {error}") from error
    finally:
        console.close()
    if status >= http.client.INTERNAL_SERVER_ERROR:
        raise Unwell(f"the console answers with status {status}; see `systemctl status qaqpa-console`")
    return "the console answers"
