"""Phones in the air of the emulated box: simulated radios of its kernel, each in a network namespace of its own.

    plug_in(shell)
    phone = Station.on(shell, radio=2)
    phone.joins(Network("Алатау"))
    phone.takes_a_lease()
    phone.fetch("http://captive.apple.com/hotspot-detect.html").leads_to

wpa_supplicant, udhcpc and curl are of Debian 13, on a disk beside the box's own (``stations-disk``). Must not know:
what is on the image, the portal's pages.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.image.shell import Shell
from tests.lab.errors import TooLate
from tests.lab.run import ROOT
from tests.lab.waiting import until

DISK = ROOT / "build/trees/stations.raw"
_TREE = "/run/lab-stations"
_PATIENCE_S = 240.0
_REFUSED_S = 15.0
_LOOK_EVERY_S = 0.5
_DHCP_SCRIPT = ROOT / "tests/lab/udhcpc-script"


@dataclass(frozen=True)
class Network:
    """One that a phone knows, as wpa_supplicant.conf(5) has it."""

    name: str
    keys: tuple[str, ...] = ("key_mgmt=NONE",)

    def configuration(self) -> str:
        """Of a phone that knows this one."""
        lines = ["ctrl_interface=/run/wpa", "network={", f"ssid={self.name.encode().hex()}", *self.keys, "}"]
        return "\n".join(lines) + "\n"


def encrypted(name: str) -> Network:
    """Without a password, and never in the clear (RFC 8110)."""
    return Network(name, ("key_mgmt=OWE", "ieee80211w=2", "owe_only=1"))


def wpa3(name: str, password: str) -> Network:
    return Network(name, ("key_mgmt=SAE", "ieee80211w=2", f'sae_password="{password}"'))


def wpa2(name: str, password: str) -> Network:
    return Network(name, ("key_mgmt=WPA-PSK", f'psk="{password}"'))


@dataclass(frozen=True)
class Page:
    """An HTTP answer; 0: none came."""

    status: int
    leads_to: str
    body: str


def plug_in(shell: Shell) -> None:
    """Have the disk of stations where they are run from; once a boot."""
    script = _DHCP_SCRIPT.read_text()
    shell.run(f"mkdir -p {_TREE} && mount -o ro /dev/vdb {_TREE}")
    shell.run(f"cd {_TREE} && mount -t tmpfs tmpfs run && mount -t tmpfs tmpfs tmp && mount --bind /dev dev")
    shell.run(f"cd {_TREE} && mount -t proc proc proc && mkdir run/wpa")
    shell.write(f"{_TREE}/run/udhcpc-script", script, "0755")


class Station:
    """One phone. Made by ``Station.on``."""

    def __init__(self, shell: Shell, radio: int, phy: str, mac: str) -> None:
        self._shell, self._phy, self.mac = shell, phy, mac
        self._name, self._interface = f"station{radio}", f"wlan{radio}"
        self.address = ""
        """By DHCP; "": none yet."""

    @classmethod
    def on(cls, shell: Shell, radio: int) -> Station:
        """Take this radio of the box for a phone's."""
        phy, mac = shell.run(f"cd /sys/class/net/wlan{radio} && cat phy80211/name address").text.split()
        name = f"station{radio}"
        shell.run(f"ip netns add {name} && iw phy {phy} set netns name {name} && ip -n {name} link set lo up")
        return cls(shell, radio, phy, mac)

    # ── the air ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def joins(self, network: Network, timeout_s: float = _PATIENCE_S) -> None:
        """Know this network alone, and be in it.

        Raises:
            TooLate: it could not; with what wpa_supplicant has said.
        """
        self.dies()
        self._shell.write(f"{_TREE}/run/{self._name}.conf", network.configuration())
        files = f"-c /run/{self._name}.conf -P /run/{self._name}.pid -f /run/{self._name}.log"
        self._run(f"rm -f /run/{self._name}.log; wpa_supplicant -B -t -D nl80211 -i {self._interface} {files}")
        self._awaits("wpa_state=COMPLETED", timeout_s=timeout_s)

    def is_taken(self, network: Network) -> bool:
        """Whether it gets into this one within some seconds."""
        with contextlib.suppress(TooLate):
            self.joins(network, _REFUSED_S)
            return True
        return False

    def key_management(self) -> str:
        """How it is encrypted."""
        return next((line.removeprefix("key_mgmt=") for line in self._status() if line.startswith("key_mgmt=")), "")

    def bss(self) -> str:
        """Which it is connected to: its BSSID."""
        return next((line.removeprefix("bssid=") for line in self._status() if line.startswith("bssid=")), "")

    def roams(self, bssid: str) -> None:
        """On to another BSS of its network.

        Raises:
            TooLate: it does not hear that one, or was not taken.
        """

        def heard() -> bool:
            self._ask("scan", check=False)
            return bssid in self._ask("scan_results")

        until(heard, f"{self._name} to hear {bssid}", _PATIENCE_S, _LOOK_EVERY_S * 4)
        self._ask(f"roam {bssid}")
        self._awaits("wpa_state=COMPLETED", f"bssid={bssid}")

    def goes(self) -> str:
        """The command by which it leaves as a phone does whose Wi-Fi is switched off, for ``Shell.run``."""
        return self._inside(f"wpa_cli -p /run/wpa -i {self._interface} disconnect")

    def comes_back(self) -> None:
        """After ``goes``.

        Raises:
            TooLate: it was not taken.
        """
        self._ask("reconnect")
        self._awaits("wpa_state=COMPLETED")

    def is_killed(self) -> str:
        """The command that ends its wpa_supplicant by SIGKILL."""
        return f"kill -9 $(cat {_TREE}/run/{self._name}.pid)"

    def walks_away(self) -> str:
        """The command by which nobody hears it any more, nor it anybody: no farewell, the radio is somewhere else."""
        return f"echo 2 >/sys/kernel/debug/ieee80211/{self._phy}/hwsim/group"

    def dies(self) -> None:
        """Nothing of it runs any more."""
        self._shell.run(f"{self.is_killed()}; rm -f {_TREE}/run/wpa/{self._interface}", check=False)

    def _awaits(self, *lines: str, timeout_s: float = _PATIENCE_S) -> None:
        def there() -> bool:
            return set(lines) <= set(self._status())

        try:
            until(there, f"{self._name} to be in the network", timeout_s, _LOOK_EVERY_S)
        except TooLate as error:
            said = self._shell.run(f"tail -n 40 {_TREE}/run/{self._name}.log", check=False).text
            raise TooLate(f"{error.what}; its wpa_supplicant: {said}", error.timeout_s) from error

    def _status(self) -> list[str]:
        return self._ask("status", check=False).splitlines()

    def _ask(self, command: str, check: bool = True) -> str:
        return self._run(f"wpa_cli -p /run/wpa -i {self._interface} {command}", check=check)

    # ── the network ─────────────────────────────────────────────────────────────────────────────────────────────────

    def takes_a_lease(self) -> str:
        """Its address by DHCP.

        Raises:
            CommandFailed: nobody gave one.
        """
        lease = f"/run/{self._name}.lease"
        given = f"LAB_LEASE={lease} LAB_RESOLV=/run/resolv.conf"
        self._run(f"{given} udhcpc -n -q -f -t 30 -T 1 -i {self._interface} -s /run/udhcpc-script")
        self.address = self._run(f"head -n 1 {lease}").strip()
        return self.address

    def fetch(self, url: str, form: Mapping[str, str] | None = None) -> Page:
        """One request by curl, as a browser sends it."""
        parts = urlsplit(url)
        words = [
            "curl",
            "-q",
            "--silent",
            "--globoff",
            "--max-time",
            "60",
            "--write-out",
            r"\n%{http_code} %{redirect_url}",
        ]
        if form is not None:
            words += ["--header", f"Origin: {parts.scheme}://{parts.netloc}"]
        for name, value in (form or {}).items():
            words += ["--data-urlencode", f"{name}={value}"]
        body, _, end = self._run(shlex.join([*words, url]), check=False).rstrip("\n").rpartition("\n")
        status, _, leads_to = end.partition(" ")
        return Page(int(status), leads_to, body)

    def reaches(self, address: str, port: int, timeout_s: int = 20) -> bool:
        """Whether a TCP echo server answers there."""
        said = f"(echo salem; sleep 1) | timeout {timeout_s} nc -w {timeout_s} {address} {port}"
        return "salem" in self._run(said, check=False)

    def pings(self, address: str, timeout_s: int = 3) -> bool:
        """Whether an ICMP echo request is answered."""
        return " 0% packet loss" in self._run(f"ping -c 1 -W {timeout_s} {address}", check=False)

    def _run(self, command: str, check: bool = True) -> str:
        return self._shell.run(self._inside(command), check=check).text

    def _inside(self, command: str) -> str:
        return f"ip netns exec {self._name} chroot {_TREE} /bin/sh -c {shlex.quote(command)}"
