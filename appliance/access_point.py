"""The box's own access point on this machine: its password, and whether radio and hostapd are there.

The one place that reads the Wi-Fi password. Must not know: hostapd's keys, pages.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

from appliance import render_wifi
from appliance.config import Config
from appliance.found import Found, right, within, wrong
from appliance.wifi import Security, is_wifi_password

_SYSFS = Path("/sys/class/net")


def files(config: Config) -> dict[str, str]:
    """hostapd's files, by name; none if the network that is asked for could not be made."""
    return render_wifi.files(config, _password(config)[0])


def problems(config: Config) -> Iterator[tuple[str, Found]]:
    """(key, problem) if there is no network for want of a password. Never the password itself."""
    if config.wifi.interface and config.wifi.security is Security.PSK:
        password, why = _password(config)
        if why:
            yield "wifi.password_file", wrong("wifi.password.unreadable", path=config.wifi.password_file, said=why)
        elif not is_wifi_password(password):
            yield "wifi.password_file", wrong("wifi.password.characters", path=config.wifi.password_file)


def findings(config: Config, sysfs: Path = _SYSFS) -> Iterator[Found]:
    """What keeps visitors from the box's own Wi-Fi; nothing where it has none."""
    radio = config.wifi.interface
    if not radio:
        return
    if fault := next(problems(config), None):
        yield within("wifi.password", fault[1])
    elif not (sysfs / radio / "phy80211").exists():
        yield wrong("wifi.no_radio" if (sysfs / radio).exists() else "wifi.absent", port=radio)
    elif why := _silent(Path(config.presence.hostapd) / radio):
        yield wrong("wifi.silent", port=radio, said=why)
    else:
        yield right(f"Wi-Fi: {radio} is visitors' network")


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
