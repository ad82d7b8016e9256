"""All faults there are, by their names."""

from __future__ import annotations

from collections.abc import Mapping

from tests.chaos.breaking_disks import DISKS
from tests.chaos.breaking_networks import NETWORKS
from tests.chaos.breaking_processes import PROCESSES
from tests.chaos.faults import Fault

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in (*PROCESSES, *NETWORKS, *DISKS)}
