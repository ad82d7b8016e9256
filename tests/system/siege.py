"""What the attacks have in common: who attacks, how, and a gate that does not keep them out.

A test that could not fail proves nothing: each attack is also run with the gate's rules passed over (``gate_open``) and
must succeed then. Must not know: any one attack.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.lab.namespaces import set_sysctl
from tests.lab.run import Process, plain_program, run, start
from tests.lab.venue import Venue
from tests.lab.visitor import Visitor
from tests.system.guest import Guest

ONLINE = "You are online"
SURELY_S = 8.0
"""Patience with an attack that must succeed: it ends with the answer, and a packet lost on the way is sent again."""


@dataclass(frozen=True)
class People:
    """Who attacks, and at whose cost."""

    stranger: Guest
    evicted: Guest
    victim: Guest
    """Admitted."""

    @property
    def attackers(self) -> tuple[Guest, Guest]:
        return self.stranger, self.evicted


@contextmanager
def gate_open(venue: Venue) -> Iterator[None]:
    """Everything is accepted and forwarded before any rule of the gate is asked; the gate's process is dead, since it
    would mend that."""
    venue.processes["gate"].kill9()
    opening = [
        *(("iptables-legacy", table, chain) for table, chain in (("filter", "FORWARD"), ("filter", "INPUT"))),
        ("iptables-legacy", "nat", "PREROUTING"),
        *(("ip6tables-legacy", "filter", chain) for chain in ("FORWARD", "INPUT")),
    ]
    for command, table, chain in opening:
        run([command, "-w", "-t", table, "-I", chain, "-j", "ACCEPT"], namespace=venue.gate)
    set_sysctl(venue.gate, "net/ipv6/conf/all/forwarding", "1")
    try:
        yield
    except BaseException as error:
        error.add_note(_kernel_state(venue))
        raise
    finally:
        set_sysctl(venue.gate, "net/ipv6/conf/all/forwarding", "0")
        for command, table, chain in opening:
            run([command, "-w", "-t", table, "-D", chain, "-j", "ACCEPT"], namespace=venue.gate)
        venue.restart("gate")


def attack(phone: Visitor, *words: str, stdin: str = "", patience_s: float = 0.4) -> list[str]:
    """What came back of an attack within ``patience_s`` seconds a question, line by line."""
    line = plain_program("tests.system.attacker", *words)
    patience = {"ATTACKER_PATIENCE_S": f"{patience_s}"}
    done = run(line, namespace=phone.namespace, check=False, stdin=stdin, environment=patience)
    assert "Traceback" not in done.stderr or "OSError" in done.stderr or "Error: [Errno" in done.stderr, done.stderr
    return done.stdout.splitlines()


def _kernel_state(venue: Venue) -> str:
    """What the gate's kernel knew when an attack that must succeed did not."""
    of_the_gate = (
        "iptables-legacy -w -t filter -L -n -v",
        "iptables-legacy -w -t nat -L PREROUTING -n -v",
        "ip6tables-legacy -w -t filter -L -n -v",
        "conntrack -L",
        "nstat -a",
        "cat /proc/net/softnet_stat",
        "dmesg",
    )
    asked = [(venue.gate, line) for line in of_the_gate]
    asked += [
        (name, line)
        for name in (venue.gate, *(v.namespace for v in venue.visitors))
        for line in ("ip neigh", "ip -s link")
    ]
    told = [(name, line, run(line.split(), namespace=name, check=False).stdout) for name, line in asked]
    return "\n".join(f"{name}$ {line}\n{said[-4000:]}" for name, line, said in told)


@contextmanager
def service(venue: Venue, *words: str) -> Iterator[Process]:
    """A service that somebody runs on the gate."""
    line = plain_program("tests.system.attacker", *words)
    log = venue.places.folder / "log" / f"{words[0]}.log"
    with start(line, name=words[0], log=log, namespace=venue.gate) as process:
        process.wait_for_line("ready")
        yield process
