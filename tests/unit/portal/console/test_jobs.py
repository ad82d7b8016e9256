"""How much a person who begins one job after the other can make the console hold."""

from __future__ import annotations

import threading
from pathlib import Path

from appliance.staff.roles import SignedIn, StaffRole
from portal.console.jobs import KEPT_OF_ONE, Job, Jobs, State
from tests.lab.waiting import until
from tests.support.console import NOW

WHO = SignedIn("inspector", "Inspector", StaffRole.INSPECTOR, "s1", "c" * 32)
OTHER = SignedIn("owner", "Owner", StaffRole.OWNER, "s2", "c" * 32)


def test_a_persons_oldest_go_with_their_files_and_timers(tmp_path: Path) -> None:
    jobs: Jobs[int] = Jobs(lambda: NOW, longest_s=60.0)
    before = threading.active_count()

    def one(who: SignedIn, number: int) -> Job[int]:
        file = tmp_path / str(number)
        file.write_text("personal data")
        job = jobs.begin(who, lambda _: number, file)
        until(lambda: job.state is State.DONE and job.forgetting, "it is over")
        return job

    others = one(OTHER, 0)
    made = [one(WHO, number) for number in range(1, 4 * KEPT_OF_ONE)]
    kept = made[-KEPT_OF_ONE:]
    assert [job.name for job in made if jobs.of(WHO, job.name)] == [job.name for job in kept]
    assert jobs.of(OTHER, others.name) is others
    assert {path.name for path in tmp_path.iterdir()} == {"0", *(str(job.result) for job in kept)}
    until(lambda: threading.active_count() <= before + KEPT_OF_ONE + 1, "the timers end")
    for job in (others, *kept):
        jobs.end_session(job.session)
