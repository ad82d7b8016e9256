"""The files with SMPP passwords, as `qaqpa apply` and `qaqpa doctor` judge them before the SMS process stumbles."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from appliance.cli import main
from appliance.config import load
from appliance.doctor import findings, lit
from appliance.smpp import without_sms
from appliance.steward.units import Systemctl
from appliance.steward.wire import LightName
from appliance.users import SMS_USER

SECRET = "hush-hush"


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A configuration with two providers; the first one's file is as it should be."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == "root" and str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o011)  # pytest closes its own to other users
    good, other = tmp_path / "good", tmp_path / "other"
    for file in (good, other):
        file.write_text("good-one\n")
        file.chmod(0o640)
        os.chown(file, 0, pwd.getpwnam(SMS_USER).pw_gid)
    config = tmp_path / "qaqpa.toml"
    config.write_text(
        f'[paths]\nruntime = "{tmp_path}"\nstate = "{tmp_path}"\n[lan]\ninterface = "lo"\n'
        f'[[sms.provider]]\nname = "one"\nhost = "127.0.0.1"\nport = 1\npassword_file = "{good}"\n'
        f'[[sms.provider]]\nname = "two"\nhost = "127.0.0.1"\nport = 1\npassword_file = "{other}"\n'
    )
    return config


def directory(folder: Path) -> None:
    (folder / "other").unlink()
    (folder / "other").mkdir()


def close(folder: Path) -> None:
    """As /root is."""
    shut = folder / "shut"
    shut.mkdir(mode=0o700)
    (folder / "other").rename(shut / "other")
    (folder / "other").symlink_to(shut / "other")


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda folder: (folder / "other").unlink(), "other cannot be read (No such file or directory)"),
    "a directory": (
        directory,
        "other cannot be read (Is a directory)",
    ),
    "empty": (lambda folder: (folder / "other").write_text("\n"), "other is empty"),
    "too long": (
        lambda folder: (folder / "other").write_text(SECRET),
        "other: password: at most 8 characters (it has 9 characters)",
    ),
    "no ASCII": (lambda folder: (folder / "other").write_text("құпия"), "other has other characters than"),
    "not the sender's": (
        lambda folder: (folder / "other").chmod(0o600),
        f"other cannot be read by the user {SMS_USER}",
    ),
    "in a closed directory": (close, f"other cannot be read by the user {SMS_USER}"),
}


@pytest.mark.parametrize(("spoil", "told"), WRONG.values(), ids=WRONG)
def test_apply_and_doctor_say_which_file_and_why(
    box: Path, spoil: Callable[[Path], object], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firewall.surroundings.require", lambda _settings: None)  # another test's
    monkeypatch.setattr("firewall.checks.findings", lambda _settings: [])
    spoil(box.parent)
    applied = CliRunner().invoke(main, ["apply", "--config", str(box)])
    assert applied.exit_code == 1
    assert applied.output.startswith(f"Error: {box}, line 15: sms.provider.password_file: {box.parent}/{told}")
    assert not (box.parent / "conf").exists(), "nothing was changed"
    found = [one for one in findings(load(box)) if told in one.what]
    assert [one.ok for one in found] == [False]
    assert "restart qaqpa-sms" in found[0].remedy
    assert SECRET not in applied.output + found[0].what


def test_good_files_are_applied_and_at_boot_none_is_looked_at(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A venue whose SMS cannot be sent has its pages and its gate all the same."""
    monkeypatch.setattr("firewall.surroundings.require", lambda _settings: None)
    assert CliRunner().invoke(main, ["apply", "--config", str(box)]).exit_code == 0
    (box.parent / "other").unlink()
    assert CliRunner().invoke(main, ["apply", "--at-boot", "--config", str(box)]).exit_code == 0


def test_a_venue_that_admits_by_document_alone_has_nothing_to_mend(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No provider has a password at all: that is meant, and said calmly; the sender rests instead of failing."""
    monkeypatch.setattr("firewall.surroundings.require", lambda _settings: None)
    monkeypatch.setattr("firewall.checks.findings", lambda _settings: [])
    for file in ("good", "other"):
        (box.parent / file).unlink()
    applied = CliRunner().invoke(main, ["apply", "--config", str(box)])
    assert applied.exit_code == 0
    assert "no SMS at this venue" in applied.output
    found = lit(load(box))
    assert [(one.ok, one.what) for _, one in found if "SMS at this venue" in one.what] == [
        (
            True,
            f"no SMS at this venue: no provider has a password ({box.parent}/good, {box.parent}/other is not there); "
            "visitors are admitted at the desk",
        )
    ]
    assert [one.what for light, one in found if light is LightName.SMS] == []
    # The steward has it begin all the same, and does not wait for what rests.
    Systemctl("/bin/true").renew("sms")
    Systemctl("/bin/true").stands("sms", load(box))


def test_a_folder_that_is_closed_says_nothing_about_passwords(box: Path) -> None:
    """Who may not look must not take it for a venue without SMS."""
    (box.parent / "other").unlink()
    shut = box.parent / "shut"
    shut.mkdir(mode=0o700)
    (box.parent / "good").rename(shut / "good")
    config = load(box)
    (one,) = [msgspec.structs.replace(each, password_file=str(shut / "gone")) for each in config.sms.provider[:1]]
    asked = msgspec.structs.replace(config, sms=msgspec.structs.replace(config.sms, provider=(one,)))
    assert without_sms(asked) != ""  # root looks into it
    user = pwd.getpwnam(SMS_USER).pw_uid
    os.seteuid(user)
    try:
        assert without_sms(asked) == ""
    finally:
        os.seteuid(0)
