"""The office's files: two processes that write at once, one that dies while it writes, damage, links."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.staff.account import StaffFile
from appliance.staff.errors import StaffFileDamaged
from appliance.staff.kept import KeptFile
from appliance.staff.roles import StaffRole
from tests.support.offices import PASSWORD, office

AT_ONCE, EACH = 2, 8
_MAKE = """
import sys
from pathlib import Path
from appliance.staff.roles import StaffRole
from tests.support.offices import office
opened = office(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for each in range(int(sys.argv[3])):
    opened.office.accounts.make(f"{sys.argv[2]}.{each}", "Name", StaffRole.DESK, "steppe wind 7")
"""
_DIE = """
import os, sys, signal
from pathlib import Path
from tests.support.offices import office
Path.rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
office(Path(sys.argv[1])).office.accounts.change("owner", name="Half written")
"""

_LOOK = """
import resource, sys
from pathlib import Path
from appliance.staff.for_root import office_in
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
office_in(Path(sys.argv[1]), 0).claim.code()
"""


def _writer(folder: Path, login: str, count: int) -> subprocess.Popen[str]:
    """A process that makes accounts once it is told to go."""
    writer = subprocess.Popen(
        [sys.executable, "-c", _MAKE, str(folder), login, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout and writer.stdout.readline() == "ready\n"
    return writer


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    office(tmp_path, "owner")
    writers = [_writer(tmp_path, f"writer{each}", EACH) for each in range(AT_ONCE)]
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    assert len(office(tmp_path).office.accounts.all()) == 1 + AT_ONCE * EACH


def test_who_comes_while_another_writes_waits_and_goes_on_from_there(tmp_path: Path) -> None:
    opened = office(tmp_path, "owner")
    other = _writer(tmp_path, "other", 1)

    def meanwhile() -> None:
        with pytest.raises(subprocess.TimeoutExpired):
            other.communicate("go\n", timeout=1)

    opened.office.accounts.make("slow", "Slow", StaffRole.DESK, PASSWORD, record=meanwhile)
    other.communicate(timeout=60)
    assert other.returncode == 0
    assert [each.login for each in opened.office.accounts.all()] == ["other.0", "owner", "slow"]


def test_who_dies_between_writing_and_renaming_changes_nothing_and_blocks_nobody(tmp_path: Path) -> None:
    opened = office(tmp_path, "owner")
    before = (tmp_path / "staff.json").read_bytes()
    died = subprocess.run([sys.executable, "-c", _DIE, str(tmp_path)], check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL
    assert (tmp_path / "staff.json.new").exists() and (tmp_path / "staff.json").read_bytes() == before
    opened.office.accounts.change("owner", name="Whole")
    assert [each.name for each in opened.office.accounts.all()] == ["Whole"]
    assert not (tmp_path / "staff.json.new").exists()


@pytest.mark.parametrize("damage", [b"", b"{", b'{"accounts":{"x":{}}}', b'{"accounts":{},"more":1}', b"\xff\x00"])
def test_a_damaged_file_is_named_and_never_overwritten(tmp_path: Path, damage: bytes) -> None:
    opened = office(tmp_path, "owner")
    path = tmp_path / "staff.json"
    path.write_bytes(damage)
    for attempt in (
        opened.office.accounts.all,
        lambda: opened.office.accounts.proved("owner", PASSWORD),
        lambda: opened.office.accounts.make("new", "New", StaffRole.OWNER, PASSWORD, first=True),
        lambda: opened.office.claim.open,
    ):
        with pytest.raises(StaffFileDamaged, match=str(path)):
            attempt()
    assert path.read_bytes() == damage


def test_files_are_their_owners_alone_and_the_folders_whoever_writes(tmp_path: Path) -> None:
    folder = tmp_path / "console"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    opened = office(folder, "owner")
    opened.office.sessions.begin("owner")
    opened.office.accounts.change("owner", name="Again")
    for path in folder.iterdir():
        found = path.stat()
        assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (65534, 65534, 0o600), path


def test_root_follows_no_link_that_the_consoles_user_laid(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("{}")
    for name in ("staff.json", "staff.json.lock", "staff.json.new"):
        folder = tmp_path / name.replace(".", "-")
        folder.mkdir()
        (folder / name).symlink_to(tmp_path / "victim")
        file = KeptFile(folder / "staff.json", StaffFile())
        if name == "staff.json.new":
            file.change(lambda _: (StaffFile({}), None))
        else:
            with pytest.raises(OSError, match="symbolic links"):
                file.change(lambda _: (StaffFile({}), None))
    assert (tmp_path / "victim").read_text() == "{}"


@pytest.mark.parametrize("name", ["staff.json", "claim"])
@pytest.mark.parametrize("what", ["pipe", "giant", "folder"])
def test_what_the_consoles_user_laid_there_keeps_no_box_from_starting(tmp_path: Path, name: str, what: str) -> None:
    folder = tmp_path / "console"
    folder.mkdir()
    match what:
        case "pipe":
            os.mkfifo(folder / name)
        case "giant":
            (folder / name).touch()
            os.truncate(folder / name, 1 << 40)
        case "folder":
            (folder / name).mkdir()
    command = [sys.executable, "-c", _LOOK, str(folder)]
    looked = subprocess.run(command, check=False, timeout=60, capture_output=True, text=True)
    assert "StaffFileDamaged" in looked.stderr or "IsADirectoryError" in looked.stderr, looked.stderr


def test_on_a_full_disk_an_owner_still_signs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = office(tmp_path, "owner")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    token = opened.office.sessions.begin("owner")
    opened.clock.now_s += 120
    who = opened.office.sessions.of(token)
    assert who and [each.session for each in opened.office.sessions.all()] == [who.session]
    monkeypatch.undo()
    opened.office.sessions.end(who.session)
    assert opened.office.sessions.of(token) is None
