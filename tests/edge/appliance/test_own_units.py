"""Our units as a whole, told to a program that takes systemctl's words and keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.own_units import OwnUnits, SetupRefused, to_enable

SYSTEMD = Path(__file__).parents[3] / "systemd"
PROGRAM = """\
#!/bin/sh
case "$*" in --quiet*) ;; *) echo "$@" >>{log} ;; esac
case "$*" in
    *is-enabled\\ nginx.service) exit 0 ;;
    *is-active\\ dnsmasq.service) exit 0 ;;
    --quiet*) exit 1 ;;
    {refused}) echo "no such unit" >&2; exit 5 ;;
esac
"""


@dataclass
class Machine:
    folder: Path
    refused: str = "-"

    def units(self, *, booted: bool = True) -> OwnUnits:
        program, running = self.folder / "systemctl", self.folder / "booted"
        program.write_text(PROGRAM.format(log=self.folder / "log", refused=self.refused))
        program.chmod(0o755)
        if booted:
            running.mkdir()
        return OwnUnits(str(program), self.folder / "units", running)

    def put(self, name: str, text: str = "[Install]\nWantedBy=qaqpa.target\n") -> None:
        (self.folder / "units").mkdir(exist_ok=True)
        (self.folder / "units" / name).write_text(text)

    def heard(self) -> list[str]:
        log = self.folder / "log"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    for name in ("qaqpa.target", "qaqpa-gate.service", "qaqpa-network.service"):
        made.put(name)
    made.put("qaqpa-aside.service", "[Service]\nType=oneshot\n")
    return made


ALL = "qaqpa-gate.service qaqpa-network.service qaqpa.target"


def test_what_is_in_the_way_is_stopped_then_all_is_enabled_and_begun(machine: Machine) -> None:
    told = [*machine.units().begin()]
    assert machine.heard() == [
        "disable --now nginx.service",
        "disable --now dnsmasq.service",
        f"enable systemd-networkd.service {ALL}",
        "restart qaqpa-network.service systemd-networkd.service",
        "start qaqpa.target",
    ]
    assert [line.partition(":")[0] for line in told] == ["nginx.service", "dnsmasq.service", "qaqpa.target"]


def test_where_no_systemd_runs_they_are_only_enabled(machine: Machine) -> None:
    told = [*machine.units(booted=False).begin()]
    assert machine.heard() == ["disable nginx.service", f"enable systemd-networkd.service {ALL}"]
    assert "next boot" in told[-1]


def test_to_end_leaves_the_machine_its_networkd(machine: Machine) -> None:
    told = [*machine.units().end()]
    assert machine.heard() == [f"disable {ALL}", f"stop {ALL}"]
    assert "/etc/systemd/network" in told[-1]


def test_what_systemd_refuses_is_said_and_nothing_more_is_done(machine: Machine) -> None:
    machine.refused = "enable*"
    with pytest.raises(SetupRefused, match=r"systemctl enable failed: no such unit; then type qaqpa setup again"):
        [*machine.units().begin()]
    assert not any(line.startswith("start") for line in machine.heard())


def test_a_machine_without_our_units_or_without_systemctl(tmp_path: Path) -> None:
    with pytest.raises(SetupRefused, match="install the Debian package again"):
        [*Machine(tmp_path).units().begin()]
    assert Machine(tmp_path).heard() == [], "and Debian's own nginx still runs"
    Machine(tmp_path).put("qaqpa.target")
    with pytest.raises(SetupRefused, match="cannot be asked"):
        [*OwnUnits(str(tmp_path / "none"), tmp_path / "units", tmp_path).begin()]


def test_neither_the_images_own_units_nor_templates_are_enabled() -> None:
    install = "[Install]\nWantedBy=qaqpa.target\n"
    units = {
        "qaqpa-health.service": f"[Unit]\nConditionPathExists=/usr/lib/qaqpa-image\n{install}",
        "qaqpa-screen@.service": f"[Unit]\n{install}",
        "qaqpa-gate.service": f"[Unit]\nConditionPathExists=/etc/qaqpa/qaqpa.toml\n{install}",
        "qaqpa-certificate.service": "[Service]\n# [Install] would be wrong here\n",
    }
    assert to_enable(units) == ("qaqpa-gate.service",)


def test_every_process_of_ours_is_among_them() -> None:
    ours = to_enable({file.name: file.read_text(encoding="utf-8") for file in SYSTEMD.glob("qaqpa*.*")})
    processes = {f"qaqpa-{name}.service" for name in ("gate", "sms", "portal", "console", "steward", "nginx", "apply")}
    assert processes | {"qaqpa.target"} <= set(ours)
