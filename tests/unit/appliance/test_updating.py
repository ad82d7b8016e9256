"""What systemd-sysupdate is given and what is made of its answers. Its words here are those that 257 said when a list
was changed, a file cut short, a source away and a disk full."""

from __future__ import annotations

import configparser
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.updating import Progress, UpdateFailed, Updater, UpdateTrouble, why

TRANSFERS = Path(__file__).parents[3] / "image" / "sysupdate"
PULLED = """Got 1% of {url}.
Acquired 4M.
Download of {url} complete."""


@dataclass
class Sysupdate:
    """systemd-sysupdate with a disk and a source."""

    running: str = "0.1.0"
    installed: list[str] = field(default_factory=lambda: ["0.1.0"])
    offered: list[str] = field(default_factory=lambda: ["0.2.0"])
    refusing: str = ""
    """What it says instead of pulling."""
    commands: list[tuple[str, ...]] = field(default_factory=list)

    def __call__(self, command: Sequence[str], told: Callable[[str], None]) -> tuple[int, str]:
        assert command[0] == "/usr/lib/systemd/systemd-sysupdate" and command[2] == "--no-pager"
        self.definitions = Path(command[1].removeprefix("--definitions="))
        words = tuple(command[3:])
        self.commands.append(words)
        offered = [] if "--offline" in words else self.offered
        everything = sorted({*self.installed, *offered}, reverse=True)
        match words:
            case ("list", "--json=short", *_):
                return 0, json.dumps({"current": self.running, "all": everything, "appstreamUrls": []})
            case ("list", version, *_):
                return 0, json.dumps(
                    {
                        "version": version,
                        "newest": version == everything[0],
                        "available": version in offered,
                        "installed": version in self.installed,
                        "obsolete": version < self.running,
                        "protected": version == self.running,
                        "incomplete": False,
                        "contents": [],
                    }
                )
            case ("update", version):
                for number, kind in enumerate(("verity", "root", "efi"), 1):
                    told(f"\\ Acquiring file:///s/qaqpa_{version}_amd64.{kind} → /proc/self/fd/3p{number}...")
                    if self.refusing and kind == "root":
                        for line in self.refusing.splitlines():
                            told(line)
                        return 1, ""
                    for line in PULLED.format(url="file:///s/x").splitlines():
                        told(line)
                self.installed.append(version)
                return 0, ""
        raise AssertionError(words)


def updater(folder: Path, sysupdate: Sysupdate, machine: str = "x86_64") -> Updater:
    return Updater(TRANSFERS, folder, sysupdate, sysupdate.running, machine)


def test_a_newer_version_is_found_and_installed_with_progress(tmp_path: Path) -> None:
    sysupdate, seen = Sysupdate(), list[int]()
    its = updater(tmp_path, sysupdate)
    assert its.look("https://updates.example.kz/qaqpa").newer == "0.2.0"
    assert its.install("https://updates.example.kz/qaqpa", "", lambda at: seen.append(at.whole_percent)) == "0.2.0"
    assert sysupdate.commands[-1] == ("update", "0.2.0")
    assert seen == sorted(seen) and seen[0] == 0 and seen[-1] >= 80
    after = its.look("https://updates.example.kz/qaqpa")
    assert (after.newer, after.installed) == ("", ("0.2.0", "0.1.0"))


def test_what_is_given_has_the_source_and_this_machines_files_and_nothing_unverified(tmp_path: Path) -> None:
    sysupdate = Sysupdate()
    for machine, name in (("x86_64", "amd64"), ("aarch64", "arm64")):
        for source, path in (
            ("https://updates.example.kz/q/", "https://updates.example.kz/q"),
            ("/media/s 1%", "file:///media/s%%201%%25"),
        ):
            updater(tmp_path, sysupdate, machine).look(source)
            given = sorted(sysupdate.definitions.glob("*.transfer"))
            assert [each.name for each in given] == ["10-verity.transfer", "20-root.transfer", "30-kernel.transfer"]
            for each in given:
                said = configparser.ConfigParser(interpolation=None)
                said.read_string(each.read_text())
                assert said["Transfer"]["Verify"] == "yes" and said["Transfer"]["ProtectVersion"] == "%A"
                assert said["Source"]["Type"] == "url-file", "of plain files nothing is verified"
                assert said["Source"]["Path"] == path
                patterns = said["Source"]["MatchPattern"].split()
                assert all(f"_{name}" in pattern for pattern in patterns), patterns
                assert said["Target"]["InstancesMax"] == "2"
    assert said["Target"]["TriesLeft"] == "3" and "@l" in said["Target"]["MatchPattern"]


def test_an_older_version_is_named_as_such(tmp_path: Path) -> None:
    sysupdate = Sysupdate(running="0.3.0", installed=["0.3.0"])
    with pytest.raises(UpdateFailed) as failed:
        updater(tmp_path, sysupdate).install("/media/stick", "", lambda _: None)
    assert (failed.value.why, failed.value.detail) == (UpdateTrouble.OLDER, "0.2.0")
    assert not any(words[0] == "update" for words in sysupdate.commands)


@pytest.mark.parametrize("wanted", ["0.9.0", "--help", "0.2.0 --verify=no"])
def test_only_what_is_offered_can_be_asked_for(tmp_path: Path, wanted: str) -> None:
    with pytest.raises(UpdateFailed) as failed:
        updater(tmp_path, Sysupdate()).install("/media/stick", wanted, lambda _: None)
    assert failed.value.why is UpdateTrouble.NOT_OFFERED


def test_without_a_source_nothing_is_asked(tmp_path: Path) -> None:
    sysupdate = Sysupdate()
    with pytest.raises(UpdateFailed) as failed:
        updater(tmp_path, sysupdate).look("")
    assert failed.value.why is UpdateTrouble.NO_SOURCE and not sysupdate.commands
    assert updater(tmp_path, sysupdate).installed().installed == ("0.1.0",)


MANIFEST = "\\ Acquiring manifest file https://n.invalid/SHA256SUMS…\nPulling 'https://n.invalid/SHA256SUMS'.\n"
PULLING = "\\ Acquiring https://n.invalid/qaqpa_0.2.0_amd64.root.raw.gz → /proc/self/fd/3p3...\n"


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        (MANIFEST + "gpg: BAD signature\nDOWNLOAD INVALID: Signature verification failed.", UpdateTrouble.FORGED),
        (MANIFEST + "Failed to retrieve signature file, cannot verify. (Try --verify=no?)", UpdateTrouble.FORGED),
        (MANIFEST + "Transfer failed: Could not resolve hostname", UpdateTrouble.SOURCE_SILENT),
        (MANIFEST + "Transfer failed: Could not connect to server", UpdateTrouble.SOURCE_SILENT),
        (MANIFEST + "Failed to retrieve image file. (Wrong URL?)", UpdateTrouble.SOURCE_SILENT),
        (MANIFEST + PULLING + "Transfer failed: Could not read a file:// file", UpdateTrouble.BROKEN_OFF),
        (
            PULLING + "DOWNLOAD INVALID: Checksum of x file did not check out, file has been tampered with.",
            UpdateTrouble.DAMAGED,
        ),
        (PULLING + "Failed to write file: Input/output error\nFailed to retrieve image file.", UpdateTrouble.NO_ROOM),
        ("Partition table has less than two partition slots of the right type", UpdateTrouble.NO_ROOM),
        ("Selected update '0.0.9' is obsolete, refusing.", UpdateTrouble.OLDER),
        ("Update '0.0.9' not found.", UpdateTrouble.NOT_OFFERED),
        ("Something that nobody has seen yet", UpdateTrouble.FAILED),
    ],
)
def test_each_failure_has_its_own_reason(said: str, trouble: UpdateTrouble) -> None:
    assert why(said)[0] is trouble
    assert len(str(UpdateFailed(*why(said)))) > 20


def test_half_a_download_leaves_what_runs(tmp_path: Path) -> None:
    sysupdate = Sysupdate(refusing="Transfer failed: Timeout was reached\n(sd-pull-raw) failed with exit status 1")
    its = updater(tmp_path, sysupdate)
    with pytest.raises(UpdateFailed) as failed:
        its.install("https://updates.example.kz", "", lambda _: None)
    assert (failed.value.why, failed.value.detail) == (UpdateTrouble.BROKEN_OFF, "Timeout was reached")
    assert its.look("https://updates.example.kz").newer == "0.2.0", "it can be tried again"


def test_the_root_file_system_is_most_of_the_way() -> None:
    marks = [Progress(1, 0), Progress(1, 100), Progress(2, 50), Progress(2, 100), Progress(3, 100)]
    assert [each.whole_percent for each in marks] == [0, 5, 42, 80, 100]
