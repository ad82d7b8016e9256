"""New versions of the whole system, by systemd-sysupdate: what is there, what a source offers, and installing it.

    updater = Updater(Path("/usr/lib/sysupdate.d"), Path("/run/qaqpa/update"), run)
    updater.look("https://updates.example.kz/qaqpa").newer        # "0.3.0"

The transfer files of the image say what goes where; here they get the source and this machine's architecture, and what
systemd-sysupdate and systemd-pull say is made a reason that a person can act upon. Nothing is believed that the image's
own key has not signed, on a stick as little as on the net: a folder is read through ``file://``, since of plain files
systemd verifies nothing. Must not know: who asks, sticks, pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from appliance.commands import Run
from appliance.errors import ApplianceError

SYSUPDATE = "/usr/lib/systemd/systemd-sysupdate"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""What the kernel calls a machine, and what a file of it is called."""
_WRITTEN_FOR, _WRITTEN_SOURCE = "_amd64", "file:///run/qaqpa/update"
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.~^+-]{0,63}\Z")
_TRANSFERS = 3


class UpdateTrouble(StrEnum):
    """Why there is no update."""

    NOT_THE_IMAGE = "not_the_image"
    NO_SOURCE = "no_source"
    SOURCE_SILENT = "source_silent"
    """Nobody answers there, or there is nothing."""
    FORGED = "forged"
    """Not signed, or not by the key in this image."""
    DAMAGED = "damaged"
    """A file is not what the signed list says: half a download, a bad stick."""
    BROKEN_OFF = "broken_off"
    """The source went away in the middle."""
    NO_ROOM = "no_room"
    OLDER = "older"
    """What is offered is older than what runs."""
    NOT_OFFERED = "not_offered"
    BUSY = "busy"
    NO_STICK = "no_stick"
    FAILED = "failed"


_SENTENCES = {
    UpdateTrouble.NOT_THE_IMAGE: "this Qaqpa was installed as a Debian package: `apt install ./qaqpa_*.deb` updates it",
    UpdateTrouble.NO_SOURCE: "nobody has said where new versions come from: set update.source, or give --from",
    UpdateTrouble.SOURCE_SILENT: "the source does not answer, or has no SHA256SUMS; check its address and the uplink",
    UpdateTrouble.FORGED: "what is offered was not signed by Qaqpa's key; do not use that source, get the files anew",
    UpdateTrouble.DAMAGED: "a file is damaged or only half there; download it anew, or use another stick",
    UpdateTrouble.BROKEN_OFF: "the source went away in the middle; nothing was changed, try again",
    UpdateTrouble.NO_ROOM: "there is no room: the new version is larger than the place for it on this disk",
    UpdateTrouble.OLDER: "what is offered is older than what runs; nothing was changed",
    UpdateTrouble.NOT_OFFERED: "the source does not offer this version",
    UpdateTrouble.BUSY: "an update is under way already; wait for it",
    UpdateTrouble.NO_STICK: "no USB stick with files of an update was found; plug in exactly one",
    UpdateTrouble.FAILED: "systemd-sysupdate refused",
}


class UpdateFailed(ApplianceError):
    """Nothing was changed: what runs is still what runs."""

    def __init__(self, why: UpdateTrouble, detail: str = "") -> None:
        self.why, self.detail = why, detail
        super().__init__(f"{_SENTENCES[why]} ({detail})" if detail else _SENTENCES[why])


class Versions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What there is."""

    running: str
    installed: tuple[str, ...] = ()
    """On this disk, the newest first."""
    offered: tuple[str, ...] = ()
    """By the source, the newest first."""
    newer: str = ""
    """The one that would be installed; "": none."""


@dataclass(frozen=True)
class Progress:
    """How far an installation is."""

    transfer: int
    """1 to ``of``."""
    percent: int
    of: int = _TRANSFERS

    @property
    def whole_percent(self) -> int:
        """Of all of it, as far as that can be told: the root file system is nearly everything."""
        before, share = {1: (0, 5), 2: (5, 75)}.get(self.transfer, (80, 20))
        return before + share * self.percent // 100


class Updater:
    """systemd-sysupdate with the image's transfer files.

    Args:
        transfers: the folder of those.
        work: a folder that is made anew for each call, root's alone.
        run: of commands.
        running: the version that runs, by os-release.
        machine: as ``platform.machine`` has it.
    """

    def __init__(self, transfers: Path, work: Path, run: Run, running: str, machine: str) -> None:
        self._transfers, self._work, self._run, self._running = transfers, work, run, running
        self._architecture = ARCHITECTURES.get(machine, machine)

    def installed(self) -> Versions:
        """What is on the disk, without asking any source.

        Raises:
            UpdateFailed
        """
        return self._versions("", "--offline")

    def look(self, source: str) -> Versions:
        """What the source offers, too. Changes nothing.

        Args:
            source: ``https://…``, or an absolute path of a folder.

        Raises:
            UpdateFailed
        """
        if not source:
            raise UpdateFailed(UpdateTrouble.NO_SOURCE)
        return self._versions(source)

    def install(self, source: str, version: str, progress: Callable[[Progress], None]) -> str:
        """Write the version into the free slot, to be booted next; returns which it was.

        Args:
            version: "": the newest.

        Raises:
            UpdateFailed: nothing was changed; what was written so far is in a slot without a name.
        """
        found = self.look(source)
        wanted = version or found.newer
        if not wanted:
            older = bool(found.offered) and found.running not in found.offered
            raise UpdateFailed(UpdateTrouble.OLDER if older else UpdateTrouble.NOT_OFFERED, " ".join(found.offered))
        if wanted not in found.offered or not _VERSION.match(wanted):
            raise UpdateFailed(UpdateTrouble.NOT_OFFERED, wanted)
        following = _Following(progress)
        self._asked(source, ("update", wanted), following.line)
        return wanted

    def _versions(self, source: str, *options: str) -> Versions:
        listed = msgspec.json.decode(self._asked(source, ("list", "--json=short", *options)), type=_Listed)
        told = [self._one(source, version, options) for version in listed.all]
        offered = tuple(each.version for each in told if each.available)
        newest = next((each for each in told if each.available and not each.obsolete and not each.incomplete), None)
        newer = newest.version if newest and not newest.installed and newest.newest else ""
        installed = tuple(each.version for each in told if each.installed)
        return Versions(self._running, installed, offered, newer)

    def _one(self, source: str, version: str, options: Sequence[str]) -> _One:
        return msgspec.json.decode(self._asked(source, ("list", version, "--json=short", *options)), type=_One)

    def _asked(self, source: str, words: Sequence[str], told: Callable[[str], None] = lambda _: None) -> str:
        said: list[str] = []

        def line(text: str) -> None:
            said.append(text)
            told(text)

        command = [SYSUPDATE, f"--definitions={self._definitions(source)}", "--no-pager", *words]
        code, output = self._run(command, line)
        if code != 0:
            raise UpdateFailed(*why("\n".join(said)))
        return output

    def _definitions(self, source: str) -> Path:
        """The image's transfer files with this source in them."""
        folder = self._work / "transfers"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        url = source.rstrip("/") if source.startswith("https://") else Path(source or "/nowhere").as_uri()
        for path in sorted(self._transfers.glob("*.transfer")):
            text = path.read_text(encoding="utf-8").replace(_WRITTEN_SOURCE, url.replace("%", "%%"))
            (folder / path.name).write_text(text.replace(_WRITTEN_FOR, f"_{self._architecture}"), encoding="utf-8")
        return folder


class _Listed(msgspec.Struct):
    """``list --json``."""

    all: tuple[str, ...] = ()


class _One(msgspec.Struct):
    """``list VERSION --json``."""

    version: str
    newest: bool = False
    available: bool = False
    installed: bool = False
    obsolete: bool = False
    incomplete: bool = False


class _Following:
    """Makes progress of what systemd-pull says."""

    def __init__(self, tell: Callable[[Progress], None]) -> None:
        self._tell, self._transfer = tell, 0

    def line(self, text: str) -> None:
        if "Acquiring " in text and "Acquiring manifest" not in text:
            self._transfer += 1
            self._tell(Progress(self._transfer, 0))
        elif self._transfer and (percent := re.match(r"Got (\d+)% of ", text)):
            self._tell(Progress(self._transfer, min(100, int(percent[1]))))


_SIGNS = (
    # The words of systemd 257's pull-common.c, pull-job.c and sysupdate-transfer.c, the first that is found counts.
    ("Signature verification failed", UpdateTrouble.FORGED),
    ("Failed to retrieve signature file", UpdateTrouble.FORGED),
    ("Signature is empty", UpdateTrouble.FORGED),
    ("file did not check out", UpdateTrouble.DAMAGED),
    ("No space left on device", UpdateTrouble.NO_ROOM),
    ("Failed to write file", UpdateTrouble.NO_ROOM),
    ("No available partition of a suitable size", UpdateTrouble.NO_ROOM),
    ("less than two partition slots", UpdateTrouble.NO_ROOM),
    ("is obsolete, refusing", UpdateTrouble.OLDER),
    ("not found", UpdateTrouble.NOT_OFFERED),
    ("Failed to lock block device", UpdateTrouble.BUSY),
)


def why(said: str) -> tuple[UpdateTrouble, str]:
    """The reason in what systemd-sysupdate said, and its own last word on it.

    >>> why("Transfer failed: Could not resolve hostname")
    (<UpdateTrouble.SOURCE_SILENT: 'source_silent'>, 'Could not resolve hostname')
    """
    for sign, trouble in _SIGNS:
        if sign in said:
            return trouble, ""
    if broken := re.search(r"Transfer failed: (.*)", said):
        begun = re.search(r"Acquiring (?!manifest)", said)
        return UpdateTrouble.BROKEN_OFF if begun else UpdateTrouble.SOURCE_SILENT, broken[1]
    if "manifest" in said and "Failed to retrieve image file" in said:
        return UpdateTrouble.SOURCE_SILENT, ""
    lines = [line.strip() for line in said.splitlines() if line.strip() and line.strip() != "Exiting."]
    return UpdateTrouble.FAILED, lines[-1][:200] if lines else ""
