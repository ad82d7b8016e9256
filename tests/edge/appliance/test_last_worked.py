"""A configuration that cannot be used: nginx serves the console alone, the steward and the doctor answer, and the last
that worked is put back, with the real nginx as judge."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.cli import main
from appliance.errors import ConfigError
from appliance.last_worked import known, remember, worked
from appliance.steward.pending import Places
from tests.edge.appliance.steward.house import House, toml
from tests.lab.waiting import until

BREAKS = ["[lan]\naddress = 'nowhere'\n", "[lan\n", "[lan]\nadress = '10.0.0.1/24'\n", "\udcff"]
"""A value, the grammar, a key, no text at all."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "qaqpa.toml"
    path.write_text(toml(tmp_path, "Bakery") + "[console]\ninterface = 'lo'\nport = 9443\n")
    return path


def apply(path: Path, *more: str) -> Result:
    return CliRunner().invoke(main, ["apply", "--at-boot", "--config", str(path), *more])


def spoil(path: Path, text: str = BREAKS[0]) -> None:
    path.write_bytes(text.encode("utf-8", "surrogateescape"))


def rendered(path: Path) -> str:
    return (path.parent / "state/conf/nginx.conf").read_text()


@pytest.mark.parametrize("text", BREAKS)
def test_at_boot_nginx_has_the_console_alone_on_the_port_that_is_open(path: Path, text: str) -> None:
    assert apply(path).exit_code == 0 and "listen 10.77.0.1:80" in rendered(path)
    spoil(path, text)
    done = apply(path)
    assert done.exit_code == 1 and str(path) in done.output
    assert "listen 8443 ssl" in rendered(path) and "listen 9443" not in rendered(path)
    # Nobody has the visitors' address now: one listener too many and there is no console either.
    assert "listen 10." not in rendered(path) and "portal.sock" not in rendered(path)


def test_it_is_mended_and_everything_is_as_before(path: Path) -> None:
    assert apply(path).exit_code == 0
    good, before = path.read_text(), rendered(path)
    own = (path.parent / "state/conf/console-own.pem").read_bytes()
    spoil(path)
    apply(path)
    assert (path.parent / "state/conf/console-own.pem").read_bytes() == own, "the fingerprint that staff compared"
    path.write_text(good)
    assert apply(path).exit_code == 0 and rendered(path) == before


def test_a_box_on_which_nothing_worked_yet_has_a_console_too(path: Path) -> None:
    spoil(path)
    held = known(path)
    assert held.wrong is not None and held.wrong.line == 2 and held.config.console.interface
    path.unlink()
    with pytest.raises(ConfigError):
        known(path)


def test_where_staff_have_no_console_none_is_opened(path: Path) -> None:
    path.write_text(toml(path.parent, "Bakery"))
    assert apply(path).exit_code == 0
    before = rendered(path)
    spoil(path)
    assert apply(path).exit_code == 1 and rendered(path) == before


def test_what_is_on_trial_is_not_yet_what_worked(path: Path) -> None:
    assert remember(path) and not remember(path)
    Places(path).pending.write_text("{}")
    path.write_text(toml(path.parent, "On trial"))
    assert not remember(path)
    held = worked(path)
    assert held is not None and held.venue.name == "Bakery"


def test_the_copy_has_the_files_own_rights(path: Path) -> None:
    path.chmod(0o640)
    remember(path)
    assert Places(path).worked.stat().st_mode & 0o777 == 0o640


def test_the_doctor_says_why_and_what_to_do(path: Path) -> None:
    remember(path)
    spoil(path)
    done = CliRunner().invoke(main, ["doctor", "--json", "--config", str(path)])
    assert done.exit_code == 1
    first, *others = json.loads(done.output)
    assert not first["ok"] and f"{path}, line 2: lan.address" in first["what"] and "console" in first["remedy"]
    assert any(each["what"].startswith("nginx: ") for each in others)


def test_what_nginx_gets_then_it_can_really_be_started_with(path: Path) -> None:
    apply(path)
    spoil(path)
    apply(path)
    (path.parent / "run" / "nginx").mkdir(parents=True)
    conf = path.parent / "state" / "conf" / "nginx.conf"
    done = subprocess.run(["/usr/sbin/nginx", "-t", "-q", "-c", str(conf)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# ── put back by the steward ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return House.built(tmp_path, monkeypatch)


def test_from_one_that_cannot_be_used_there_is_only_forward(house: House) -> None:
    good = house.path.read_text()
    remember(house.path)
    spoil(house.path)
    house.units.broken_by = "before"  # the venue's name: its gate needs longer than it has
    worker = house.working()
    try:
        told = house.changing.apply(good, house.changing.settings().digest, "owner", 120)
        assert getattr(told, "undo_in_s", None) == 0, "nobody need keep it"
        until(lambda: not Places(house.path).pending.exists(), "it is kept")
    finally:
        house.changing.stop()
        worker.join()
    assert house.path.read_text() == good and not Places(house.path).undone.exists()


def test_what_is_kept_is_what_worked(house: House) -> None:
    worker = house.working()
    try:
        house.changing.apply(house.named("after"), house.changing.settings().digest, "owner", 120)
        until(lambda: not house.changing.settings().is_starting, "it runs")
        assert worked(house.path) is None, "nobody has kept it"
        house.changing.keep("owner")
    finally:
        house.changing.stop()
        worker.join()
    held = worked(house.path)
    assert held is not None and held.venue.name == "after"
