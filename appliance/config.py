"""The venue's one TOML file, parsed and judged once into one frozen value.

    >>> load(Path("/etc/qaqpa/qaqpa.toml")).lan.interface           # doctest: +SKIP
    'br-lan'

A wrong file is refused with line, key and what is allowed. Must not know: who uses which setting, how it is rendered.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance import misfits
from appliance import toml_places as places
from appliance.contradictions import contradictions
from appliance.errors import ConfigError
from appliance.found import Found, wrong
from appliance.sections import (
    Desk,
    Firewall,
    Journal,
    Password,
    Paths,
    Portal,
    Presence,
    Rates,
    Section,
    Sms,
    Spending,
    Venue,
    Visit,
    Workstation,
)
from appliance.sections_console import Console
from appliance.sections_network import Lan, Wan
from appliance.sections_update import Update
from appliance.wifi import LONGEST_NAME, Wifi


class Config(Section, frozen=True):
    """A whole configuration that was judged good."""

    venue: Venue = Venue()
    lan: Lan = Lan()
    wan: Wan = Wan()
    wifi: Wifi = Wifi()
    rates: Rates = Rates()
    firewall: Firewall = Firewall()
    portal: Portal = Portal()
    password: Password = Password()
    spending: Spending = Spending()
    presence: Presence = Presence()
    visit: Visit = Visit()
    sms: Sms = Sms()
    journal: Journal = Journal()
    desk: Desk = Desk()
    console: Console = Console()
    update: Update = Update()
    workstation: Annotated[
        tuple[Workstation, ...], Meta(max_length=200, description="at most 200 tables [[workstation]]")
    ] = ()
    paths: Paths = Paths()

    @property
    def portal_host(self) -> str:
        """The portal's host in links."""
        return self.portal.host or str(self.lan.gate.ip)

    @property
    def makes_network(self) -> bool:
        """Whether bridge, VLANs and addresses are ours to make; else somebody else has made them."""
        return bool(self.lan.ports or self.wifi.interface)

    @property
    def network_name(self) -> str:
        """What phones list: the Wi-Fi's own name, else as much of the venue's as fits."""
        return self.wifi.name or self.venue.name.encode()[:LONGEST_NAME].decode("utf-8", "ignore").strip()

    @property
    def bound_host(self) -> str:
        """The name in an SMS's last line, to which phones bind the password; empty: no such line. Only a name can be
        one: with an address phones would offer the password nowhere."""
        host = self.portal.host
        return host if self.sms.bound and host.rpartition(".")[2].isalpha() else ""


def load(path: Path) -> Config:
    """The configuration in this file.

    Raises:
        ConfigError: it cannot be read or used.
    """
    return parse(read(path), str(path))


def read(path: Path) -> str:
    """The text of that file, not judged.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), None, "", f"cannot be read: {error}") from error


def refused(path: Path, key: str, problem: Found | str) -> ConfigError:
    """What is wrong with this key of the file for a reason that only this machine has."""
    text = path.read_text(encoding="utf-8")
    return ConfigError(str(path), places.line_of(text, key), places.plain(key), str(problem))


def parse(text: str, name: str) -> Config:
    """The configuration in this text; ``name`` is what errors call it.

    Raises:
        ConfigError: it cannot be used.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(name, None, "", str(wrong("toml", said=error))) from error
    if unknown := misfits.of_key(raw, Config):
        key, problem = unknown
        raise ConfigError(name, places.line_of(text, key), places.plain(key), str(problem))
    try:
        config = msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        key, problem = misfits.of_value(error, Config)
        raise ConfigError(name, places.line_of(text, key), places.plain(key), str(problem)) from error
    for key, problem in contradictions(config):
        raise ConfigError(name, places.line_of(text, key), places.plain(key), str(problem))
    return config
