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
    daemon,
    garden,
    journal_rights,
    machine_checks,
    render,
    smpp,
    wire,
)
from appliance.adjtimex import synchronised
from appliance.books import journal_path
from appliance.client import Client
from appliance.config import Config
from appliance.errors import ConfigError, GateUnreachable, LogoRefused
from appliance.holding import holding
from appliance.machine_checks import Found
from appliance.sections import Spending
from appliance.steward.wire import LightName
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
    wrong = {wire.Trouble.JOURNAL: journal, wire.Trouble.SMS: sms}
    said = {trouble for trouble, found in wrong.items() if not all(each.ok for each in found)}
    by_light: tuple[tuple[LightName, Iterable[Finding]], ...] = (
        (LightName.OTHER, machine_checks.programs()),
        (LightName.OTHER, machine_checks.users()),
        (LightName.OTHER, _rendered(config)),
        (LightName.GATE, firewall_checks.findings(daemon.firewall_settings(config))),
        (LightName.DISK, journal),
        (LightName.DISK, journal_rights.findings(journal_path(config), daemon.CONSOLE_USER)),
        (LightName.DNS, _garden(config)),
        (LightName.CERTIFICATE, chain.findings(config)),
        (LightName.CERTIFICATE, console_checks.findings(config, time.time())),
        (LightName.SMS, sms),
        # Not under its light, which nothing puts on where there is nothing.
        (LightName.OTHER, [Found(True, f"{without_sms}; visitors are admitted at the desk")] if without_sms else []),
        (LightName.CLOCK, [clock_finding(config)]),
        (LightName.OTHER, access_point.findings(config)),
        (LightName.DHCP, [_lives(config, "dnsmasq-lan")]),
        (LightName.DNS, [_lives(config, "dnsmasq-captive")]),
    )
    found = [(light, finding) for light, group in by_light for finding in group]
    return [*found, *_processes(config, {*said, wire.Trouble.SMS} if without_sms else said)]


def lit_without(config: Config, wrong: ConfigError) -> list[tuple[LightName, Finding]]:
    """While the configuration cannot be used: why, and what does not depend on it.

    Args:
        config: the last that worked, for where things lie.
    """
    remedy = "correct it in the console, where the last that worked can be put back too, or as root and `qaqpa apply`"
    by_light: tuple[tuple[LightName, Iterable[Finding]], ...] = (
        (LightName.GATE, [Found(False, f"nobody is let in: {wrong}", remedy)]),
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
        return Found(False, "the clock stands before the journal's last entry", "set it, or see `timedatectl`")
    return Found(
        True, f"the clock {'follows a time server' if synchronised() else 'is its own: no time server sets it'}"
    )


def _lives(config: Config, unit: str) -> Finding:
    """By its command line: not every dnsmasq writes down its number, and one that was killed leaves it to anybody."""
    told = f"--conf-file={config.paths.state}/conf/{unit}.conf".encode()
    alive = any(told in _command_line(process).split(b"\0") for process in Path("/proc").glob("[0-9]*"))
    return Found(alive, f"qaqpa-{unit} {'runs' if alive else 'does not run'}", f"systemctl status qaqpa-{unit}")


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""  # it has just ended


def _rendered(config: Config) -> Iterable[Finding]:
    try:
        rendered = render.files(config, holding(config, time.time()).standing)
    except LogoRefused as refused:
        return [Found(False, str(refused), "correct venue.logo, or leave it out; then qaqpa apply")]
    return list(_as_written(config, rendered))


def _as_written(config: Config, rendered: Mapping[str, str]) -> Iterable[Finding]:
    for name, content in rendered.items():
        path = Path(config.paths.state) / "conf" / name
        try:
            same = path.read_text(encoding="utf-8") == content
        except OSError:
            same = False
        state = "is what the configuration says" if same else "is missing or older than the configuration"
        yield Found(same, f"{path} {state}", "qaqpa apply, then restart what changed")


def _sms(config: Config) -> Iterable[Finding]:
    if wrong := [*smpp.password_problems(config)]:
        return [Found(False, f"SMS: {problem}", "mend that file, then restart qaqpa-sms") for _, problem in wrong]
    try:
        settings = smpp.sender_settings(config)
    except (SmsError, OSError, KeyError) as error:
        return [Found(False, f"SMS: {error}", "correct [sms] in the configuration")]
    answers, *others = sms_checks.findings(settings)
    # A sender that answers has read them.
    closed = (
        [] if answers.ok else [Found(False, f"SMS: {problem}", _OPEN) for _, problem in smpp.closed_to_sender(config)]
    )
    return [*closed, answers, *others]


_OPEN = "make it readable for that user alone, then restart qaqpa-sms"


def _garden(config: Config) -> Iterable[Finding]:
    for name in garden.unresolved(config.portal.garden, str(config.lan.gate.ip)):
        remedy = "correct portal.garden, or see whether the upstream resolvers (wan.dns) answer"
        yield Found(False, f"the garden's name {name} has no address", remedy)
    if config.portal.garden:
        yield firewall_checks.garden(daemon.firewall_settings(config))


def _spending(config: Config) -> Iterable[Finding]:
    try:
        reply = Client(render.gate_socket(config), timeout_s=2.0).ask(wire.LookAtSpending())
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
            yield Found(True, f"SMS by {each.provider} this month: {costs.sentence(each.month)}")


def spending_findings(told: wire.Spending, limits: Spending, tenge: float | None = None) -> list[Finding]:
    """What the owner should know about the cost of SMS; ``tenge``: of this month, if prices are known."""
    month = f"{told.month_sms:,} of {limits.monthly_sms:,} this month"
    cost = "" if tenge is None else f", {tenge:,.0f} tenge"
    spent = f"SMS: {told.day_sms:,} of {limits.daily_sms:,} today, {month}{cost}"
    if not told.left:
        budget = Found(False, f"{spent}: the budget is spent, nobody gets a password", _RAISE)
    elif not told.left_to_newcomers:
        budget = Found(False, f"{spent}: only numbers that logged in here before get passwords", _RAISE)
    else:
        budget = Found(True, spent)
    entered = f"of {told.sent:,} passwords sent in the last hours {told.entered:,} were entered"
    found: list[Finding] = [budget, Found(not told.alarming, entered, _PUMPED)]
    if told.waiting:
        named = ", ".join(f"{prefix}…" if prefix else "all new numbers" for prefix in told.waiting)
        found.append(Found(False, f"nobody enters what is sent to {named}: passwords are held back there", _PUMPED))
    return found


_RAISE = "if your visitors asked for these (qaqpa journal extract), raise daily_sms or monthly_sms in [spending]"
_PUMPED = (
    "either SMS do not arrive (ask the SMS provider) or somebody asks for other people's numbers; nothing need be done"
    " at once: what it may cost is limited by [spending]"
)


def _processes(config: Config, said: Collection[wire.Trouble]) -> Iterable[tuple[LightName, Finding]]:
    gate = Client(render.gate_socket(config), timeout_s=2.0)
    try:
        reply = gate.ask(wire.ListVisits())
        sources = gate.ask(wire.ListSources())
    except GateUnreachable as error:
        yield LightName.GATE, Found(False, str(error), "systemctl status qaqpa-gate")
    else:
        live = f"{len(reply.visits)} live visits" if isinstance(reply, wire.Visits) else str(reply)
        yield LightName.GATE, Found(True, f"the gate answers: {live}")
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
            yield Found(True, "the venue is closed, as venue.open says: nobody new is admitted")
        elif trouble not in said:
            what, remedy = _TROUBLES[trouble]
            yield Found(False, what, remedy)
    if not reply.troubles:
        yield Found(True, "nothing keeps visitors from the Internet: the gate finds journal, SMS and uplink working")


_TROUBLES = {
    wire.Trouble.JOURNAL: (
        "the journal cannot be written, so nobody is let in",
        "the gate's log says why; most often the disk is full",
    ),
    wire.Trouble.SMS: (
        "no SMS provider takes messages, so visitors are sent to the desk",
        "see `qaqpa sms status`; if a provider is bound, the gate cannot reach the SMS process: restart both",
    ),
    wire.Trouble.UPLINK: (
        "there is no Internet behind the gate, and visitors are told so",
        "see wan.interface's cable and address, then whether the upstream resolvers (wan.dns) answer",
    ),
}


def _presence(reply: wire.Reply) -> Iterable[Finding]:
    """Which sources tell anything: some depend on what the venue has, and the others must."""
    if not isinstance(reply, wire.Sources):
        yield Found(False, f"sources of presence: {reply}", "run as root")
        return
    for source in reply.sources:
        state = "live" if source.live else "not live"
        what = f"presence by {source.name}: {state}: {source.why}"
        yield Found(source.live or source.name in _OPTIONAL, what, "mend what it says, then restart qaqpa-gate")


def _portal(path: Path) -> Finding:
    # Connecting, not looking: a portal that was killed leaves its socket behind.
    with socket.socket(socket.AF_UNIX) as attempt:
        attempt.settimeout(2.0)
        try:
            attempt.connect(str(path))
        except OSError as error:
            what = f"the portal does not answer at {path} ({error.strerror or error})"
            return Found(False, what, "systemctl status qaqpa-portal")
    return Found(True, f"the portal answers at {path}")
