"""A gate in memory with one visitor at the counter, as far as the desk's pages ask it.

Must not know: pages.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from appliance.config import Config, parse
from appliance.wire import Done, EndVisit, LiveVisit, Phase, Refusal, Refused, Status
from appliance.wire_console import (
    Block,
    Blocks,
    FindVisits,
    FoundVisits,
    HeldBlock,
    ListBlocks,
    Unblock,
)
from appliance.wire_desk import (
    AdmitByDocument,
    AskPasswordAtDesk,
    DeskRefusal,
    DeskRefused,
    EnterPasswordAtDesk,
    FindDevice,
    Found,
    ListVouchers,
    ListWorkstations,
    MadeVouchers,
    MakeVouchers,
    VoidVouchers,
    VoucherBatch,
    Vouchers,
    Workstation,
    Workstations,
)
from appliance.wire_journal import NoteLook
from tests.support.console import NOW, Made, console

CODE, PHONE, NUMBER, PASSWORD = "K7MQ4T", "02:00:00:00:00:01", "+77011234567", "123456"
NOW_MS = int(NOW.timestamp() * 1000)
CODES = ("ACDEFHJKLMNP", "ACDEFHJKLMNQ")
PORTS = '[[workstation]]\nnumber = "3"\nmac = "02:00:00:00:00:03"\n[[workstation]]\nnumber = "4"\nport = "lan4"\n'
ALL_FIELDS = '[desk]\nfields = ["document", "iin", "birth_date"]\nvouchers = true\n'


def configured(toml: str = "") -> Config:
    """The configuration that this text adds to the usual one."""
    return parse(toml, "test")


class Counter:
    """The visitor's device, and what the gate says of it.

    Args:
        made: the console whose gate this is.
    """

    def __init__(self, made: Made) -> None:
        self.phase = Phase.STRANGER
        self.tries = 5
        self.doubts: tuple[Any, ...] = ()
        self.refusal: Refused | DeskRefused | None = None
        """Whatever is asked for the device is answered so."""
        self.batches: list[VoucherBatch] = []
        self.visits: list[LiveVisit] = []
        self.blocks: list[HeldBlock] = []
        self.asked = made.gate.asked
        answers: dict[type, Callable[[Any], Any]] = {
            FindDevice: lambda request: self._named(request) or self._found(),
            ListWorkstations: lambda _: Workstations(
                (Workstation("3", PHONE, Phase.STRANGER), Workstation("4", None, None))
            ),
            AdmitByDocument: self._document,
            AskPasswordAtDesk: self._ask,
            EnterPasswordAtDesk: self._enter,
            MakeVouchers: lambda _: self.refusal or MadeVouchers("1f00aa10", CODES),
            ListVouchers: lambda _: Vouchers(tuple(self.batches)),
            VoidVouchers: lambda _: self.refusal or Done(),
            FindVisits: self._visits,
            EndVisit: lambda _: self.refusal or Done(),
            Block: lambda _: self.refusal or Done(),
            Unblock: lambda _: self.refusal or Done(),
            ListBlocks: lambda _: Blocks(tuple(self.blocks)),
            NoteLook: lambda _: self.refusal or Done(),
        }
        made.gate.answers.update(answers)

    def heard(self, kind: type) -> list[Any]:
        """What it was asked of this kind."""
        return [each for each in self.asked if isinstance(each, kind)]

    def _named(self, request: Any) -> Refused | DeskRefused | None:
        if self.refusal:
            return self.refusal
        if request.workstation == "3" or request.code.upper() == CODE:
            return None
        return DeskRefused(DeskRefusal.CODE_UNKNOWN if request.code else DeskRefusal.DEVICE_UNNAMED)

    def _found(self) -> Found:
        number, tries = (NUMBER, self.tries) if self.phase is Phase.ASKED else (None, None)
        method = "document" if self.phase is Phase.ONLINE else None
        return Found(PHONE, self.phase, number=number, tries_left=tries, method=method, doubts=self.doubts)

    def _document(self, request: AdmitByDocument) -> Any:
        if refused := self._named(request):
            return refused
        for field in ("surname", "given_name"):
            if not getattr(request.person, field).strip():
                return DeskRefused(DeskRefusal.NAME_MISSING, field)
        self.phase = Phase.ONLINE
        return self._found()

    def _ask(self, request: AskPasswordAtDesk) -> Any:
        if refused := self._named(request):
            return refused
        if not request.number.strip("+ ").replace(" ", "").isdigit():
            return Refused(Refusal.NOT_A_NUMBER)
        self.phase = Phase.ASKED
        return Status(Phase.ASKED, number=NUMBER, tries_left=self.tries)

    def _enter(self, request: EnterPasswordAtDesk) -> Any:
        if refused := self._named(request):
            return refused
        if request.password != PASSWORD:
            self.tries -= 1
            wrong = Refusal.PASSWORD_WRONG if self.tries else Refusal.TOO_MANY_TRIES
            return Refused(wrong, tries_left=self.tries)
        self.phase = Phase.ONLINE
        return Status(Phase.ONLINE)

    def _visits(self, request: FindVisits) -> Any:
        if self.refusal and not isinstance(self.refusal, DeskRefused):
            return self.refusal
        fit = [each for each in self.visits if request.query in each.number or request.query in each.device]
        return FoundVisits(len(fit), tuple(fit[request.offset : request.offset + request.limit]))


def live(place: int = 1, **told: Any) -> LiveVisit:
    """A live visit; each number is another's."""
    visit = LiveVisit(
        visit=f"v{place}",
        device=f"02:00:00:00:{place // 256:02x}:{place % 256:02x}",
        number=f"+7701{1234567 + place - 1}",
        phase=Phase.ONLINE,
        addresses=("10.77.0.10",),
        began_utc_ms=NOW_MS - 3_660_000,
        left_utc_ms=None,
        up_bytes=1_000_000,
        down_bytes=24_000_000,
    )
    return msgspec.structs.replace(visit, **told)


def counter(folder: Path, toml: str = "", language: str = "en") -> tuple[Made, Counter]:
    """A console, and the gate behind it."""
    made = console(folder, configured(toml))
    made.sessions.language = language
    return made, Counter(made)
