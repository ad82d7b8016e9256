"""What may be fetched once: a sheet of vouchers, for whoever made them, for some minutes.

    >>> token = sheets.put("s1", b"%PDF-")                      # doctest: +SKIP
    >>> sheets.take("s1", token), sheets.take("s1", token)      # doctest: +SKIP
    (b'%PDF-', None)

Files, because the next request may meet another process. A file's name is a digest, so that whoever sees the folder's
list can fetch nothing. Must not know: what is in them.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

KEPT_S = 600


class Sheets:
    """In this folder, which is made when it is needed.

    Args:
        now: aware.
        kept_s: what nobody fetched by then is gone.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime], kept_s: float = KEPT_S) -> None:
        self._folder, self._now, self._kept_s = folder, now, kept_s
        self._forget_old()

    def put(self, session: str, content: bytes) -> str:
        """Keep it for this session; the token that fetches it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._forget_old()
        token = secrets.token_urlsafe(16)
        path = self._path(session, token)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        now_s = self._now().timestamp()
        os.utime(path, (now_s, now_s))
        # Not only when somebody comes again: codes that nobody fetched must not lie there overnight.
        forgetting = threading.Timer(self._kept_s + 1, self._forget_old)
        forgetting.daemon = True
        forgetting.start()
        return token

    def take(self, session: str, token: str) -> bytes | None:
        """What was kept; None: it was fetched already, is too old, or is another session's."""
        self._forget_old()
        kept = self._path(session, token)
        taken = kept.with_suffix(".taken")
        try:
            kept.rename(taken)  # of two who come at once one is first
        except FileNotFoundError:
            return None
        try:
            return taken.read_bytes()
        finally:
            taken.unlink(missing_ok=True)

    def _path(self, session: str, token: str) -> Path:
        return self._folder / hashlib.sha256(f"{session}\n{token}".encode()).hexdigest()

    def _forget_old(self) -> None:
        oldest_s = self._now().timestamp() - self._kept_s
        for path in self._folder.glob("*") if self._folder.is_dir() else ():
            with suppress(OSError):  # fetched just now, or the disk takes nothing
                if path.stat().st_mtime < oldest_s:
                    path.unlink()
