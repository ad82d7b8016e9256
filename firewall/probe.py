"""Try in an empty network namespace whether the kernel can do what the gate needs: ``python -m firewall.probe``.

``firewall.checks`` runs this under ``unshare --net``, so that nothing of the running rules and sets is touched. Each
rule of ours is loaded alone, so that what is missing can be said by name. Prints one JSON list: what this
kernel's way is, [what, cause] for each thing that does not work, and the same of the ways to share a line out. Must
not know: the machine's settings.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import sys

from firewall import abilities, datapath, rules, shaping, shares, tables
from firewall.errors import KernelRefused
from firewall.rates import Rates
from firewall.sets import Sets
from firewall.settings import Settings

_ANY = Settings(
    "lan0",
    ipaddress.IPv4Interface("192.0.2.1/24"),
    "wan0",
    lan6=ipaddress.IPv6Interface("2001:db8::1/64"),
    masquerade6=True,
)
_SHAPED = dataclasses.replace(_ANY, wan_interface="lo", rates=Rates(line_up_kbit=1_000))
"""On an interface that every namespace has."""


def failures(known: datapath.Abilities) -> list[tuple[str, str]]:
    """What this namespace's kernel cannot do, each with the cause. Leaves sets and rules behind."""
    found: list[tuple[str, str]] = []
    try:
        Sets(_ANY, known.mac_sets, known.owned).ensure()
    except KernelRefused as error:
        found.append(("set types bitmap:ip,mac and hash:ip (both families) with timeout and counters", str(error)))
    for table in datapath.ruleset(_ANY, known).tables:
        # Rules that only jump to chains of ours, or end in a plain verdict, need nothing but the table itself.
        alone = [rule for chain in table.chains for rule in chain.rules if rule.matches or rule.target_options]
        alone = [rule for rule in alone if not rule.target.startswith(rules.OURS)]
        alone.append(rules.Rule("MASQUERADE" if table.name is rules.TableName.NAT else "ACCEPT"))
        for rule in alone:
            # Translation is allowed on its own hook only: the kernel checks where a chain is reached from.
            hook = {"MASQUERADE": "POSTROUTING", "REDIRECT": "PREROUTING"}.get(rule.target, "")
            chain = rules.Chain("QQ-PROBE", (rule,), hook)
            try:
                tables.load(rules.Ruleset((rules.Table(table.family, table.name, (), (chain,)),)))
            except KernelRefused as error:
                needs = [f"match {match.name}" for match in rule.matches] + [f"target {rule.target}"]
                found.append((f"{table.family} {table.name}: {', '.join(needs)}", error.cause))
    return found


def queueings() -> dict[str, str]:
    """Each way to share a line out, with the cause why this namespace's kernel cannot; empty: it can."""
    return {str(queueing): shaping.refusal(_SHAPED, queueing) for queueing in shares.Queueing}


if __name__ == "__main__":
    here = abilities.asked()
    sys.stdout.write(json.dumps([abilities.sentence(here), failures(here), queueings()]))
