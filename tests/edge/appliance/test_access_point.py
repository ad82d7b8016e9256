"""The box's own access point: hostapd reads what we write for it, and doctor says what keeps visitors from it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from appliance import access_point, render_wifi
from appliance.apply import apply
from appliance.config import Config, parse
from appliance.holding import Holding
from appliance.wifi import Band, Security
from tests.edge.firewall.access_point import AccessPoint


def config_in(folder: Path, more: str = "") -> Config:
    text = f"[wifi]\ninterface = 'wlan0'\npassword_file = '{folder}/password'\n{more}"
    return parse(f"{text}\n[presence]\nhostapd = '{folder}/hostapd'", "q.toml")


@pytest.mark.parametrize("security", list(Security))
@pytest.mark.parametrize("band", list(Band))
def test_hostapd_reads_it(tmp_path: Path, security: Security, band: Band) -> None:
    made = config_in(tmp_path, f"security = '{security}'\nband = '{band}'")
    for name, text in render_wifi.files(made, "tea and bread").items():
        conf = tmp_path / name
        # A radio that is none: hostapd reads the whole file, begins, and stops where it would need the air.
        conf.write_text(text.replace("driver=nl80211", "driver=none"))
        with subprocess.Popen(
            ["hostapd", str(conf)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as it:
            assert it.stdout is not None
            first = it.stdout.readline()
            it.terminate()
            assert "interface state UNINITIALIZED" in first, first + it.stdout.read()


def test_hostapd_would_say_what_it_does_not_read(tmp_path: Path) -> None:
    (conf := tmp_path / "wrong.conf").write_text("interface=wlan0\ndriver=none\nsae_pwd=2\n")
    done = subprocess.run(["hostapd", str(conf)], capture_output=True, text=True, check=False, timeout=60)
    assert "Line 3" in done.stdout + done.stderr and done.returncode


def radio(folder: Path) -> Path:
    """A place as /sys/class/net with one radio."""
    (folder / "net" / "wlan0" / "phy80211").mkdir(parents=True)
    return folder / "net"


def told(config: Config, sysfs: Path) -> list[tuple[bool, str]]:
    return [(each.ok, each.what) for each in access_point.findings(config, sysfs)]


def test_doctor_says_what_keeps_visitors_from_it(tmp_path: Path) -> None:
    made, absent, there = config_in(tmp_path), tmp_path / "nothing", radio(tmp_path)
    assert told(made, absent) == [(False, "Wi-Fi: wlan0 is not there")]
    (absent / "wlan0").mkdir(parents=True)
    assert told(made, absent) == [(False, "Wi-Fi: wlan0 is no radio")]
    ((ok, what),) = told(made, there)
    assert not ok and what.startswith("Wi-Fi: hostapd does not answer for wlan0 (No such file")
    access = AccessPoint(tmp_path / "hostapd", "wlan0")
    assert told(made, there) == [(True, "Wi-Fi: wlan0 is visitors' network")]
    access.stop(kill=True)
    ((ok, what),) = told(made, there)
    assert not ok and "Connection refused" in what
    assert told(parse("", "q.toml"), there) == []


def test_a_password_that_is_not_there_is_told_and_never_shown(tmp_path: Path) -> None:
    made = config_in(tmp_path, "security = 'psk'")
    ((key, problem),) = access_point.problems(made)
    assert key == "wifi.password_file" and "No such file" in problem.what
    assert access_point.files(made) == {}
    (tmp_path / "password").write_text("sevenpw\n")
    ((_, problem),) = access_point.problems(made)
    assert "8 to 63" in problem.what and "sevenpw" not in problem.what
    assert not told(made, radio(tmp_path))[0][0]
    (tmp_path / "password").write_text("eightpwd\n")
    assert list(access_point.problems(made)) == []
    assert "wpa_passphrase=eightpwd\n" in access_point.files(made)[render_wifi.FILE]


def test_apply_puts_it_in_place_for_root_alone_and_takes_it_away(tmp_path: Path) -> None:
    def applied(more: str) -> tuple[dict[str, bool], set[str]]:
        text = f"[wifi]\n{more}\npassword_file = '{tmp_path}/password'\n[paths]\nstate = '{tmp_path}/state'"
        changed = apply(parse(f"{text}\nruntime = '{tmp_path}/run'", "q.toml"), Holding())
        return changed, {path.name for path in (tmp_path / "state" / "conf").glob("hostapd*")}

    changed, there = applied("interface = 'wlan0'\nname = 'Cafe'")
    assert changed["hostapd.conf"] and there == {"hostapd.conf", "hostapd-fixed.conf"}
    assert (tmp_path / "state/conf/hostapd.conf").stat().st_mode & 0o777 == 0o600
    # A password is asked for and there is none: no network at all, instead of the open one from before.
    changed, there = applied("interface = 'wlan0'\nsecurity = 'psk'")
    assert changed["hostapd.conf"] and there == set()
    (tmp_path / "password").write_text("tea and bread")
    assert applied("interface = 'wlan0'\nsecurity = 'psk'\nchannel = 6")[1] == {"hostapd.conf"}
    assert applied("")[1] == set()
    assert "hostapd.conf" not in applied("")[0]
