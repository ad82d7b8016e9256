"""The gate runs without root: CAP_NET_ADMIN and CAP_NET_RAW are enough."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from firewall import tables
from firewall.errors import LockTimeout
from firewall.gate import Gate
from tests.kernel.venue import ADDRESSES, GATE, Venue, pings, read_sysctl, sh
from tests.lab.entering import inside
from tests.lab.reach import in_reach
from tests.lab.run import ROOT

_CAPABILITIES = "+net_admin,+net_raw"


@pytest.mark.usefixtures("venue")
def test_a_whole_life_with_two_capabilities() -> None:
    assert pings(GATE, str(ADDRESSES["ktv1"]), 5)  # so that the neighbour is known
    done = subprocess.run(
        [
            *("ip", "netns", "exec", GATE, *in_reach(ROOT)),
            *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
            *(f"--inh-caps={_CAPABILITIES}", f"--ambient-caps={_CAPABILITIES}", f"--bounding-set=-all,{_CAPABILITIES}"),
            *("--no-new-privs", sys.executable, "-m", "tests.kernel.unprivileged"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert (done.returncode, done.stdout) == (0, "done"), done.stderr
    assert "10.77.0.11,02:00:00:00:00:01" in sh("ipset save qq-up4")
    assert read_sysctl("net/ipv4/ip_forward") == "1"


def test_a_lock_that_another_keeps_is_waited_for_and_then_told(gate: Gate, venue: Venue) -> None:
    del venue
    with Path(tables.LOCK_PATH).open("a") as lock, inside(GATE):
        fcntl.flock(lock, fcntl.LOCK_EX)
        gate.sync({})  # rules that are as they should be need no lock
        fcntl.flock(lock, fcntl.LOCK_UN)
        sh("iptables-legacy -F QQ-FROM-LAN")
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(LockTimeout, match="was locked for"):
            gate.sync({})
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert gate.sync({}).rules == 1
