"""Whether the rules that stand in the kernel now are the gate's. Changes nothing. Must not know: who wants to know."""

from __future__ import annotations

from firewall import abilities, tables
from firewall.datapath import ruleset
from firewall.settings import Settings


def differences(settings: Settings) -> int:
    """How many chains, jumps and policies are not as the gate would have them.

    Raises:
        KernelRefused, LockTimeout
    """
    return tables.differences(ruleset(settings, abilities.asked()))
