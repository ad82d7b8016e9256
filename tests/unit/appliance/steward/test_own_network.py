"""A change of the box's own ports or Wi-Fi: what it needs of the machine, and which processes begin anew for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.config import parse
from appliance.steward import trying
from appliance.steward.units import ORDER, Systemctl

# What every machine has; of the bridge and of VLANs networkd makes the rest.
OURS = '[lan]\nports = ["lo.20"]\n[wan]\ninterface = "lo.30"\n'


def problems(text: str) -> dict[str, str]:
    config = parse(text, "q.toml")
    keys = ("lan.", "wan.", "wifi.", "console.")
    return {each.key: each.problem for each in trying.here(config, text, None) if each.key.startswith(keys)}


def test_what_networkd_makes_need_not_be_there_but_its_ports_must() -> None:
    assert problems(OURS) == {}
    assert set(problems(OURS.replace("lo.20", "nope0.20"))) == {"lan.ports"}
    assert 'no port "nope0"' in problems(OURS.replace("lo.30", "nope0.30"))["wan.interface"]
    assert "wifi.interface" in problems(f'{OURS}[wifi]\ninterface = "nope1"')
    assert set(problems("")) == {"lan.interface", "wan.interface"}


def test_a_password_that_is_not_there_is_told_before_anything_changes() -> None:
    text = f'{OURS}[wifi]\ninterface = "lo"\nsecurity = "psk"\npassword_file = "/nonexistent/wifi"'
    assert "cannot be read" in problems(text)["wifi.password_file"]


@pytest.mark.parametrize(
    ("after", "units"),
    [
        (OURS.replace("lo.20", "lo.21"), {"network"}),
        (f'{OURS}address = "198.51.100.7/24"\ngateway = "198.51.100.1"\ndns = ["198.51.100.1"]', {"network"}),
        (f'{OURS}[wifi]\ninterface = "lo"', {"hostapd"}),
        (OURS, set[str]()),
    ],
)
def test_those_begin_anew_whose_files_change(after: str, units: set[str]) -> None:
    told = set(trying.restarts(parse(OURS, "q.toml"), parse(after, "q.toml")))
    assert told & {"network", "hostapd"} == units


def test_the_network_comes_first_and_the_access_point_after_what_it_leads_to() -> None:
    assert ORDER[0] == "network" and ORDER.index("hostapd") > ORDER.index("gate")


def test_networkd_is_reloaded_and_hostapd_begun_where_it_did_not_run(tmp_path: Path) -> None:
    (program := tmp_path / "systemctl").write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/said\nexit 5\n')
    program.chmod(0o755)
    for unit in ("network", "hostapd", "console"):
        Systemctl(str(program)).renew(unit)
    assert (tmp_path / "said").read_text().splitlines() == [
        "try-reload-or-restart qaqpa-network.service",
        "restart qaqpa-hostapd.service",
        "try-restart qaqpa-console.service",
    ]
