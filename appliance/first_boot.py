"""A new box: its ports are looked at once, and a configuration is written with which the wizard can begin.

Staff come by the uplink's port, from the venue's own network: whoever is at the LAN ports or on the Wi-Fi is a visitor,
also before anybody has claimed the box. The venue is closed until the wizard opens it. A power cut leaves no
configuration or a whole one; one that was written without being sure is made anew at the next start, until the box is
claimed or somebody has changed it. Must not know: systemd, pages, how ports are asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from appliance.config import Config, parse
from appliance.errors import ApplianceError
from appliance.port_roles import LAN_VLAN, PortSeen, Roles, Why, guess
from appliance.steward.files import replace_durably

_HEAD = """# Written at this box's first start, from what its network ports told; the wizard and Settings change it.

[venue]
open = false
"""


class Begun(msgspec.Struct, frozen=True):
    """What is remembered of the guess."""

    uplink: str = ""
    why: tuple[Why, ...] = ()
    digest: str = ""
    """Of the configuration that was written (SHA-256, hex)."""

    @property
    def sure(self) -> bool:
        """Whether the ports told."""
        return Roles("", (), "", self.why).sure


class NoPort(ApplianceError):
    """There is no wired port, so nothing can be the uplink."""

    def __init__(self) -> None:
        super().__init__("no wired network port was found: plug an adapter in, and start the box again")


def begin(path: Path, state: Path, claimed: bool, look: Callable[[], Sequence[PortSeen]]) -> Begun | None:
    """Write the configuration if there is none, or if it is a guess of ours that was not sure.

    Args:
        path: of the configuration.
        state: the folder of what is kept (``paths.state``).
        claimed: whether somebody has claimed the box: then nothing is changed.
        look: what is known of the ports; takes as long as it needs.

    Returns:
        what was concluded; None: nothing was written.

    Raises:
        NoPort
        OSError: it cannot be written.
    """
    if path.exists() and (claimed or not _ours_to_change(path, remembered(state))):
        return None
    roles = guess(look())
    if not roles.uplink:
        raise NoPort
    text = configuration(roles)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return None
    begun = Begun(roles.uplink, roles.why, _digest(text))
    # What is remembered goes first: of a configuration that has another digest it says nothing.
    replace_durably(state / "first-boot.json", msgspec.json.encode(begun), 0o644)
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    replace_durably(path, text.encode(), 0o644)
    return begun


def configuration(roles: Roles) -> str:
    """The TOML of a box whose ports have these roles; judged good."""
    from appliance.steward.editing import with_values  # for the first start alone

    # A box with one port: whoever has a switch with VLANs is served, nobody else is harmed, and the wizard asks.
    lan = roles.lan or (() if roles.radio else (f"{roles.uplink}.{LAN_VLAN}",))
    values: dict[str, object] = {"lan.ports": list(lan), "wan.interface": roles.uplink}
    values |= {"console.interface": roles.uplink}
    if roles.radio:
        values["wifi.interface"] = roles.radio
    text = with_values(_HEAD, values)
    config: Config = parse(text, "first boot")
    assert config.makes_network
    return text


def remembered(state: Path) -> Begun:
    """What the first start concluded; nothing of a box that was set up in another way."""
    try:
        return msgspec.json.decode((state / "first-boot.json").read_bytes(), type=Begun)
    except (OSError, msgspec.DecodeError):
        return Begun()


def reasons(config: Config) -> tuple[Why, ...]:
    """Why the ports have their roles; nothing once somebody has chosen another uplink."""
    begun = remembered(Path(config.paths.state))
    return begun.why if begun.uplink == config.wan.interface else ()


def _ours_to_change(path: Path, begun: Begun) -> bool:
    return not begun.sure and begun.digest == _digest(path.read_text(encoding="utf-8", errors="replace"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
