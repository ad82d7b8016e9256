"""The SMS provider: what is known of it is filled in, the rest is asked; then a test SMS, followed to its receipt.

Must not know: SMPP, how passwords are kept.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from appliance import beginnings, sender_name
from appliance.beginnings import Preset
from appliance.sections import SmsProvider
from appliance.sender_name import Sender, SenderFault
from appliance.steward.wire import (
    FollowSms,
    Problem,
    SmsSteps,
    StewardRefusal,
    StewardRefused,
    TestSms,
)
from portal.console.routes import see
from portal.console.site import Site
from portal.console.wizard.ground import Ground, StewardSaysNo, change, ground, step_page
from portal.console.wizard.sms_words import told
from portal.console.wizard.steps import Step

_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")
_SYSTEM_ID = re.compile(r"[!-~]{1,15}")
_PASSWORD = re.compile(r"[ -~]{1,8}")
FIELDS = ("preset", "host", "port", "tls", "system_id", "password", "source")


def judged(typed: dict[str, str], own: SmsProvider) -> dict[str, str]:
    """What is wrong, by field, as keys of the catalogue.

    Args:
        own: what is configured; the password that is kept goes there and nowhere else.
    """
    problems: dict[str, str] = {}
    if not _HOST.fullmatch(typed["host"]) or typed["host"] == SmsProvider().host:
        problems["host"] = "wizard.sms.host_wrong"
    if not re.fullmatch(r"[0-9]{1,5}", typed["port"]) or not 1 <= int(typed["port"]) <= 65535:
        problems["port"] = "wizard.sms.port_wrong"
    if not _SYSTEM_ID.fullmatch(typed["system_id"]):
        problems["system_id"] = "wizard.sms.system_id_wrong"
    goes_elsewhere = (typed["host"], typed["port"], typed["tls"] == "yes") != (own.host, str(own.port), own.tls)
    if not typed["password"] and goes_elsewhere and own.host != SmsProvider().host:
        problems["password"] = "wizard.sms.password_again"
    elif (typed["password"] or goes_elsewhere) and not _PASSWORD.fullmatch(typed["password"]):
        problems["password"] = "wizard.sms.password_wrong"
    if isinstance(fault := sender_name.judged(typed["source"]), SenderFault):
        problems["source"] = f"wizard.sms.source_{fault}"
    return problems


class Messages:
    """Their pages and forms."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def show(self) -> AnyResponse:
        """What is configured, or what is known of the provider that was picked."""
        at = ground(self._site)
        own, is_new = at.config.sms.provider[0], _is_new(at)
        picked = _preset(request.args.get("preset", ""))
        if picked is None and not is_new:
            values: dict[str, object] = {
                key: getattr(own, key) for key in ("host", "port", "tls", "system_id", "source")
            }
        else:
            values = {"system_id": "", "source": "", **(picked or beginnings.presets()[0]).values}
        typed = {field: _as_typed(values.get(field, "")) for field in FIELDS}
        typed["preset"] = picked.id if picked else beginnings.presets()[0].id if is_new else ""
        return self._page(at, typed)

    def save(self) -> AnyResponse:
        """Keep it: the password in its own file, the rest in the configuration."""
        at = ground(self._site)
        typed = {field: request.form.get(field, "").strip() for field in FIELDS}
        own = at.config.sms.provider[0]
        if problems := judged(typed, own):
            return self._page(at, typed, problems)
        passwords = {own.name: typed["password"]} if typed["password"] else {}
        if refused := change(self._site, at, _values(typed), passwords=passwords):
            return self._page(at, typed, refused=refused)
        return see("/setup/sms/test")

    def ask_number(self) -> AnyResponse:
        """Where is the test SMS to go?"""
        return self._test_page("")

    def test(self) -> AnyResponse:
        """Send it."""
        number = request.form.get("number", "").strip()
        if not number:
            return self._test_page(number, {"number": "wizard.test.number_missing"})
        reply = self._site.steward.ask(TestSms(number[:64], self._site.language(), self._site.who().login))
        if isinstance(reply, StewardRefused):
            if reply.refusal not in {StewardRefusal.NOT_MOBILE, StewardRefusal.BUDGET_SPENT}:
                raise StewardSaysNo(reply)
            return self._test_page(number, {"number": f"wizard.test.{reply.refusal}"})
        assert isinstance(reply, SmsSteps)
        return see(f"/setup/sms/test/{reply.test}")

    def follow(self, test: str) -> AnyResponse:
        """How far has it come?"""
        reply = self._site.steward.ask(FollowSms(test))
        if isinstance(reply, StewardRefused):
            if reply.refusal is not StewardRefusal.NO_SUCH_TEST:
                raise StewardSaysNo(reply)
            return see("/setup/sms/test")
        assert isinstance(reply, SmsSteps)
        return self._test_page("", sent=reply)

    def _page(
        self,
        at: Ground,
        typed: dict[str, str],
        problems: dict[str, str] | None = None,
        refused: tuple[Problem, ...] = (),
    ) -> AnyResponse:
        picked = _preset(typed["preset"])
        return step_page(
            self._site,
            Step.SMS,
            HTTPStatus.UNPROCESSABLE_ENTITY if problems or refused else HTTPStatus.OK,
            at=at,
            typed=typed,
            problems=problems or {},
            refused=refused,
            presets=beginnings.presets(),
            picked=picked,
            password_kept=not _is_new(at),
            part="provider",
        )

    def _test_page(
        self, number: str, problems: dict[str, str] | None = None, sent: SmsSteps | None = None
    ) -> AnyResponse:
        words = self._site.words()
        return step_page(
            self._site,
            Step.SMS,
            HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
            number=number,
            problems=problems or {},
            sent=sent,
            said=[(each.ok, *told(words, each)) for each in sent.steps] if sent else [],
            part="test",
        )


def _is_new(at: Ground) -> bool:
    return at.config.sms.provider[0].host == SmsProvider().host


def _preset(name: str) -> Preset | None:
    return next((each for each in beginnings.presets() if each.id == name), None)


def _as_typed(value: object) -> str:
    return ("yes" if value else "") if isinstance(value, bool) else str(value)


def _values(typed: dict[str, str]) -> dict[str, object]:
    sender, picked = sender_name.judged(typed["source"]), _preset(typed["preset"])
    assert isinstance(sender, Sender)
    values: dict[str, object] = {
        **(picked.values if picked else {}),
        "host": typed["host"],
        "port": int(typed["port"]),
        "tls": typed["tls"] == "yes",
        "system_id": typed["system_id"],
        "source": sender.source,
        "source_ton": sender.ton,
        "source_npi": sender.npi,
    }
    return {f"sms.provider.0.{key}": value for key, value in values.items()}
