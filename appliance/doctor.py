"""`qaqpa doctor`: what on this machine is missing or wrong, and what to do about each.

Asks every room for its own findings and adds those that only the whole can have. Changes nothing. Must not know: how
a room finds out.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from appliance import (
    access_point,
    chain,
    console_checks,
    costs,
    garden,
    journal_rights,
    machine_checks,
    render,
    smpp,
    sockets,
    wire,
)
from appliance.adjtimex import synchronised
from appliance.books import journal_path
from appliance.client import Client
from appliance.config import Config
from appliance.errors import ConfigError, GateUnreachable, LogoRefused
from appliance.firewall_words import firewall_settings
from appliance.found import right, within, wrong
from appliance.holding import holding
from appliance.sections import Spending
from appliance.steward.wire import LightName
from appliance.users import CONSOLE_USER
from firewall import checks as firewall_checks
from journal import checks as journal_checks
from journal.errors import JournalError
from sms import checks as sms_checks
from sms.errors import SmsError


class Finding(Protocol):
    """What a room found (each has its own such type; rooms share none)."""

    @property
    def ok(self) -> bool: ...
    @property
    def what(self) -> str: ...
    @property
    def remedy(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def values(self) -> Mapping[str, str]: ...
    @property
    def cause(self) -> str: ...


_OPTIONAL = ("stations", "wireless", "ports")
"""Sources of presence that a venue may do without: its access points may be somebody else's."""


def findings(config: Config) -> list[Finding]:
    """All findings, in the order in which a person should mend them."""
    return [finding for _, finding in lit(config)]


def lit(config: Config) -> list[tuple[LightName, Finding]]:
    """The same, each with the light that it puts on or out."""
    journal: list[Finding] = [*journal_checks.findings(Path(config.paths.state) / "gate" / "journal.db")]
    without_sms = smpp.without_sms(config)
    sms: list[Finding] = [] if without_sms else [*_sms(config), *_spending(config)]
    rooms = {wire.Trouble.JOURNAL: journal, wire.Trouble.SMS: sms}
    said = {trouble for trouble, found in rooms.items() if not all(each.ok for each in found)}
    by_light: tuple[tuple[LightName, Iterable[Finding]], ...] = (
        (LightName.OTHER, machine_checks.programs()),
        (LightName.OTHER, machine_checks.users()),
        (LightName.OTHER, _rendered(config)),
        (LightName.GATE, firewall_checks.findings(firewall_settings(config))),
        (LightName.DISK, journal),
        (LightName.DISK, journal_rights.findings(journal_path(config), CONSOLE_USER)),
        (LightName.DNS, _garden(config)),
        (LightName.CERTIFICATE, chain.findings(config)),
        (LightName.CERTIFICATE, console_checks.findings(config, time.time())),
        (LightName.SMS, sms),
        # Not under its light, which nothing puts on where there is nothing.
        (LightName.OTHER, [right(f"{without_sms}; visitors are admitted at the desk")] if without_sms else []),
        (LightName.CLOCK, [clock_finding(config)]),
        (LightName.OTHER, access_point.findings(config)),
        (LightName.DHCP, [_lives(config, "dnsmasq-lan")]),
        (LightName.DNS, [_lives(config, "dnsmasq-captive")]),
    )
    found = [(light, finding) for light, group in by_light for finding in group]
    return [*found, *_processes(config, {*said, wire.Trouble.SMS} if without_sms else said)]


def lit_without(config: Config, refused: ConfigError) -> list[tuple[LightName, Finding]]:
    """While the configuration cannot be used: why, and what does not depend on it.

    Args:
        config: the last that worked, for where things lie.
    """
    by_light: tuple[tuple[LightName, Iterable[Finding]], ...] = (
        (LightName.GATE, [wrong("unusable", said=refused)]),
        (LightName.OTHER, machine_checks.programs()),
        (LightName.OTHER, machine_checks.users()),
        (LightName.DISK, journal_checks.findings(Path(config.paths.state) / "gate" / "journal.db")),
    )
    return [(light, finding) for light, group in by_light for finding in group]


def clock_finding(config: Config) -> Finding:
    """A venue may have no time server; a clock that stands before what was already written is wrong in any case."""
    try:
        written_s = (Path(config.paths.state) / "gate" / "journal.db").stat().st_mtime
    except OSError:
        written_s = 0.0
    if time.time() < written_s - 1.0:
        return wrong("clock")
    return right(f"the clock {'follows a time server' if synchronised() else 'is its own: no time server sets it'}")


def _lives(config: Config, unit: str) -> Finding:
    """By its command line: not every dnsmasq writes down its number, and one that was killed leaves it to anybody."""
    told = f"--conf-file={config.paths.state}/conf/{unit}.conf".encode()
    alive = any(told in _command_line(process).split(b"\0") for process in Path("/proc").glob("[0-9]*"))
    return right(f"qaqpa-{unit} runs") if alive else wrong("unit.dead", unit=f"qaqpa-{unit}")


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""  # it has just ended


def _rendered(config: Config) -> Iterable[Finding]:
    try:
        rendered = render.files(config, holding(config, time.time()).standing)
    except LogoRefused as refused:
        return [wrong("logo", said=refused)]
    return list(_as_written(config, rendered))


def _as_written(config: Config, rendered: Mapping[str, str]) -> Iterable[Finding]:
    for name, content in rendered.items():
        path = Path(config.paths.state) / "conf" / name
        try:
            same = path.read_text(encoding="utf-8") == content
        except OSError:
            same = False
        yield right(f"{path} is what the configuration says") if same else wrong("rendered", path=path)


def _sms(config: Config) -> Iterable[Finding]:
    if faults := [*smpp.password_problems(config)]:
        return [within("sms.password", problem) for _, problem in faults]
    try:
        settings = smpp.sender_settings(config)
    except (SmsError, OSError, KeyError) as error:
        return [wrong("sms.settings", said=error)]
    answers, *others = sms_checks.findings(settings)
    # A sender that answers has read them.
    closed = [] if answers.ok else [within("sms.closed", problem) for _, problem in smpp.closed_to_sender(config)]
    return [*closed, answers, *others]


def _garden(config: Config) -> Iterable[Finding]:
    for name in garden.unresolved(config.portal.garden, str(config.lan.gate.ip)):
        yield wrong("garden.unresolved", name=name)
    if config.portal.garden:
        yield firewall_checks.garden(firewall_settings(config))


def _spending(config: Config) -> Iterable[Finding]:
    try:
        reply = Client(sockets.gate_socket(config), timeout_s=2.0).ask(wire.LookAtSpending())
    except GateUnreachable:
        return []  # said with the processes
    if not isinstance(reply, wire.Spending):
        return []
    try:
        told = costs.carried(config, Path(config.paths.state) / "gate" / "journal.db", datetime.now(UTC))
    except JournalError:
        told = ()  # said with the journal
    return [*spending_findings(reply, config.spending, costs.tenge(told)), *_carried(told)]


def _carried(told: Sequence[costs.Carried]) -> Iterable[Finding]:
    for each in told:
        if each.month.sent:
            yield right(f"SMS by {each.provider} this month: {costs.sentence(each.month)}")


def spending_findings(told: wire.Spending, limits: Spending, tenge: float | None = None) -> list[Finding]:
    """What the owner should know about the cost of SMS; ``tenge``: of this month, if prices are known."""
    day, daily = f"{told.day_sms:,}", f"{limits.daily_sms:,}"
    month, monthly = f"{told.month_sms:,}", f"{limits.monthly_sms:,}"
    cost = "" if tenge is None else f", {tenge:,.0f} tenge"
    if not told.left or not told.left_to_newcomers:
        code = "sms.spent_newcomers" if told.left else "sms.spent"
        budget = wrong(code, day=day, daily=daily, month=month, monthly=monthly, cost=cost)
    else:
        budget = right(f"SMS: {day} of {daily} today, {month} of {monthly} this month{cost}")
    sent, entered = f"{told.sent:,}", f"{told.entered:,}"
    found: list[Finding] = [
        budget,
        wrong("sms.not_entered", sent=sent, entered=entered)
        if told.alarming
        else right(f"of {sent} passwords sent in the last hours {entered} were entered"),
    ]
    if told.waiting:
        named = ", ".join(f"{prefix}…" if prefix else "all new numbers" for prefix in told.waiting)
        found.append(wrong("sms.held_back", prefixes=named))
    return found


def _processes(config: Config, said: Collection[wire.Trouble]) -> Iterable[tuple[LightName, Finding]]:
    gate = Client(sockets.gate_socket(config), timeout_s=2.0)
    try:
        reply = gate.ask(wire.ListVisits())
        sources = gate.ask(wire.ListSources())
    except GateUnreachable as error:
        yield LightName.GATE, wrong("gate.silent", said=error)
    else:
        live = f"{len(reply.visits)} live visits" if isinstance(reply, wire.Visits) else str(reply)
        yield LightName.GATE, right(f"the gate answers: {live}")
        yield from ((LightName.UPLINK, each) for each in troubles_findings(reply, said))
        yield from ((LightName.OTHER, each) for each in _presence(sources))
    yield LightName.GATE, _portal(Path(config.paths.runtime) / "portal" / "portal.sock")


def troubles_findings(reply: wire.Reply, said: Collection[wire.Trouble]) -> Iterable[Finding]:
    """What pages tell visitors of, in the owner's words, unless its room has ``said`` what is wrong already."""
    if not isinstance(reply, wire.Visits):
        return
    for trouble in reply.troubles:
        if trouble is wire.Trouble.CLOSED:
            # The owner's own word, and no fault.
            yield right("the venue is closed, as venue.open says: nobody new is admitted")
        elif trouble not in said:
            yield wrong(f"trouble.{trouble}")
    if not reply.troubles:
        yield right("nothing keeps visitors from the Internet: the gate finds journal, SMS and uplink working")


def _presence(reply: wire.Reply) -> Iterable[Finding]:
    """Which sources tell anything: some depend on what the venue has, and the others must."""
    if not isinstance(reply, wire.Sources):
        yield wrong("presence.refused", said=reply)
        return
    for source in reply.sources:
        if source.live or source.name in _OPTIONAL:
            yield right(f"presence by {source.name}: {'live' if source.live else 'not live'}: {source.why}")
        else:
            yield wrong("presence.dead", name=source.name, said=source.why)


def _portal(path: Path) -> Finding:
    # Connecting, not looking: a portal that was killed leaves its socket behind.
    with socket.socket(socket.AF_UNIX) as attempt:
        attempt.settimeout(2.0)
        try:
            attempt.connect(str(path))
        except OSError as error:
            return wrong("portal.silent", path=path, said=error.strerror or error)
    return right(f"the portal answers at {path}")
