"""One file of the office: read again when somebody changed it, written whole or not at all.

    file = KeptFile(folder / "staff.json", StaffFile())
    file.read()
    file.change(lambda before: (after, result))

The console's process and root's commands write the same files: a change is read, made and written under one lock.
Must not know: what stands in the file.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from appliance.staff.errors import StaffFileDamaged, StaffFileNewer

FORM = 1
"""Of all these files. Whoever changes what stands in one of them in a way that an older version would refuse, or would
lose, counts it up: an older version then leaves the file alone and says so."""
MOST_BYTES = 16 << 20
"""None of ours comes near."""
Content = TypeVar("Content", bound=msgspec.Struct)
Result = TypeVar("Result")


class KeptFile(Generic[Content]):
    """A struct in a file, as JSON.

    Args:
        path: in a folder that is there.
        empty: what stands in it as long as there is no file.
    """

    def __init__(self, path: Path, empty: Content) -> None:
        self.path = path
        self._empty = empty
        self._seen: tuple[tuple[int, int, int], Content] | None = None

    def read(self) -> Content:
        """What stands in it now; as long as nobody changed it, that is one ``stat``.

        Raises:
            StaffFileDamaged: it is none of ours, or a later version's (StaffFileNewer).
        """
        try:
            found = _identity(self.path.stat(follow_symlinks=False))
        except FileNotFoundError:
            return self._empty
        seen = self._seen
        if seen is not None and seen[0] == found:
            return seen[1]
        return self._load()

    def change(self, step: Callable[[Content], tuple[Content, Result]]) -> Result:
        """Let ``step`` make of what stands in it what shall; what it raises changes nothing.

        Raises:
            StaffFileDamaged: it is none of ours; it is left as it is.
        """
        with self._locked():
            before = self._load()
            after, result = step(before)
            if after != before:
                self._write(after)
            return result

    def _load(self) -> Content:
        try:
            # A name of ours is never a link: root follows none that the console's user could have laid.
            with open(self.path, "rb", opener=_opener(os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
                status = os.fstat(file.fileno())
                # Nor does root wait at a pipe of the console's, or fill its memory: a box would never start.
                if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
                    raise StaffFileDamaged(str(self.path), "it is no file, or larger than any of ours")
                found, text = _identity(status), file.read(MOST_BYTES)
        except FileNotFoundError:
            return self._empty
        try:
            content = self._decoded(text)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise StaffFileDamaged(str(self.path), str(error)) from error
        self._seen = found, content
        return content

    def _decoded(self, text: bytes) -> Content:
        told = msgspec.json.decode(text, type=dict[str, Any])
        form = told.pop("form", 1)  # before it was counted
        if not isinstance(form, int):
            raise msgspec.ValidationError("`form` is no number")
        if form > FORM:
            raise StaffFileNewer(str(self.path))
        return msgspec.convert(told, type(self._empty))

    def _write(self, content: Content) -> None:
        draft = self.path.with_name(f"{self.path.name}.new")
        draft.unlink(missing_ok=True)  # of who died over it: the lock is ours
        with open(draft, "wb", opener=_opener(os.O_EXCL | os.O_NOFOLLOW)) as out:
            self._as_the_folder_is(out.fileno())
            told = {"form": FORM, **msgspec.to_builtins(content)}
            out.write(msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")
            out.flush()
            os.fsync(out.fileno())
        draft.rename(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        self._load()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # A file beside it, since the one itself is replaced. Each turn opens it anew: threads exclude each other too.
        path = self.path.with_name(f"{self.path.name}.lock")
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            self._as_the_folder_is(lock)
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _as_the_folder_is(self, file: int) -> None:
        """What root makes belongs to whose folder it is; a hard link that was laid there belongs to whom it did."""
        if os.geteuid() == 0 and os.fstat(file).st_nlink == 1:
            owner = self.path.parent.stat()
            os.fchown(file, owner.st_uid, owner.st_gid)


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_mtime_ns, found.st_size


def _opener(more: int) -> Callable[[str, int], int]:
    return lambda name, flags: os.open(name, flags | more | os.O_CLOEXEC, 0o600)
