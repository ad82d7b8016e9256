"""python-iptables 1.2.0 reads libxtables' option tables by the layout of iptables 1.8.10; Debian 13 has 1.8.11.

``struct xt_option_entry`` (xtables.h) grew a field ``base`` at its end in 1.8.11, so that every option but a table's
first was looked for in the wrong place and not found (python-iptables issue 353, open). The fields before it stayed, so
an entry found at the right distance is read rightly. Rejected: reading the layout from the library's memory by
guessing, since a wrong guess follows a pointer into nowhere inside the process that holds the gate shut.

And one process cannot use libxt_NAT.so (REDIRECT, MASQUERADE, since iptables 1.8.8) for both families: loading it
registers its targets for the family that is current at that moment, and loading or initialising it a second time ends
the process. So IPv6 gets a copy of it, in memory. The day this breaks, ``iptables-legacy-restore`` is the way.
Must not know: rules, tables.
"""

from __future__ import annotations

import ctypes
import functools
import os
import re
from pathlib import Path
from typing import Any

from firewall.command import run
from firewall.errors import KernelRefused
from firewall.iptables_library import xtables

_GREW_IN = (1, 8, 11)


@functools.cache
def correct() -> None:
    """Make python-iptables find options in the libxtables that is installed; harmless where it already does.

    Raises:
        KernelRefused: iptables does not say its version.
    """
    said = run(["iptables-legacy", "--version"])
    version = re.search(r"v(\d+)\.(\d+)\.(\d+)", said)
    if version is None:
        raise KernelRefused("learn the version of iptables", f"`iptables-legacy --version` said {said!r}")
    grown = tuple(map(int, version.groups())) >= _GREW_IN
    old = ctypes.sizeof(xtables.xt_option_entry)
    stride = old + ctypes.sizeof(ctypes.c_size_t) if grown else old  # an unsigned int, and padding to alignment

    def option_lookup(_self: object, entries: Any, name: bytes) -> Any:
        address = ctypes.cast(entries, ctypes.c_void_p).value
        while address:
            entry = xtables.xt_option_entry.from_address(address)
            if not entry.name:
                return None
            if entry.name == name:
                return entry
            address += stride
        return None

    xtables.xtables._option_lookup = option_lookup
    _register_nat()


def _register_nat() -> None:
    library = Path(xtables._xtables_libdir, "libxt_NAT.so")
    if not library.exists():
        return  # an older iptables, with a library for each family
    _load(xtables.NFPROTO_IPV4, str(library))
    # The loader tells libraries apart by their file.
    copy = os.memfd_create(library.name)
    try:
        with open(copy, "wb", closefd=False) as file:
            file.write(library.read_bytes())
        _load(xtables.NFPROTO_IPV6, f"/proc/self/fd/{copy}")
    finally:
        os.close(copy)  # what was loaded stays


def _load(family: int, library: str) -> None:
    xtables.xtables(family)  # the first of a family also tells libxtables where its libraries are
    xtables.xtables._xtables_set_nfproto(family)
    ctypes.CDLL(library)  # its constructor registers; the loader never unloads what ctypes opened
