"""Debian's openNDS beside us, where it does the same job: probe redirects a second.

It serves each probe by running shell scripts, so its turns are short. It also edits the machine's /etc/hosts and
/etc/dnsmasq.conf, hence the mount namespace with copies of its own. Must not know: anything of ours but the ground.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator

from tests.bench.effort import Effort
from tests.bench.ground import PHONE, Ground
from tests.bench.pages import PROBE, requests_per_s
from tests.bench.report import Better, Row, compared
from tests.lab.namespaces import ip
from tests.lab.run import run, start
from tests.lab.venue import PORTAL
from tests.lab.waiting import until

# It looks for the phone's lease in /tmp/dhcp.leases; run and tmp are empty, etc is a copy.
_PRIVATE = """
set -e
mkdir -p "$1/etc" "$1/run" "$1/tmp"
cp -a /etc/. "$1/etc"
echo "$2" >"$1/tmp/dhcp.leases"
for part in etc run tmp; do mount --bind "$1/$part" "/$part"; done
shift 2
exec "$@"
"""
_CONFIGURATION = f"GatewayInterface br-lan\nGatewayAddress {PORTAL}\nMaxClients 250\n"
_SHORT = 0.1
"""Its share of the requests that we get."""


def redirects(ground: Ground, effort: Effort) -> list[Row]:
    """Probe redirects a second beside openNDS."""
    ground.crowd(effort.many)
    ours, theirs = [], []
    with _opennds(ground):
        for _ in range(min(effort.repetitions, 3)):
            ours.append(requests_per_s(ground.stranger.namespace, PROBE, effort.requests, status=302))
            count = max(20, int(effort.requests * _SHORT))
            theirs.append(requests_per_s(ground.peer.phone, PROBE, count, status=307, timeout_s=300.0))
    return [compared("pages: probe redirects, openNDS beside", ours, theirs, "requests/s", Better.HIGHER)]


@contextlib.contextmanager
def _opennds(ground: Ground) -> Iterator[None]:
    assert shutil.which("opennds"), "opennds is not installed; scripts/setup bench installs it where Debian has it"
    folder = ground.folder / "opennds"
    folder.mkdir()
    config = folder / "opennds.conf"
    config.write_text(_CONFIGURATION)
    mac = ip(ground.peer.phone, "-br", "link", "show", "dev", "eth0").split()[2]
    line = ["unshare", "--mount", "sh", "-c", _PRIVATE, "sh", str(folder), f"9999999999 {mac} {PHONE} phone *"]
    line += ["opennds", "-f", "-c", str(config), "-w", "/run/ndsctl.sock"]
    log = ground.folder / "log" / "opennds.log"
    with start(line, name="opennds", log=log, namespace=ground.peer.gate) as opennds:
        until(lambda: _redirects(ground.peer.phone) or not opennds.alive, "openNDS to redirect", 30.0)
        assert opennds.alive, opennds.output()
        yield


def _redirects(phone: str) -> bool:
    line = ["curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", PROBE]
    return run(line, namespace=phone, check=False).stdout == "307"
