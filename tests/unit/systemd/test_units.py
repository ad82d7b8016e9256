"""What each unit says: closed in as far as it goes, never given up, and nothing passing before the network."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from appliance import processes, sockets
from appliance.config import Config
from tests.lab.run import ROOT

FOLDER = ROOT / "systemd"
EXPOSED = {
    "portal": 0.6,
    "console": 0.8,
    "sms": 1.6,
    "network": 2.1,
    "gate": 2.4,
    "closed": 2.6,
    "nginx": 2.9,
    "apply": 3.0,
    "hostapd": 3.1,
    "dnsmasq-lan": 3.2,
    "dnsmasq-captive": 3.2,
    "certificate": 3.3,
    "steward": 4.0,
    "certbot": 3.3,
}
"""The most that `systemd-analyze security` may say of each, from 0 (closed in) to 10."""
OURS = ("gate", "sms", "portal", "console", "steward")
"""Processes of ours that serve."""
SERVING = (*OURS, "nginx", "dnsmasq-lan", "dnsmasq-captive", "hostapd")


def unit(name: str) -> Mapping[str, list[str]]:
    """Each key's values, in order."""
    told: dict[str, list[str]] = {}
    for line in (FOLDER / f"qaqpa-{name}.service").read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            told.setdefault(key, []).append(value)
    return told


@pytest.mark.parametrize(("name", "most"), EXPOSED.items())
def test_it_is_closed_in(name: str, most: float) -> None:
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", str(FOLDER / f"qaqpa-{name}.service")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert level is not None, done.stderr
    assert float(level[1]) <= most, done.stdout


def test_the_owner_of_a_unit_says_how_exposed_it_may_be() -> None:
    """As far as this room's units go; those of others are looked at on the device."""
    assert EXPOSED["portal"] <= 2.0
    assert EXPOSED["console"] <= 2.0
    assert EXPOSED["sms"] <= 2.0
    assert EXPOSED["gate"] <= 3.5
    assert set(SERVING) <= EXPOSED.keys()


@pytest.mark.parametrize("name", SERVING)
def test_it_is_started_again_for_ever_and_belongs_to_the_whole(name: str) -> None:
    told = unit(name)
    assert told["Restart"] == ["always"]
    assert told["StartLimitIntervalSec"] == ["0"]
    # Slower and slower, but no visitor waits longer than this for a process that could start.
    assert (told["RestartSteps"], told["RestartMaxDelaySec"]) == (["4"], ["15"])
    assert told["PartOf"] == told["WantedBy"] == ["qaqpa.target"]
    assert {"MemoryMax", "TasksMax", "OOMScoreAdjust"} <= told.keys()


@pytest.mark.parametrize("name", OURS)
def test_it_says_that_it_serves_and_that_it_works(name: str) -> None:
    told = unit(name)
    assert told["Type"] == ["notify"]
    assert int(told["WatchdogSec"][0]) >= 30  # a busy machine is no hung one


@pytest.mark.parametrize("name", ["portal", "console"])
def test_pages_that_hang_are_not_waited_for(name: str) -> None:
    # granian ends when all that was asked is answered; systemd's own patience would be 90 s without a page.
    assert unit(name)["TimeoutStopSec"] == ["5"]


def test_a_steward_of_whom_nobody_asks_ends_and_is_begun_by_who_asks() -> None:
    told = unit("steward")
    assert told["RestartPreventExitStatus"] == told["SuccessExitStatus"] == [str(processes.NOBODY_ASKS)]
    assert "qaqpa-steward.socket" in told["Wants"] and "qaqpa-steward.socket" in told["After"]
    socket = (FOLDER / "qaqpa-steward.socket").read_text(encoding="utf-8").splitlines()
    listens = Path(sockets.steward_socket(Config()))
    assert {f"ListenStream={listens}", "SocketGroup=qaqpa-console", "SocketMode=0660"} <= set(socket)
    # systemd would else give the socket up for good after some tries.
    assert {"TriggerLimitIntervalSec=0", "PartOf=qaqpa.target", "WantedBy=qaqpa.target"} <= set(socket)
    folders = (FOLDER / "tmpfiles.d/qaqpa.conf").read_text(encoding="utf-8")
    assert f"d {listens.parent} " in folders


def test_who_has_least_to_lose_is_killed_first() -> None:
    kept = sorted(SERVING, key=lambda name: int(unit(name)["OOMScoreAdjust"][0]))
    assert (kept[0], kept[-1]) == ("gate", "console")


def test_nothing_passes_before_the_network() -> None:
    told = unit("closed")
    before = " ".join(told["Before"]).split()
    assert {"network-pre.target", "systemd-networkd.service"} <= set(before)
    assert told["Wants"] == ["network-pre.target"]
    assert told["DefaultDependencies"] == ["no"]
    assert told["RequiredBy"] == ["systemd-networkd.service"]
    for name in ("gate", "apply"):
        assert "qaqpa-closed.service" in " ".join(unit(name)["After"])


@pytest.mark.parametrize("name", EXPOSED)
def test_nobody_leaves_a_core_file_or_gains_a_privilege(name: str) -> None:
    told = unit(name)
    assert told["NoNewPrivileges"] == ["yes"]
    assert told["LimitCORE"] == ["0"]
    assert told["SystemCallArchitectures"] == ["native"]


def test_the_right_to_no_capability_is_given_to_who_needs_none() -> None:
    for name in ("sms", "portal", "console"):
        assert unit(name)["CapabilityBoundingSet"] == [""]
    assert unit("gate")["CapabilityBoundingSet"] == ["CAP_NET_ADMIN CAP_NET_RAW"]


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    """As far as the one of this machine goes: it may be older than the device's and not know the newest keys."""
    folder = tmp_path / "usr/lib/systemd/system"
    folder.mkdir(parents=True)
    kinds = ("service", "socket", "target", "timer")
    names = [path for kind in kinds for path in FOLDER.glob(f"qaqpa*.{kind}")]
    for path in names:
        # What they start is not installed here.
        text = re.sub(r"^(Exec\w+)=\S+", r"\1=/bin/true", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        (folder / path.name).write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", *(str(folder / path.name) for path in names)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if str(folder) in line or "qaqpa" in line]
    newer = ("RestartSteps", "RestartMaxDelaySec", "ImportCredential")
    assert [line for line in said if not any(key in line for key in newer)] == []
