"""A writer whose disk fails in one real way; says what happened as one line of JSON.

Run as ``unshare --mount python -m tests.edge.journal.failing_disk HOW DIRECTORY``, HOW one of:

    full        a file system of 1 MiB that fills up, and has space again
    read_only   a file system mounted read-only, and later for writing again
    limit       RLIMIT_FSIZE, a write fails with EFBIG
    sync        fsync and fdatasync fail with EIO (a seccomp filter), for good
    reserve     an ext4 of 24 MiB that somebody else fills to the last byte, under the gate's books with 8 MB in reserve
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import resource
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from appliance.bookkeeper import Bookkeeper, Keeping
from appliance.events import Moment
from journal.ballast import Ballast
from journal.checks import findings
from journal.entries import GateStopped
from journal.errors import JournalUnavailable
from journal.seal import verify
from journal.signing import SealKey
from journal.store import Store
from journal.visits import entries
from tests.edge.journal.samples import BOOT, NOON_MS, at, read

SYNC_CALLS = {"x86_64": (0xC000003E, 74, 75), "aarch64": (0xC00000B7, 82, 83)}
"""AUDIT_ARCH and the numbers of fsync and fdatasync."""
EIO = 5


def _append_until_refused(store: Store, batch: int) -> tuple[int, str]:
    """The last acknowledged batch and the cause of the refusal of the next one."""
    while batch < 100_000:
        try:
            store.append([(at(batch), GateStopped(batch + 1))] * 50, {"batch": b"%d" % (batch + 1)})
        except JournalUnavailable as error:
            return batch, str(error.cause)
        batch += 1
    raise AssertionError("the disk did not fail")


def _mount(directory: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "qaqpa-test", str(directory)], check=True)


def _fail_syncs() -> None:
    """Let the kernel answer every fsync and fdatasync of this process with EIO. See seccomp(2)."""
    architecture, fsync, fdatasync = SYNC_CALLS[platform.machine()]
    program = b"".join(
        struct.pack("HBBI", *instruction)
        for instruction in (
            (0x20, 0, 0, 4),  # load the architecture
            (0x15, 0, 3, architecture),  # another one: allow
            (0x20, 0, 0, 0),  # load the call's number
            (0x15, 2, 0, fsync),
            (0x15, 1, 0, fdatasync),
            (0x06, 0, 0, 0x7FFF0000),  # SECCOMP_RET_ALLOW
            (0x06, 0, 0, 0x00050000 | EIO),  # SECCOMP_RET_ERRNO
        )
    )
    buffer = ctypes.create_string_buffer(program)
    filter_program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", 7, ctypes.addressof(buffer)))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
    assert libc.prctl(22, 2, filter_program, 0, 0) == 0, ctypes.get_errno()  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


def _read_only(path: Path) -> dict[str, int | str]:
    store = Store.open(path)
    store.append([(at(0), GateStopped(1))] * 50)
    store.close()
    _mount(path.parent, "remount,ro")
    told: dict[str, int | str] = {"entries": verify(path).entries, "read": len(read(path))}
    try:
        Store.open(path)
    except JournalUnavailable as error:
        told["cause"] = str(error.cause)
    told["doctor"] = " ".join(found.code for found in findings(path) if found.code.startswith("disk."))
    _mount(path.parent, "remount,rw")
    store = Store.open(path)
    told["last_after"] = store.append([(at(0), GateStopped(1))] * 50)
    store.close()
    return told


def _reserve(directory: Path) -> dict[str, int | str]:
    image, folder = directory / "image", directory / "disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(24 * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=True)
    path, moment = folder / "journal.sqlite3", Moment(NOON_MS, 0)
    keeper = Bookkeeper(
        path,
        Store.open(path),
        SealKey(b"k" * 32),
        Keeping(retention_days=730, reserve_bytes=8_000_000, seal_entries=1000, seal_s=600),
        boot_id=BOOT,
        kept={},
        clock=lambda: moment,
        synchronised=lambda: True,
        running=frozenset,
    )

    def look() -> int:
        nonlocal moment
        moment = Moment(moment.utc_ms + 2_000, moment.boot_ms + 2_000)
        keeper.append([], {})
        return int(keeper.has_room)

    told: dict[str, int | str] = {"room_before": look()}
    with (folder / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(4096))
    told["filled"] = int(os.statvfs(folder).f_bavail < 16)
    told["room_when_full"] = look()
    for batch in range(100):
        keeper.append([(at(batch), GateStopped(batch))] * 100, {})
    told["ballast_given_up"] = int(Ballast(path, 8_000_000).size < 8_000_000)
    told["room_in_reserve"] = look()
    (folder / "filler").unlink()
    told["room_after"] = look()
    told["ballast_after"] = Ballast(path, 8_000_000).size
    keeper.close()
    told["problem"], told["read"] = verify(path).problem, len(list(entries(path)))
    return told


def main(how: str, directory: Path) -> None:
    path = directory / "journal.sqlite3"
    ballast = directory / "ballast"
    fail: Callable[[], None]
    mend: Callable[[], None] | None
    match how:
        case "full":
            _mount(directory, "size=1m")
            ballast.write_bytes(bytes(300_000))
            fail, mend = (lambda: None), ballast.unlink
        case "read_only":
            _mount(directory, "size=8m")
            print(json.dumps(_read_only(path)))
            return
        case "reserve":
            print(json.dumps(_reserve(directory)))
            return
        case "limit":
            fail = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, -1))  # noqa: E731
            mend = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))  # noqa: E731
        case "sync":
            fail, mend = _fail_syncs, None
        case _:
            raise SystemExit(f"how? {how}")
    store = Store.open(path)
    store.append([(at(0), GateStopped(1))] * 50, {"batch": b"1"})
    fail()
    acknowledged, cause = _append_until_refused(store, 1)
    again, cause_again = _append_until_refused(store, acknowledged)
    kept_while_failing = int(store.kept()["batch"])
    entries_while_failing = verify(path).entries
    after = 0
    if mend is not None:
        mend()
        after = store.append([(at(0), GateStopped(again + 1))] * 50, {"batch": b"%d" % (again + 1)})
        store.close()
    verdict = verify(path)
    told = {
        "cause": cause,
        "cause_again": cause_again,
        "acknowledged": again,
        "kept_while_failing": kept_while_failing,
        "entries_while_failing": entries_while_failing,
        "last_after": after,
        "entries": verdict.entries,
        "problem": verdict.problem,
        "read": len(read(path)),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
