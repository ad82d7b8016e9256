"""The console's address as a QR code, for what stands on a screen all day.

What draws such codes takes 8 MB, and an address stays for months: so a child draws it, and its memory goes with it.
Must not know: screens.
"""

from __future__ import annotations

import os
from functools import lru_cache

import msgspec

from appliance.screen import Code


@lru_cache(maxsize=1)
def code_of(address: str) -> Code:
    """The code; nothing of an address that is too long for one. Only for a process with a single thread: it forks."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _draw(address, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        said = told.read()
    os.waitpid(child, 0)
    return msgspec.json.decode(said, type=Code) if said else ()


def _draw(address: str, writing: int) -> None:
    """Ends the process: nothing of what its parent would do at its end is the child's to do."""
    try:
        from paper import qr

        os.write(writing, msgspec.json.encode(qr.modules(address, qr.SMALLEST)))
    finally:
        os._exit(0)
