"""The box's own access point on this machine: its password, and whether radio and hostapd are there.

The one place that reads the Wi-Fi password. Must not know: hostapd's keys, pages.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance import render_wifi
from appliance.config import Config
from appliance.wifi import Security, is_wifi_password

_SYSFS = Path("/sys/class/net")


@dataclass(frozen=True)
class Found:
    """One finding, as ``doctor.Finding`` has it."""

    ok: bool
    what: str
    remedy: str = ""


def files(config: Config) -> dict[str, str]:
    """hostapd's files, by name; none if the network that is asked for could not be made."""
    return render_wifi.files(config, _password(config)[0])


def problems(config: Config) -> Iterator[tuple[str, str]]:
    """(key, problem) if there is no network for want of a password. Never the password itself."""
    if config.wifi.interface and config.wifi.security is Security.PSK:
        password, why = _password(config)
        if why:
            yield "wifi.password_file", f"{config.wifi.password_file} cannot be read ({why})"
        elif not is_wifi_password(password):
            yield "wifi.password_file", f"{config.wifi.password_file} must have 8 to 63 printable ASCII characters"


def findings(config: Config, sysfs: Path = _SYSFS) -> Iterator[Found]:
    """What keeps visitors from the box's own Wi-Fi; nothing where it has none."""
    radio = config.wifi.interface
    if not radio:
        return
    if wrong := next(problems(config), None):
        yield Found(False, f"Wi-Fi: {wrong[1]}", "write the password under Settings, Passwords and files")
    elif not (sysfs / radio / "phy80211").exists():
        there = "is no radio" if (sysfs / radio).exists() else "is not there"
        yield Found(False, f"Wi-Fi: {radio} {there}", "see that the adapter is plugged in, or correct wifi.interface")
    elif why := _silent(Path(config.presence.hostapd) / radio):
        remedy = "systemctl status qaqpa-hostapd; the channel or the country may not be this radio's"
        yield Found(False, f"Wi-Fi: hostapd does not answer for {radio} ({why})", remedy)
    else:
        yield Found(True, f"Wi-Fi: {radio} is visitors' network")


def _password(config: Config) -> tuple[str, str]:
    """The password, or why there is none."""
    if config.wifi.security is not Security.PSK:
        return "", ""
    try:
        return Path(config.wifi.password_file).read_text(encoding="latin-1").strip(), ""
    except OSError as error:
        return "", error.strerror or str(error)


def _silent(path: Path) -> str:
    """Why nobody takes a datagram there; a hostapd that was killed leaves its socket behind."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as attempt:
        try:
            attempt.connect(str(path))
        except OSError as error:
            return error.strerror or str(error)
    return ""
