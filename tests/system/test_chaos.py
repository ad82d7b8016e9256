"""A short campaign of ``scripts/chaos``, and that its auditor sees what goes wrong in a real venue."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.chaos.auditor import Law, Violation
from tests.chaos.campaign import Campaign, Script, opened, seen
from tests.chaos.catalogue import FAULTS
from tests.chaos.plan import plan
from tests.lab.run import run
from tests.lab.waiting import until

NAMES = ("kill -9 gate", "SIGSTOP portal", "kill -9 nginx", "SMSC gone", "ipset destroy", "uplink gone")
SCRIPT = Script(
    seed=int(os.environ.get("CHAOS_SEED", "1")), count=len(NAMES), visitors=3, names=NAMES, haste=4.0, with_disk=False
)


@pytest.fixture(scope="module")
def campaign() -> Iterator[Campaign]:
    with opened("qt3-", SCRIPT) as running:
        running.warm()
        yield running


def test_nothing_that_may_never_be(campaign: Campaign) -> None:
    for planned in plan([FAULTS[name] for name in NAMES], SCRIPT.count, SCRIPT.seed):
        assert campaign.break_it(planned) == [], f"seed {SCRIPT.seed}: {planned}"
    assert campaign.crowd.failures() == []


def test_there_was_something_to_judge(campaign: Campaign) -> None:
    """Of nothing an auditor finds nothing."""

    def all_kinds() -> bool:
        assert campaign.audit() == []
        return all(seen(campaign.evidence).values())

    until(all_kinds, "something of every kind", every_s=0.5)


def test_the_auditor_sees_an_open_gate_and_a_journal_without_a_row(campaign: Campaign) -> None:
    opening = "iptables-legacy -I FORWARD -i br-lan -j ACCEPT"

    def passed() -> list[Violation]:
        # Again and again: the gate takes what is not its own away.
        run(["sh", "-c", opening], namespace=campaign.venue.gate)
        return [found for found in campaign.audit() if found.law is Law.PASSED]

    stranger = campaign.crowd.days[-1].person.mac
    until(lambda: any(found.device == stranger for found in passed()), "the stranger's packets to be seen")

    campaign.venue.processes["gate"].kill9()
    with closing(sqlite3.connect(campaign.venue.places.state / "gate/journal.db")) as journal:
        journal.execute("DROP TRIGGER entries_refuse_delete")
        journal.execute("DELETE FROM entries WHERE kind = 'visit_began'")
        journal.commit()
    assert {Law.CHAIN, Law.LOST} <= {found.law for found in campaign.audit()}
