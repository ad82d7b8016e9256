"""The visitor's pages as readable text, one file a language, and the command that writes them anew:

python -m tests.unit.portal.goldens
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from appliance.wire import Delivery, Ended, Language, Phase, Refusal, Refused, Trouble
from portal.visitor.app import create_app
from tests.unit.portal import branded
from tests.unit.portal.gate import CODE, NUMBER, PASSWORD, VOUCHER, Device, GateWithState
from tests.unit.portal.phone import IP, PhoneInProcess, Seen
from tests.unit.portal.reading import words_of

FOLDER = Path(__file__).parent / "golden"


@dataclass
class Album:
    """Pages as they come, each with what led to it."""

    language: Language
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate = GateWithState()
        self.phone = PhoneInProcess(
            create_app("/nowhere", "Qaqpa Café", language=self.language, asks=self.gate), self.gate
        )

    def show(self, when: str, page: Seen) -> None:
        self.told.append(f"=== {when}\n{words_of(page.body)}")

    def look(self, when: str, device: Device, path: str = "/") -> None:
        self.gate.put(IP, device)
        self.show(when, self.phone.get(path))

    def ask(self, when: str, device: Device, number: str = NUMBER) -> None:
        self.gate.put(IP, device)
        self.show(when, self.phone.post("/password", {"number": number}))

    def enter(self, when: str, device: Device, password: str = "000000") -> None:
        self.gate.put(IP, device)
        self.show(when, self.phone.post("/login", {"password": password}))

    def refuse(self, when: str, refused: Refused) -> None:
        self.gate.refusing = refused
        self.ask(when, Device())
        self.gate.refusing = None


ASKED = Device(phase=Phase.ASKED, number=NUMBER)
ONLINE = Device(phase=Phase.ONLINE, number=NUMBER, online_for_s=4000, bytes_used=1_450_000_000)
BLOCKED_UNTIL_MS = 4_000_000_000_000
"""2096: as long as these tests are run, the page tells the day."""


def pages(language: Language) -> str:
    """All the pages of a visitor's way, with what leads to each."""
    album = Album(language)
    for part in (_strangers, _passwords, _refusals, _online, _troubles, _desk_and_vouchers, _branded, _no_gate):
        part(album)
    return "\n".join(album.told)


def _strangers(album: Album) -> None:
    album.look("a stranger", Device())
    album.look("its time is used up", Device(ended=Ended.TIME, online_for_s=5400))
    spent = Device(ended=Ended.QUOTA, bytes_used=500_000_000)
    album.ask("its quota is used up, and a number that is none", spent, "12")
    album.look("it left by the button", Device(ended=Ended.VISITOR))
    album.look("staff ended its visit", Device(ended=Ended.STAFF))
    album.look("staff blocked its number", Device(ended=Ended.BLOCKED))
    album.look("staff blocked the device", Device(blocked=True))
    album.look("staff blocked the device for a time", Device(blocked=True, blocked_until_utc_ms=BLOCKED_UNTIL_MS))
    album.ask("a number that is none", Device(), "12")


def _passwords(album: Album) -> None:
    album.look("asked, queued", ASKED)
    delivered = replace(ASKED, delivery=Delivery.DELIVERED, resend_in_s=0)
    album.look("asked, delivered, another may be asked", delivered)
    album.look("wants another number", delivered, "/?change=1")
    album.enter("wrong password", delivered)
    album.enter("too many wrong passwords", replace(ASKED, tries_left=1))
    album.look("too many wrong passwords, looked at again", replace(ASKED, tries_left=0, resend_in_s=0))
    album.look("a password too old", replace(ASKED, expires_in_s=0, resend_in_s=0))
    album.ask("too soon", ASKED)
    album.look("not delivered", replace(ASKED, delivery=Delivery.FAILED, resend_in_s=0))


def _refusals(album: Album) -> None:
    album.refuse("the owner's budget is spent", Refused(Refusal.BUDGET_SPENT))
    alike = Refused(Refusal.PREFIX_LIMIT, retry_in_s=119)
    album.refuse("numbers that begin alike were asked for too often", alike)
    album.refuse("many ask and do not enter", Refused(Refusal.NOT_YOUR_TURN, retry_in_s=60))
    album.refuse("no provider is bound", Refused(Refusal.SMS_UNAVAILABLE))
    album.refuse("the number is blocked", Refused(Refusal.BLOCKED))
    album.refuse("the venue was closed just now", Refused(Refusal.VENUE_CLOSED))


def _online(album: Album) -> None:
    album.look("online", ONLINE, "/online")
    limited = replace(ONLINE, online_for_s=400, bytes_used=45_679)
    album.look("online, time and data limited", replace(limited, seconds_remaining=3200, bytes_remaining=54_321_000))
    album.look("online by document", replace(ONLINE, number=None, method="document"))
    album.look("online by voucher", replace(ONLINE, number=None, method="voucher"))
    album.look("away", Device(phase=Phase.AWAY, number=NUMBER))


def _troubles(album: Album) -> None:
    for trouble in Trouble:
        album.gate.trouble = trouble
        album.look(f"trouble: {trouble}", Device())
        album.look(f"trouble: {trouble}, a password is out", ASKED)
    album.look(f"trouble: {Trouble.UPLINK}, online", ONLINE)
    album.gate.trouble = None


def _desk_and_vouchers(album: Album) -> None:
    album.look("asks at the desk", Device(code=CODE))
    album.look("asks at the desk, a password is out", replace(ASKED, code=CODE))
    album.gate.vouchers = {VOUCHER}
    album.look("the venue has vouchers", Device())
    album.show("no such voucher", album.phone.post("/voucher", {"voucher": "AAAA-AAAA"}))
    album.gate.vouchers = set()


def _branded(album: Album) -> None:
    with tempfile.TemporaryDirectory() as folder:
        look = branded.written(Path(folder), branded.brand())
        app = create_app("/nowhere", "Qaqpa Café", language=album.language, asks=album.gate, look=look)
    phone, album.phone = album.phone, PhoneInProcess(app, album.gate)
    album.gate.vouchers = {VOUCHER}
    album.look("the venue has terms and vouchers", Device())
    album.look("asked, the venue has terms", ASKED)
    album.gate.vouchers = set()
    album.look("online, the venue has a site", ONLINE)
    album.phone = phone


def _no_gate(album: Album) -> None:
    album.gate.refusing = Refused(Refusal.JOURNAL_UNAVAILABLE)
    album.enter("nothing can be recorded", ASKED, PASSWORD)
    album.gate.blind = Refused(Refusal.UNKNOWN_DEVICE)
    album.look("unknown device", Device())
    album.gate.down = True
    album.look("no gate", Device())
    album.show("another site's form", album.phone.post("/login", {}, {"Origin": "null"}))
    album.show("no such page", album.phone.get("/nothing"))
    album.show("not behind the gateway", album.phone.get("/", {"X-Real-IP": ""}))


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for language in Language:
        (FOLDER / f"{language}.txt").write_text(pages(language), encoding="utf-8")


if __name__ == "__main__":
    main()
