"""The visitor's pages as readable text, one file a language, and the command that writes them anew:

python -m tests.unit.portal.goldens
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from appliance.wire import Delivery, Ended, Language, Phase, Refusal, Refused
from portal.visitor.app import create_app
from tests.unit.portal.gate import NUMBER, PASSWORD, Device, GateWithState
from tests.unit.portal.phone import IP, PhoneInProcess
from tests.unit.portal.reading import words_of

FOLDER = Path(__file__).parent / "golden"


def pages(language: Language) -> str:
    """All the pages of a visitor's way, with what leads to each."""
    gate = GateWithState()
    phone = PhoneInProcess(create_app("/nowhere", "Qaqpa Café", language=language, asks=gate), gate)
    told: list[str] = []

    def show(when: str, html: str) -> None:
        told.append(f"=== {when}\n{words_of(html)}")

    show("a stranger", phone.get("/").body)
    gate.put(IP, Device(ended=Ended.TIME, online_for_s=5400))
    show("its time is used up", phone.get("/").body)
    gate.put(IP, Device(ended=Ended.QUOTA, bytes_used=500_000_000))
    show("its quota is used up, and a number that is none", phone.post("/password", {"number": "12"}).body)
    gate.put(IP, Device())
    show("a number that is none", phone.post("/password", {"number": "12"}).body)
    gate.put(IP, Device(phase=Phase.ASKED, number=NUMBER))
    show("asked, queued", phone.get("/").body)
    gate.put(IP, Device(phase=Phase.ASKED, number=NUMBER, delivery=Delivery.DELIVERED, resend_in_s=0))
    show("asked, delivered, another may be asked", phone.get("/").body)
    show("wants another number", phone.get("/?change=1").body)
    show("wrong password", phone.post("/login", {"password": "000000"}).body)
    gate.put(IP, Device(phase=Phase.ASKED, number=NUMBER, tries_left=1))
    show("too many wrong passwords", phone.post("/login", {"password": "000000"}).body)
    gate.put(IP, Device(phase=Phase.ASKED, number=NUMBER))
    show("too soon", phone.post("/password", {"number": NUMBER}).body)
    gate.put(IP, Device())
    gate.refusing = Refused(Refusal.BUDGET_SPENT)
    show("the owner's budget is spent", phone.post("/password", {"number": NUMBER}).body)
    gate.refusing = Refused(Refusal.PREFIX_LIMIT, retry_in_s=2160)
    show("numbers that begin alike were asked for too often", phone.post("/password", {"number": NUMBER}).body)
    gate.refusing = Refused(Refusal.NOT_YOUR_TURN, retry_in_s=60)
    show("many ask and do not enter", phone.post("/password", {"number": NUMBER}).body)
    gate.refusing = None
    gate.put(IP, Device(phase=Phase.ASKED, number=NUMBER, delivery=Delivery.FAILED, resend_in_s=0))
    show("not delivered", phone.get("/").body)
    gate.put(IP, Device(phase=Phase.ONLINE, number=NUMBER, online_for_s=4000, bytes_used=1_450_000_000))
    show("online", phone.get("/online").body)
    limited = Device(phase=Phase.ONLINE, number=NUMBER, online_for_s=400, bytes_used=45_679)
    gate.put(IP, replace(limited, seconds_remaining=3200, bytes_remaining=54_321_000))
    show("online, time and data limited", phone.get("/online").body)
    gate.put(IP, Device(phase=Phase.AWAY, number=NUMBER))
    show("away", phone.get("/").body)
    gate.refusing = Refused(Refusal.JOURNAL_UNAVAILABLE)
    show("nothing can be recorded", phone.post("/login", {"password": PASSWORD}).body)
    gate.blind = Refused(Refusal.UNKNOWN_DEVICE)
    show("unknown device", phone.get("/").body)
    gate.down = True
    show("no gate", phone.get("/").body)
    show("another site's form", phone.post("/login", {}, {"Origin": "null"}).body)
    show("no such page", phone.get("/nothing").body)
    show("not behind the gateway", phone.get("/", {"X-Real-IP": ""}).body)
    return "\n".join(told)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for language in Language:
        (FOLDER / f"{language}.txt").write_text(pages(language), encoding="utf-8")


if __name__ == "__main__":
    main()
