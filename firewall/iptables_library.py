"""python-iptables (iptc), loaded without a search for what it is made of.

Left alone it looks for its four libraries by ``ldconfig``, eight times, and, on a machine that has them, by ``gcc`` and
``ld`` besides: more than half of the time that a gate takes to start, and a gate that starts holds everybody's pages
up. Where they lie on Debian is known, and its own two variables say it; where they lie elsewhere it still searches.
Must not know: rules, tables.
"""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def _told() -> Iterator[None]:
    """The environment says where to look, unless it did already; what runs later does not inherit it."""
    extensions = Path("/usr/lib", sysconfig.get_config_var("MULTIARCH") or "", "xtables")
    places = {"IPTABLES_LIBDIR": Path(sysconfig.get_path("platlib")), "XTABLES_LIBDIR": extensions}
    mine = {name: str(place) for name, place in places.items() if name not in os.environ and place.is_dir()}
    os.environ.update(mine)
    try:
        yield
    finally:
        for name in mine:
            del os.environ[name]


with _told():
    import iptc
    import iptc.ip4tc
    from iptc import xtables

__all__ = ["iptc", "xtables"]
