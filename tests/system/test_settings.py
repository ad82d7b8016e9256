"""The settings of a whole venue: applied while a visitor is online, undone by themselves, examined, backed up."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from appliance.steward import wire
from appliance.steward.client import Client
from appliance.steward.editing import with_values
from appliance.wire import Language
from tests.lab import device
from tests.lab.run import run
from tests.lab.supervisor import Supervisor
from tests.lab.venue import Venue
from tests.lab.waiting import until
from tests.system.audit import journal, kernel
from tests.system.guest import Guest


@pytest.fixture(scope="module")
def supervisor(venue: Venue) -> Supervisor:
    """The steward runs, and has its units restarted."""
    venue.restart("steward")
    return venue.supervisor


def ask(venue: Venue, request: wire.Request) -> Any:
    return Client(str(venue.places.runtime / "steward" / "steward.sock")).ask(request)


def put_in_force(venue: Venue, supervisor: Supervisor, values: dict[str, object], undo_s: int) -> wire.Settings:
    """Apply it, and wait until everything runs with it."""
    now = ask(venue, wire.ReadSettings())
    assert ask(venue, wire.ApplySettings(with_values(now.toml, values), now.digest, "aigul", undo_s)) == wire.Pending(
        undo_s
    )
    return rested(venue, supervisor)


def rested(venue: Venue, supervisor: Supervisor) -> wire.Settings:
    def settled() -> wire.Settings | None:
        settings = ask(venue, wire.ReadSettings())
        assert isinstance(settings, wire.Settings)
        return None if settings.is_starting else settings

    return supervisor.until(settled, "everything to run")


def test_a_change_of_everything_drops_nobody(venue: Venue, supervisor: Supervisor) -> None:
    guest = Guest.new(venue).go_online()
    values = {
        "venue.name": "Ақжайық",
        "lan.lease_s": 1800,
        "portal.host": "login.example.kz",
        "sms.provider.0.window": 5,
        "visit.quota_mb": 500,
    }
    with guest.flow() as flow:
        settings = put_in_force(venue, supervisor, values, 600)
        assert settings.undo_in_s is not None and settings.undo_in_s > 500
        restarted = ["sms", "gate", "dnsmasq-captive", "dnsmasq-lan", "portal"]
        assert supervisor.done == [
            *(f"restart {unit}" for unit in restarted if f"restart {unit}" in supervisor.done),
            "try-reload-or-restart nginx",
            "try-restart console",
        ]
        assert {"restart sms", "restart gate", "restart dnsmasq-lan", "restart portal"} <= set(supervisor.done)
        flow.goes_on()
        assert guest.phone.mac in {mac for mac, _ in kernel(venue).up}
        assert ask(venue, wire.KeepSettings("aigul")) == wire.Done()
        assert "Ақжайық" in guest.page("/online").body
        flow.goes_on()
    changed = [entry for entry in journal(venue) if entry["kind"] == "configuration_changed"]
    assert set(values) - {"sms.provider.0.window"} <= set(changed[-1]["changed"])  # type: ignore[call-overload]


def test_what_nobody_keeps_is_undone_and_drops_nobody(venue: Venue, supervisor: Supervisor) -> None:
    guest = Guest.new(venue).go_online()
    before = ask(venue, wire.ReadSettings()).toml
    rendered = (venue.places.state / "conf" / "dnsmasq-lan.conf").read_text()
    with guest.flow() as flow:
        put_in_force(venue, supervisor, {"lan.lease_s": 600}, 1)
        supervisor.until(lambda: ask(venue, wire.ReadSettings()).undo_in_s is None, "the undoing")
        settings = rested(venue, supervisor)
        assert (settings.toml, settings.undone_why) == (before, "nobody kept it in time")
        flow.goes_on()
    assert (venue.places.state / "conf" / "dnsmasq-lan.conf").read_text() == rendered


@pytest.mark.usefixtures("supervisor")
def test_what_this_machine_does_not_have_is_refused(venue: Venue, tmp_path: Path) -> None:
    new = tmp_path / "new.toml"
    values = {"wan.interface": "eth9", "sms.provider.0.password_file": "/nowhere", "paths.state": "/elsewhere"}
    new.write_text(with_values(venue.places.config.read_text(), values))
    done = run(
        [device.QAQPA, "settings", "try", "--config", str(venue.places.config), str(new), "--json"],
        namespace=venue.gate,
        check=False,
    )
    assert done.code == 1
    told = json.loads(done.stdout)
    problems = {each["key"]: each["line"] for each in told["problems"]}
    assert {key for key in problems if problems[key]} >= {"wan.interface", "paths.state"}
    # A password is given anew for where it goes then: what lies there now is no obstacle.
    (provider,) = told["passwords_wanted"]
    assert f'name = "{provider}"' in new.read_text() and "sms.provider[0].password_file" not in problems


@pytest.mark.usefixtures("supervisor")
def test_the_doctor_puts_every_light_on(venue: Venue) -> None:
    def lights() -> dict[wire.LightName, list[wire.Examination]]:
        examined = ask(venue, wire.Examine())
        assert isinstance(examined, wire.Examined)
        return {light: [each for each in examined.findings if each.light is light] for light in wire.LightName}

    assert [light for light, found in lights().items() if not found] in ([], [wire.LightName.CERTIFICATE])
    # What the tests before had begin anew may be on its way still.
    needed = (wire.LightName.DHCP, wire.LightName.SMS, wire.LightName.UPLINK)

    def dark() -> list[wire.Examination]:
        found = lights()
        return [each for light in needed for each in found[light] if not each.ok]

    until(lambda: not dark(), f"DHCP, SMS and uplink to be well: {dark()}", 60.0)


def test_a_test_sms_is_followed_to_its_receipt(venue: Venue, supervisor: Supervisor) -> None:
    begun = ask(venue, wire.TestSms("+77017654321", Language.RUSSIAN, "aigul"))
    assert isinstance(begun, wire.SmsSteps)

    def over() -> wire.SmsSteps | None:
        steps = ask(venue, wire.FollowSms(begun.test))
        return steps if steps.over else None

    assert "delivered" in supervisor.until(over, "the receipt").steps[-1].what


@pytest.mark.usefixtures("supervisor")
def test_a_back_up_is_made_and_listed(venue: Venue) -> None:
    (made,) = json.loads(venue.qaqpa("backup", "make", "--json"))
    assert made["file"] in venue.qaqpa("backup", "list")
    with tarfile.open(venue.places.state / "backups" / made["file"]) as tar:
        assert tar.getnames()[:2] == ["journal.db", "qaqpa.toml"]
    assert [entry["file"] for entry in journal(venue) if entry["kind"] == "backup_made"] == [made["file"]]
