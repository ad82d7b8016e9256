"""Law 2 at the desk: a gate killed by -9 before the record, or between the record and the opening, errs closed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path
from typing import NoReturn

import pytest

from appliance import wire
from appliance.inbox import Role
from appliance.state import Terms
from appliance.wire_desk import AdmitByDocument, MadeVouchers, MakeVouchers, Person
from journal.seal import verify
from journal.visits import visits
from tests.edge.appliance.venue import ADDRESS, PHONE, Core

TERMS = Terms(vouchers=True, voucher_needs_sms=False)
OPEN = {PHONE: frozenset({IPv4Address(ADDRESS)})}


def _die(*_: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a process outlived SIGKILL")


def _killed(path: Path, moment: str, act: Callable[[Core], wire.Request]) -> None:
    """Another process does it, and is killed as it comes to record or to open."""
    child = os.fork()
    if child == 0:
        try:
            core = Core(path, TERMS)
            core.start()
            request = act(core)
            if moment == "record":
                vars(core.disk)["append"] = _die
            else:
                vars(core.kernel)["admit"] = _die
            core.ask(request, role=Role.STAFF)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, "it never came so far"


def _document(core: Core) -> wire.Request:
    (shown,) = core.ask(wire.AskCode(ADDRESS))
    assert isinstance(shown, wire.Status) and shown.code
    return AdmitByDocument("aigul", code=shown.code, person=Person("Әбенова", "Гүлнұр"))


def _voucher(core: Core) -> wire.Request:
    (made,) = core.ask(MakeVouchers("aigul", label="", count=1), role=Role.STAFF)
    assert isinstance(made, MadeVouchers)
    return wire.RedeemVoucher(ADDRESS, made.codes[0])


@pytest.mark.parametrize("method", ["document", "voucher"])
@pytest.mark.parametrize("moment", ["record", "admit"])
def test_who_is_let_in_is_recorded_and_who_is_recorded_is_let_in(tmp_path: Path, method: str, moment: str) -> None:
    path = tmp_path / "journal.db"
    _killed(path, moment, _document if method == "document" else _voucher)
    recorded = list(visits(path))
    assert [visit.method for visit in recorded] == ([method] if moment == "admit" else [])
    assert all(visit.surname == "Әбенова" for visit in recorded if method == "document")
    again = Core(path, TERMS)
    again.start()
    assert again.kernel.admitted == (OPEN if recorded else {}), "the next start mends it"
    used = [voucher.used for voucher in again.engine._session.vouchers.values()]
    assert used == ([bool(recorded)] if method == "voucher" else [])
    assert verify(path).first_bad is None
    again.crash()
