"""hostapd's configuration: the box's own radio as the visitors' access point.

    >>> "hostapd.conf" in files(Config(wifi=Wifi(interface="wlp3s0", name="Cafe")))
    True

Two files: of an automatic channel the first lets hostapd survey the air, and the second, for radios that cannot, names
a channel that is allowed everywhere; the unit tries them in this order. Devices are kept apart (``ap_isolate``), and
who fell silent is asked after five minutes, as presence reckons. Pure. Must not know: the password's file, whether a
radio is there.
"""

from __future__ import annotations

from appliance.config import Config
from appliance.wifi import LONGEST_NAME, Band, Security, Wifi, is_wifi_password

FILE, FIXED_FILE = "hostapd.conf", "hostapd-fixed.conf"

_AUTOMATIC = {Band.LOW: (1, 6, 11), Band.HIGH: (36, 40, 44, 48)}
"""Apart from each other; of 5 GHz those on which no radar must be waited for (DFS)."""
_SILENT_S = 300


def files(config: Config, password: str = "") -> dict[str, str]:
    """File name → content; none where the box has no radio, or where its network could not be made.

    Args:
        password: of ``wifi.security = "psk"``. Without a good one there is no network: never an open one instead.
    """
    chosen = config.wifi
    if not chosen.interface or (chosen.security is Security.PSK and not is_wifi_password(password)):
        return {}
    rendered = {FILE: _whole(config, password, chosen.channel)}
    if not chosen.channel:
        rendered[FIXED_FILE] = _whole(config, password, _AUTOMATIC[chosen.band][0])
    return rendered


def companion(radio: str) -> str:
    """The interface of the encrypted network beside an open one."""
    return f"{radio}-owe"


def _whole(config: Config, password: str, channel: int) -> str:
    lines = [*_of_the_radio(config.wifi, channel), *_of_a_network(config, config.wifi.interface)]
    match config.wifi.security:
        case Security.OPEN:
            pass
        case Security.OWE:
            encrypted = companion(config.wifi.interface)
            lines += [f"owe_transition_ifname={encrypted}", "", f"bss={encrypted}", *_of_a_network(config, encrypted)]
            # Hidden: who can finds it by what the open one announces, and nobody is offered two of one name.
            lines += ["ignore_broadcast_ssid=1", "wpa=2", "wpa_key_mgmt=OWE", "rsn_pairwise=CCMP", "ieee80211w=2"]
            lines += [f"owe_transition_ifname={config.wifi.interface}"]
        case Security.PSK:
            # Protected management frames for whoever can: WPA3 demands them, WPA2 devices may not know them.
            lines += ["wpa=2", "wpa_key_mgmt=WPA-PSK SAE", "rsn_pairwise=CCMP", "ieee80211w=1", "sae_require_mfp=1"]
            lines += ["sae_pwe=2", f"wpa_passphrase={password}"]
    return "\n".join(lines) + "\n"


def _of_the_radio(wifi: Wifi, channel: int) -> list[str]:
    lines = [
        f"interface={wifi.interface}",
        "driver=nl80211",
        f"country_code={wifi.country}",
        "ieee80211d=1",  # the country is told, so that phones keep its rules too
        f"hw_mode={'g' if wifi.band is Band.LOW else 'a'}",
        f"channel={channel}",
        "ieee80211n=1",
        "wmm_enabled=1",
    ]
    if wifi.band is Band.HIGH:
        lines += ["ieee80211ac=1", "ieee80211h=1"]
    if not channel:
        lines += [f"chanlist={' '.join(map(str, _AUTOMATIC[wifi.band]))}", "acs_exclude_dfs=1"]
    return lines


def _of_a_network(config: Config, interface: str) -> list[str]:
    name = config.network_name.encode()
    if interface != config.wifi.interface:
        name = name[: LONGEST_NAME - 4] + b"-owe"
    return [
        f"ssid2={name.hex()}",  # in hexadecimal: whatever it has, it is no line of this file
        "utf8_ssid=1",
        f"bridge={config.lan.interface}",
        "ap_isolate=1",
        f"ap_max_inactivity={_SILENT_S}",
        "ctrl_interface=" + config.presence.hostapd,
        "ctrl_interface_group=qaqpa-gate",
    ]
