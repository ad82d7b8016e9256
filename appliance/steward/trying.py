"""Would this configuration work here, what would it change, and which processes would begin anew?

    >>> tried = Trial(Path("/etc/qaqpa/qaqpa.toml")).of(toml)               # doctest: +SKIP
    >>> tried.problems, tried.changes, tried.restarts

All problems at once, where ``config.parse`` tells the first: whoever fills a form in wants to know them all. Must not
know: who asks, what becomes of it.
"""

from __future__ import annotations

import socket
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from appliance import access_point, apply, credentials, last_worked, misfits, render, render_network, smpp
from appliance import toml_places as places
from appliance.apply import CheckFailed
from appliance.config import Config
from appliance.contradictions import contradictions
from appliance.effective import leaves
from appliance.errors import ApplianceError, LogoRefused
from appliance.firewall_words import firewall_settings
from appliance.found import Found, wrong
from appliance.holding import holding
from appliance.steward import destinations, named_files
from appliance.steward.toml_words import as_toml
from appliance.steward.units import ORDER, in_order
from appliance.steward.wire import Change, Problem, Tried
from firewall import surroundings
from firewall.errors import FirewallError

MAX_PROBLEMS = 50
_OF_SURROUNDINGS = {
    "lan_interface": "lan.interface",
    "wan_interface": "wan.interface",
    "lan": "lan.address",
    "lan6": "lan.address6",
}
_FIXED = ("paths.runtime", "paths.state")
"""Sockets and journal would be somewhere else, and the units know these places too."""


@dataclass(frozen=True)
class Judged:
    """A text that was read."""

    config: Config | None
    """None: there are problems."""
    problems: tuple[Problem, ...] = ()


def read(toml: str) -> Judged:
    """All that is wrong with the text alone, whichever machine it is for."""
    try:
        raw = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        return Judged(None, (_told("", wrong("toml", said=error), toml),))
    found = list(_misfits(raw, toml))
    if found:
        return Judged(None, tuple(found))
    config = msgspec.convert(raw, Config)
    problems = tuple(_told(key, problem, toml) for key, problem in contradictions(config))
    return Judged(None if problems else config, problems)


def _misfits(raw: dict[str, Any], toml: str) -> Iterator[Problem]:
    """Keys that do not exist, values that do not fit; each is taken out, so that the next is found."""
    for _ in range(MAX_PROBLEMS):
        if unknown := misfits.of_key(raw, Config):
            key, problem = unknown
            yield _told(key, problem, toml)
        else:
            try:
                msgspec.convert(raw, Config)
                return
            except msgspec.ValidationError as error:
                key, problem = misfits.of_value(error, Config)
                yield _told(key, problem, toml)
        if not _taken_out(raw, key):
            return


def _taken_out(raw: dict[str, Any], key: str) -> bool:
    """Remove the value of ``sms.provider[1].port``; whether there was one."""
    inside: Any = raw
    *above, last = _steps(key)
    try:
        for step in above:
            inside = inside[step]
        del inside[last]
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _steps(key: str) -> list[str | int]:
    steps: list[str | int] = []
    for name in key.split("."):
        plain, _, number = name.partition("[")
        steps += [plain, int(number.rstrip("]"))] if number else [plain]
    return steps


def _told(key: str, problem: Found, toml: str) -> Problem:
    return Problem(key, str(problem), places.line_of(toml, key), problem.code, dict(problem.values))


def here(config: Config, toml: str, now: Config | None) -> Iterator[Problem]:
    """What on this machine keeps it from working. Changes nothing."""
    if now is not None:
        for key in _FIXED:
            if _of(config, key) != _of(now, key):
                yield _told(key, wrong("paths.fixed"), toml)
    if strange := [_told(key, problem, toml) for key, problem in named_files.unreadable(config)]:
        yield from strange
        return  # all that follows opens them
    try:
        settings = firewall_settings(config)
        made = render_network.made(config)
        absent = [
            each
            for each in surroundings.missing(settings)
            if getattr(config, each[0].partition("_")[0]).interface not in made
        ]
        for setting, found in (*absent, *surroundings.overlaps(settings)):
            key = _OF_SURROUNDINGS.get(setting, setting)
            yield Problem(key, found.sentence, places.line_of(toml, key), found.code, dict(found.values))
        for key, problem in (*_not_plugged_in(config), *access_point.problems(config)):
            yield _told(key, problem, toml)
    except FirewallError as error:
        yield _told("", wrong("machine", said=error), toml)
    # What is to be given again is written as it should be, whatever lies there now.
    wanted = destinations.unproved(now, config)
    numbers = (number for number, one in enumerate(config.sms.provider) if one.name in wanted)
    given = {f"sms.provider[{number}].password_file" for number in numbers}
    for key, problem in (*smpp.password_problems(config), *smpp.closed_to_sender(config)):
        if key not in given:
            yield _told(key, problem, toml)
    try:
        apply.judged(config, holding(config, time.time()))
    except LogoRefused as refused:
        yield _told("venue.logo", wrong("venue.logo.refused", said=refused), toml)
    except (CheckFailed, OSError) as error:
        yield _told("", wrong("machine", said=error), toml)


def sealed(config: Config, toml: str, now: Config | None) -> Iterator[Problem]:
    """What would have systemd's sealed SMPP passwords go elsewhere."""
    for number in destinations.sealed_elsewhere(now, config, credentials.kept):
        yield _told(f"sms.provider[{number}].host", wrong("sms.provider.sealed"), toml)


def _not_plugged_in(config: Config) -> Iterator[tuple[str, Found]]:
    present = {name for _, name in socket.if_nameindex()}
    for key, port in render_network.needed(config):
        if port not in present:
            yield key, wrong("port.absent", port=port, others=", ".join(sorted(present - {"lo"})))


def changes(before: Config | None, after: Config) -> tuple[Change, ...]:
    """Key by key what would differ, defaults counted as if they were written."""
    old, new = _flat(before) if before else {}, _flat(after)
    keys = [*new, *(key for key in old if key not in new)]
    return tuple(
        Change(key, as_toml(old[key]) if key in old else "", as_toml(new[key]) if key in new else "")
        for key in keys
        if key not in old or key not in new or old[key] != new[key]
    )


def _flat(config: Config) -> Mapping[str, object]:
    """As ``effective.leaves``, with the tables of a list opened too."""

    def opened(key: str, value: object) -> Iterator[tuple[str, object]]:
        if isinstance(value, list | tuple) and value and all(isinstance(each, dict) for each in value):
            for number, each in enumerate(value):
                for inner, held in leaves(each, f"{key}[{number}]"):
                    yield from opened(inner, held)
        else:
            yield key, value

    return {inner: held for key, value in leaves(msgspec.to_builtins(config)) for inner, held in opened(key, value)}


def restarts(before: Config | None, after: Config) -> tuple[str, ...]:
    """Which processes would begin anew, in that order."""
    if before is None:
        return ORDER
    changed = {change.key for change in changes(before, after)}
    if not changed:
        return ()
    # The gate names in the journal which keys changed, so it reads every change; visitors are in the kernel meanwhile.
    wanted = {"gate", "console"}
    if any(key.startswith("sms.") for key in changed):
        wanted.add("sms")
    now = time.time()
    try:
        old, new = (render.files(each, holding(each, now).standing) for each in (before, after))
    except LogoRefused:
        return ORDER
    if old["portal.json"] != new["portal.json"] or render.portal_command(before) != render.portal_command(after):
        wanted.add("portal")
    wanted |= {unit for unit in ("dnsmasq-lan", "dnsmasq-captive") if old[f"{unit}.conf"] != new[f"{unit}.conf"]}
    # dnsmasq reads only what it announces without a restart, nginx everything: both cost nobody anything.
    if old[render.ANNOUNCED] != new[render.ANNOUNCED]:
        wanted.add("dnsmasq-lan")
    if old["nginx.conf"] != new["nginx.conf"]:
        wanted.add("nginx")
    if render_network.files(before) != render_network.files(after):
        wanted.add("network")
    if access_point.files(before) != access_point.files(after):
        wanted.add("hostapd")
    return in_order(wanted)


def _of(config: Config, key: str) -> object:
    value: object = config
    for name in key.split("."):
        value = getattr(value, name)
    return value


class Trial:
    """Judges texts for one machine.

    Args:
        path: the configuration in force.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def in_force(self) -> Config | None:
        """What the file says now; None: it cannot be used."""
        return read(self._path.read_text(encoding="utf-8", errors="replace")).config

    def of(self, toml: str) -> Tried:
        """All problems, or all that it would bring."""
        judged = read(toml)
        if judged.config is None:
            return Tried(judged.problems)
        now = self.in_force()
        before = now or last_worked.worked(self._path)
        problems = (*sealed(judged.config, toml, before), *here(judged.config, toml, now))
        wanted = destinations.unproved(before, judged.config)
        return Tried(problems, changes(now, judged.config), restarts(now, judged.config), wanted)

    def good(self, toml: str) -> Config:
        """
        Raises:
            SettingsWrong: it would not work; has all problems.
        """
        judged = read(toml)
        if judged.config is None:
            raise SettingsWrong(judged.problems)
        now = self.in_force()
        if problems := (*sealed(judged.config, toml, now), *here(judged.config, toml, now)):
            raise SettingsWrong(problems)
        return judged.config


class SettingsWrong(ApplianceError):
    """A configuration that would not work here."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        first = problems[0]
        super().__init__(f"{first.key}: {first.problem}" if first.key else first.problem)
