"""The visitor's dialogue with the portal, whatever the portal asks and however it is reached.

Both rungs inherit it: in process with a gate in memory, and granian with a gate behind a unix socket.
"""

from __future__ import annotations

import json
from dataclasses import replace

from appliance.wire import (
    AskCode,
    AskPassword,
    ChooseLanguage,
    Delivery,
    EnterPassword,
    Language,
    Leave,
    Look,
    Phase,
    RedeemVoucher,
    Refusal,
    Refused,
)
from tests.unit.portal.gate import CODE, NUMBER, PASSWORD, TRIES, VOUCHER, Device
from tests.unit.portal.phone import IP, Phone
from tests.unit.portal.reading import elements_of, field_of, words_of


class VisitorContract:
    """Inherit and give a ``phone`` fixture."""

    def test_a_stranger_gets_the_three_elements_of_the_order(self, phone: Phone) -> None:
        page = phone.get("/")
        assert page.status == 200
        read = words_of(page.body).splitlines()
        assert {"Логин", "Пароль", "(Парольды алу)"} <= set(read)
        assert phone.gate.heard == [Look(ip=IP)]

    def test_a_whole_stay_from_number_to_online(self, phone: Phone) -> None:
        asked = phone.post("/password", {"number": "8 701 123 45 67"})
        assert (asked.status, asked.headers["location"]) == (303, "/")
        assert phone.gate.heard == [AskPassword(ip=IP, number="8 701 123 45 67", language=Language.KAZAKH)]
        page = phone.get("/")
        assert "+7\u00a0701\u00a0123\u00a045\u00a067" in page.body
        assert "autofocus" in field_of(page.body, "password")

        wrong = phone.post("/login", {"password": "000000"})
        assert wrong.status == 422
        assert f"{TRIES - 1}\u00a0әрекет қалды." in wrong.body
        assert "000000" not in wrong.body

        right = phone.post("/login", {"password": PASSWORD})
        assert (right.status, right.headers["location"]) == (303, "/online")
        assert phone.gate.heard[-1] == EnterPassword(ip=IP, password=PASSWORD)
        online = phone.get("/online")
        assert online.status == 200
        assert "Сіз интернеттесіз" in online.body
        assert "Сіз интернеттесіз" in phone.get("/").body

    def test_a_chosen_language_stays_chosen_through_forms_and_redirects(self, phone: Phone) -> None:
        page = phone.get("/?lang=ru")
        assert 'action="/password?lang=ru"' in page.body
        asked = phone.post("/password?lang=ru", {"number": NUMBER})
        assert asked.headers["location"] == "/?lang=ru"
        assert phone.gate.heard[-1] == AskPassword(ip=IP, number=NUMBER, language=Language.RUSSIAN)
        assert phone.post("/login?lang=ru", {"password": PASSWORD}).headers["location"] == "/online?lang=ru"

    def test_the_phones_language_is_spoken(self, phone: Phone) -> None:
        page = phone.get("/", {"Accept-Language": "ru-RU,ru;q=0.9,en;q=0.8"})
        assert "(Получить пароль)" in words_of(page.body)
        assert page.headers["content-language"] == "ru"

    def test_a_refused_number_stays_in_its_field(self, phone: Phone) -> None:
        page = phone.post("/password", {"number": "hello"})
        assert page.status == 422
        assert field_of(page.body, "number")["value"] == "hello"
        assert 'role="alert"' in page.body

    def test_asking_too_soon_says_when_and_keeps_the_password_field(self, phone: Phone) -> None:
        phone.post("/password", {"number": NUMBER})
        page = phone.post("/password", {"number": NUMBER})
        assert (page.status, page.headers["retry-after"]) == (429, "30")
        assert field_of(page.body, "password")["autocomplete"] == "one-time-code"

    def test_whoever_is_online_is_sent_to_the_online_page(self, phone: Phone) -> None:
        phone.gate.put(IP, Device(phase=Phase.ONLINE, number=NUMBER))
        assert phone.post("/password", {"number": NUMBER}).headers["location"] == "/online"
        assert phone.post("/login", {"password": PASSWORD}).headers["location"] == "/online"

    def test_whoever_is_not_online_is_sent_to_the_first_page(self, phone: Phone) -> None:
        answer = phone.get("/online")
        assert (answer.status, answer.headers["location"]) == (303, "/")

    def test_a_busy_gate_is_asked_again_by_the_page_itself(self, phone: Phone) -> None:
        phone.gate.blind = Refused(Refusal.BUSY)
        page = phone.get("/")
        assert page.status == 503
        assert int(page.headers["retry-after"]) > 0
        assert 'http-equiv="refresh"' in page.body

    def test_the_chosen_language_is_the_devices_whatever_the_address_says(self, phone: Phone) -> None:
        chosen = phone.post("/language", {"lang": "ru"})
        assert (chosen.status, chosen.headers["location"]) == (303, "/?lang=ru")
        assert phone.gate.heard == [ChooseLanguage(ip=IP, language=Language.RUSSIAN)]
        for path in ("/", "/?lang=en", "/?change=1"):
            assert phone.get(path, {"Accept-Language": "en"}).headers["content-language"] == "ru"
        phone.post("/language?lang=ru", {"lang": "kk"})
        assert phone.get("/?lang=ru").headers["content-language"] == "kk"

    def test_a_language_that_the_gate_cannot_keep_stays_in_the_address(self, phone: Phone) -> None:
        phone.gate.refusing = Refused(Refusal.UNKNOWN_DEVICE)
        assert phone.post("/language", {"lang": "ru"}).headers["location"] == "/?lang=ru"
        assert phone.get("/?lang=ru").headers["content-language"] == "ru"
        assert phone.post("/language", {"lang": "tt"}).headers["location"] == "/"

    def test_a_code_for_the_desk_is_shown_until_staff_let_the_visitor_in(self, phone: Phone) -> None:
        asked = phone.post("/code", {})
        assert (asked.status, asked.headers["location"]) == (303, "/")
        assert phone.gate.heard == [AskCode(ip=IP)]
        for _ in range(2):
            assert f"{CODE[:3]}\u00a0{CODE[3:]}" in phone.get("/").body
        phone.gate.put(IP, Device(phase=Phase.ONLINE, number=NUMBER, method="desk"))
        assert CODE[:3] not in words_of(phone.get("/").body)
        assert phone.post("/code", {}).headers["location"] == "/online"

    def test_a_visitor_leaves_by_the_button(self, phone: Phone) -> None:
        phone.gate.put(IP, Device(phase=Phase.ONLINE, number=NUMBER))
        left = phone.post("/leave", {})
        assert (left.status, left.headers["location"]) == (303, "/")
        assert phone.gate.heard == [Leave(ip=IP)]
        assert "Сіз интернеттен шықтыңыз" in phone.get("/").body
        again = phone.post("/leave", {})
        assert (again.status, again.headers["location"]) == (303, "/"), "whoever is gone wanted nothing else"

    def test_a_voucher_counts_once(self, phone: Phone) -> None:
        phone.gate.vouchers = {VOUCHER, "spare"}
        assert "voucher" in {given.get("name") for _, given in elements_of(phone.get("/").body)}
        done = phone.post("/voucher", {"voucher": VOUCHER})
        assert (done.status, done.headers["location"]) == (303, "/online")
        assert phone.gate.heard[-1] == RedeemVoucher(ip=IP, voucher=VOUCHER)
        phone.gate.put(IP, Device())
        page = phone.post("/voucher", {"voucher": VOUCHER})
        assert (page.status, field_of(page.body, "voucher")["value"]) == (422, VOUCHER)

    def test_a_script_learns_when_the_page_is_stale(self, phone: Phone) -> None:
        def state() -> dict[str, object]:
            answer = phone.get("/state")
            assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
            return dict(json.loads(answer.body))

        phone.post("/password", {"number": NUMBER})
        marked = [given["data-mark"] for tag, given in elements_of(phone.get("/").body) if tag == "main"]
        queued = state()
        assert (queued["mark"], queued["waits"]) == (marked[0], True)
        phone.gate.put(IP, replace(phone.gate.devices[IP], delivery=Delivery.DELIVERED))
        delivered = state()
        assert (delivered["mark"], delivered["waits"]) == (marked[0], False)
        assert delivered["told"] == "Пароль жазылған SMS жеткізілді."
        for changed in (
            Device(phase=Phase.ASKED, number=NUMBER, tries_left=0),
            Device(phase=Phase.ASKED, number=NUMBER, delivery=Delivery.FAILED),
            Device(phase=Phase.ASKED, number=NUMBER, code=CODE),
            Device(phase=Phase.ONLINE, number=NUMBER),
            Device(),
        ):
            phone.gate.put(IP, changed)
            assert state()["mark"] != marked[0], changed

    def test_health_asks_nothing(self, phone: Phone) -> None:
        answer = phone.get("/health")
        assert (answer.status, answer.body) == (200, "ok\n")
        assert phone.gate.heard == []
