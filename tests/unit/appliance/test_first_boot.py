"""A new box writes its configuration: once, whole, and anew only while it was a guess and nobody has claimed it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from appliance import first_boot
from appliance.config import load
from appliance.first_boot import Begun, NoPort, begin, remembered
from appliance.port_roles import PortSeen, Why
from appliance.steward.files import replace_durably

UNPLUGGED = (PortSeen("enp1s0", carrier=False), PortSeen("enp2s0", carrier=False))
PLUGGED = (PortSeen("enp1s0", carrier=False), PortSeen("enp2s0", carrier=True, offered=True))
ONE = (PortSeen("enp1s0", carrier=True, offered=True),)
RADIO = (*ONE, PortSeen("wlp2s0", carrier=False, wireless=True))


def box(folder: Path, ports: Sequence[PortSeen], claimed: bool = False) -> Begun | None:
    (folder / "state").mkdir(exist_ok=True)
    return begin(folder / "etc" / "qaqpa.toml", folder / "state", claimed, lambda: ports)


def test_staff_come_by_the_uplink_and_visitors_by_the_rest(tmp_path: Path) -> None:
    begun = box(tmp_path, PLUGGED)
    config = load(tmp_path / "etc" / "qaqpa.toml")
    assert begun is not None and begun.sure and begun == remembered(tmp_path / "state")
    assert (config.wan.interface, config.console.interface, config.lan.ports) == ("enp2s0", "enp2s0", ("enp1s0",))
    assert not config.venue.open and config.wifi.interface == ""


def test_a_radio_is_the_visitors(tmp_path: Path) -> None:
    box(tmp_path, RADIO)
    config = load(tmp_path / "etc" / "qaqpa.toml")
    assert (config.lan.ports, config.wifi.interface, config.console.interface) == ((), "wlp2s0", "enp1s0")


def test_behind_a_single_port_visitors_come_tagged_alone(tmp_path: Path) -> None:
    begun = box(tmp_path, ONE)
    assert begun is not None and not begun.sure and Why.ONE_PORT in begun.why
    assert load(tmp_path / "etc" / "qaqpa.toml").lan.ports == ("enp1s0.20",)


def test_without_a_wired_port_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(NoPort):
        box(tmp_path, RADIO[1:])
    assert not (tmp_path / "etc").exists()


def test_what_was_sure_stays_whatever_is_plugged_in_later(tmp_path: Path) -> None:
    box(tmp_path, PLUGGED)
    before = (tmp_path / "etc" / "qaqpa.toml").read_text()
    assert box(tmp_path, UNPLUGGED) is None
    assert (tmp_path / "etc" / "qaqpa.toml").read_text() == before


def test_a_poor_guess_is_made_anew_until_the_box_is_claimed_or_somebody_changed_it(tmp_path: Path) -> None:
    path = tmp_path / "etc" / "qaqpa.toml"
    assert box(tmp_path, UNPLUGGED) is not None
    assert load(path).wan.interface == "enp1s0"
    assert box(tmp_path, UNPLUGGED) is None
    assert box(tmp_path, PLUGGED, claimed=True) is None
    guessed = path.read_text()
    path.write_text(f"{guessed}# ours\n")
    assert box(tmp_path, PLUGGED) is None
    path.write_text(guessed)
    assert box(tmp_path, PLUGGED) is not None
    assert load(path).wan.interface == "enp2s0"


def test_somebody_elses_configuration_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "qaqpa.toml").write_text("no TOML {")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "first-boot.json").write_text("damaged")
    assert box(tmp_path, PLUGGED) is None
    assert (tmp_path / "etc" / "qaqpa.toml").read_text() == "no TOML {"


@pytest.mark.parametrize("lost", [0, 1])
def test_a_power_cut_leaves_no_configuration_or_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    written = 0

    def cut(path: Path, content: bytes, mode: int) -> None:
        nonlocal written
        if written == lost:
            path.with_name(f".{path.name}.new").write_bytes(content[:20])
            raise KeyboardInterrupt
        written += 1
        replace_durably(path, content, mode)

    monkeypatch.setattr(first_boot, "replace_durably", cut)
    with pytest.raises(KeyboardInterrupt):
        box(tmp_path, UNPLUGGED)
    assert not (tmp_path / "etc" / "qaqpa.toml").exists()
    monkeypatch.undo()
    assert box(tmp_path, PLUGGED) is not None
    assert load(tmp_path / "etc" / "qaqpa.toml").wan.interface == "enp2s0"
