"""The settings' pages: every key has its field and its words, what is entered becomes exactly that, nothing secret
is shown."""

from __future__ import annotations

import hashlib
import re
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from appliance.schema import Key, Kind, by_name, groups, keys
from appliance.staff.roles import StaffRole
from appliance.steward import wire
from appliance.steward.editing import with_values
from appliance.steward.trying import changes, read
from appliance.wire import Language
from portal.catalogues import catalogue
from portal.console.sections import settings_form
from portal.console.sections.settings_form import form
from tests.support.console import OURS, Made, console
from tests.support.console import form as ours

EXAMPLE = (Path(__file__).parents[4] / "appliance" / "example.toml").read_text(encoding="utf-8")
SENT = re.compile(r'name="([^"]+)"')


def digest(toml: str) -> str:
    return hashlib.sha256(toml.encode()).hexdigest()


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A console whose steward knows the example."""
    made = console(tmp_path)
    made.steward.answers = {
        wire.ReadSettings: lambda _: wire.Settings(EXAMPLE, digest(EXAMPLE)),
        wire.TrySettings: tried,
        wire.ApplySettings: lambda request: wire.Pending(request.undo_s),
        wire.KeepSettings: lambda _: wire.Done(),
        wire.SaveSecret: lambda _: wire.Done(),
    }
    return made


def tried(request: wire.TrySettings) -> wire.Tried:
    judged = read(request.toml)
    if judged.config is None:
        return wire.Tried(judged.problems)
    return wire.Tried((), changes(read(EXAMPLE).config, judged.config), ("gate",))


def as_sent(toml: str) -> dict[str, list[str]]:
    """What a browser sends of the untouched form."""
    sent: dict[str, list[str]] = {}
    for group in form(toml):
        for each in group.fields:
            if each.key.kind is Kind.CHOICES:
                sent |= {each.name: [*each.chosen]} if each.chosen else {}
            elif each.key.kind is not Kind.SWITCH or each.shown:
                sent[each.name] = [each.shown.replace("\n", "\r\n")]
    return sent


def posted(made: Made, **changed: str) -> Any:
    sent = as_sent(EXAMPLE) | {name.replace("__", "."): [value] for name, value in changed.items()}
    data = MultiDict([(name, value) for name, values in sent.items() for value in values])
    data.update(ours(base=digest(EXAMPLE)))
    return made.as_role(StaffRole.OWNER).post("/settings/try", data=data, headers=OURS)


@pytest.mark.parametrize("language", Language)
def test_every_key_and_group_has_words(language: Language) -> None:
    told = {message.id for message in catalogue("console", language) if message.id}
    shown = [key for key in keys() if key.group not in settings_form.HIDDEN_GROUPS]
    wanted = {f"settings.key.{key.name}" for key in shown} | {
        f"settings.choice.{key.name}.{c}"
        for key in shown
        for c in key.choices
        if key.kind in (Kind.CHOICE, Kind.CHOICES)
    }
    wanted |= {f"settings.group.{name}" for name in groups() if name not in settings_form.HIDDEN_GROUPS}
    wanted |= {f"settings.refused.{each}" for each in wire.StewardRefusal}
    assert wanted - told == set()


def test_all_languages_say_the_same_things() -> None:
    def placeholders(language: Language) -> dict[str, set[str]]:
        own = [each for each in catalogue("console", language) if str(each.id).startswith("settings.")]
        return {str(each.id): set(re.findall(r"%\(\w+\)s", str(each.string))) for each in own if each.string}

    assert placeholders(Language.KAZAKH) == placeholders(Language.RUSSIAN) == placeholders(Language.ENGLISH)


def test_every_key_has_a_field(made: Made) -> None:
    page = made.as_role(StaffRole.OWNER).get("/settings").text
    names = set(SENT.findall(page))
    expected = {each.name for group in form(EXAMPLE) for each in group.fields}
    assert expected <= names
    assert {key.name for key in keys()} - {name.replace(".0", "") for name in names} == {"paths.runtime", "paths.state"}


def test_an_untouched_form_changes_nothing() -> None:
    sent = as_sent(EXAMPLE)
    told = settings_form.entered(sent, EXAMPLE)
    assert (told.values, told.misfits) == ({}, {})


def other(key: Key) -> st.SearchStrategy[str]:
    """Something else that this field may have been given."""
    if key.kind in (Kind.WHOLE, Kind.NUMBER):
        return st.integers(int(key.least or 0), int(key.most or 100)).map(str)
    if key.kind is Kind.CHOICE:
        return st.sampled_from(key.choices)
    if key.kind is Kind.LINES:
        return st.lists(st.sampled_from(["a.kz", "+7701", "KZ"]), max_size=3).map("\r\n".join)
    return st.sampled_from(["", "x", "Ақжайық", 'a "b" # c', "{venue} {password}"])


@settings(max_examples=12, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(st.data())
def test_what_is_entered_is_what_the_text_says(data: st.DataObject) -> None:
    fields = [each for group in form(EXAMPLE) for each in group.fields if not group.is_new]
    plain = [each for each in fields if each.key.kind not in (Kind.SWITCH, Kind.CHOICES, Kind.PAIRS, Kind.NUMBER)]
    chosen = data.draw(st.lists(st.sampled_from(plain), min_size=1, max_size=4, unique_by=lambda each: each.name))
    sent = as_sent(EXAMPLE)
    for each in chosen:
        sent[each.name] = [data.draw(other(each.key))]
    told = settings_form.entered(sent, EXAMPLE)
    assert told.misfits == {}
    edited = with_values(EXAMPLE, told.values)
    assert as_sent(edited) == {
        name: [value.replace("\r\n", "\n").strip().replace("\n", "\r\n") for value in values]
        for name, values in sent.items()
    }
    assert set(told.values) <= {each.name for each in chosen}


def test_switches_choices_pairs_and_tables() -> None:
    sent = as_sent(EXAMPLE)
    del sent["sms.bound"]
    sent |= {"portal.https": ["on"], "desk.fields": ["iin", "nonsense"], "sms.provider.0.status": ["0x0403 = retry"]}
    sent |= {"workstation.0.number": ["3"], "workstation.0.port": ["lan3"], "sms.provider.1.name": ["second"]}
    raw = tomllib.loads(with_values(EXAMPLE, settings_form.entered(sent, EXAMPLE).values))
    assert (raw["sms"]["bound"], raw["portal"]["https"], raw["desk"]["fields"]) == (False, True, ["iin"])
    assert raw["sms"]["provider"][0]["status"] == {"0x0403": "retry"}
    assert [each["name"] for each in raw["sms"]["provider"]] == ["smsc", "second"]
    assert raw["workstation"] == [{"number": "3", "port": "lan3"}]
    two = with_values(EXAMPLE, {"sms.provider.1.name": "second"})
    gone = settings_form.entered({**as_sent(two), "sms.provider.0.removed": ["on"]}, two)
    assert [each["name"] for each in tomllib.loads(with_values(two, gone.values))["sms"]["provider"]] == ["second"]


def test_a_difference_is_shown_before_anything_happens(made: Made) -> None:
    page = posted(made, lan__lease_s="900", venue__name="Ақжайық")
    assert page.status_code == 200
    assert [type(each) for each in made.steward.asked] == [wire.ReadSettings, wire.TrySettings]
    rows = re.findall(r"<code>([^<]+)</code></th><td><del>([^<]*)</del></td><td><ins>([^<]*)</ins>", page.text)
    assert rows == [("venue.name", "&#34;Qaqpa&#34;", "&#34;Ақжайық&#34;"), ("lan.lease_s", "3600", "900")]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("lan__lease_s", "5", "from 120 to 604,800"),
        ("lan__lease_s", "long", "Enter a whole number"),
        ("lan__lease_s", "", "Enter a whole number"),
        ("sms__provider__0__price", "1e999", "out of bounds"),
        ("venue__name", "x" * 41, "at most 40 characters"),
        ("lan__address", "10.0.0.1/8", "/8 is out of bounds"),
        ("sms__provider__0__source", "", "1 to 20 ASCII characters"),
        ("sms__provider__0__status", "0x1", "code = meaning"),
    ],
)
def test_a_problem_stands_beside_its_field(made: Made, name: str, value: str, told: str) -> None:
    page = posted(made, **{name: value})
    assert page.status_code == 400
    field = name.replace("__", ".")
    (problem,) = re.findall(rf'<p class="problem" id="{re.escape(field)}-problem">([^<]*)</p>', page.text)
    assert told in problem
    assert f'aria-describedby="{field}-key {field}-problem" aria-invalid="true"' in page.text
    assert wire.ApplySettings not in {type(each) for each in made.steward.asked}


def test_somebody_elses_change_is_not_overwritten(made: Made) -> None:
    changed = EXAMPLE.replace("3600", "1800")
    made.steward.answers[wire.ReadSettings] = lambda _: wire.Settings(changed, digest(changed))
    page = posted(made, lan__lease_s="900")
    assert page.status_code == 409 and "Somebody changed the settings meanwhile" in page.text


def test_it_is_applied_with_two_minutes_to_keep_it(made: Made) -> None:
    data = ours(toml=EXAMPLE.replace("\n", "\r\n"), base=digest(EXAMPLE))
    answer = made.as_role(StaffRole.OWNER).post("/settings/apply", data=data, headers=OURS)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings/pending")
    assert made.steward.asked == [wire.ApplySettings(EXAMPLE, digest(EXAMPLE), "owner", 120)]


def test_a_password_that_would_go_elsewhere_is_asked_for_beside_the_difference(made: Made) -> None:
    made.steward.answers[wire.TrySettings] = lambda _: wire.Tried((), (), ("sms",), ("smsc",))
    page = posted(made, sms__provider__0__host="smsc.example.org")
    assert 'name="password.smsc" type="password"' in page.text
    data = ours(toml=EXAMPLE, base=digest(EXAMPLE)) | {"password.smsc": "secret8"}
    made.as_role(StaffRole.OWNER).post("/settings/apply", data=data, headers=OURS)
    assert made.steward.asked[-1].passwords == {"smsc": "secret8"}
    made.steward.answers[wire.ApplySettings] = lambda _: wire.StewardRefused(
        wire.StewardRefusal.PASSWORD_WANTED, "smsc"
    )
    refused = made.as_role(StaffRole.OWNER).post("/settings/apply", data=data, headers=OURS)
    assert refused.status_code == 409 and "password is needed again (smsc)" in refused.text


def test_a_pending_change_counts_down_and_is_kept_by_a_person(made: Made) -> None:
    made.steward.answers[wire.ReadSettings] = lambda _: wire.Settings(EXAMPLE, digest(EXAMPLE), 87, "owner")
    owner = made.as_role(StaffRole.OWNER)
    assert "Undone by itself in 87 s" in owner.get("/settings/pending").text
    assert owner.get("/settings/state").json == {"starting": False, "undo_in_s": 87}
    assert owner.post("/settings/keep", data=ours(), headers=OURS).status_code == 303
    assert made.steward.asked[-1] == wire.KeepSettings("owner")


def test_why_it_was_undone_is_said(made: Made) -> None:
    undone = wire.Settings(EXAMPLE, digest(EXAMPLE), undone_why="qaqpa-gate did not come back")
    made.steward.answers[wire.ReadSettings] = lambda _: undone
    assert "qaqpa-gate did not come back" in made.as_role(StaffRole.OWNER).get("/settings/pending").text


def test_problems_of_a_text_are_told_with_their_lines(made: Made) -> None:
    data = ours(toml="[lan]\nlease_s = 1\nadress = 2\n", base=digest(EXAMPLE))
    page = made.as_role(StaffRole.OWNER).post("/settings/try-text", data=data, headers=OURS)
    assert page.status_code == 400
    assert re.findall(r"<li>Line (\d): <code>([^<]+)", page.text) == [("3", "lan.adress"), ("2", "lan.lease_s")]


def test_a_secret_is_written_and_shown_nowhere(made: Made) -> None:
    owner = made.as_role(StaffRole.OWNER)
    data = ours(kind="sms_password", name="smsc", content="s3cret")
    answer = owner.post("/settings/secret", data=data, headers=OURS)
    assert answer.status_code == 303
    assert made.steward.asked == [wire.SaveSecret(wire.SecretKind.SMS_PASSWORD, b"s3cret", "owner", "smsc")]
    assert "s3cret" not in owner.get(answer.headers["Location"]).text
    assert owner.post("/settings/secret", data=ours(kind="shadow", content="x"), headers=OURS).status_code == 400
    assert owner.post("/settings/secret", data=ours(kind="logo", content=""), headers=OURS).status_code == 400


def test_a_steward_that_is_silent_or_refuses_is_explained(made: Made) -> None:
    owner = made.as_role(StaffRole.OWNER)
    made.steward.answers = {}
    for path in ("/settings", "/settings/text", "/settings/pending", "/settings/backup"):
        page = owner.get(path)
        assert page.status_code == 503 and "restart the box" in page.text
    for refusal in wire.StewardRefusal:
        refused = wire.StewardRefused(refusal, "the reason")
        made.steward.answers[wire.KeepSettings] = partial(lambda reply, _: reply, refused)
        page = owner.post("/settings/keep", data=ours(), headers=OURS)
        assert page.status_code == 409 and 'class="problem"' in page.text


def test_a_search_opens_what_it_finds_without_scripts(made: Made) -> None:
    page = made.as_role(StaffRole.OWNER).get("/settings?q=LEASE").text
    shown = re.findall(r'<details class="card group"( open)?( hidden)? data-group>\n<summary><h2>([^<]*)', page)
    assert [name for opened, hidden, name in shown if opened and not hidden] == ["The visitors' network"]


def test_the_schema_knows_bounds_and_choices() -> None:
    assert (by_name()["lan.lease_s"].least, by_name()["lan.lease_s"].most) == (120, 604800)
    assert by_name()["sms.provider.bind"].choices == ("transceiver", "pair")
    assert by_name()["venue.terms.kk"].kind is Kind.LONG_TEXT


@pytest.mark.parametrize("role", [StaffRole.DESK, StaffRole.INSPECTOR])
def test_it_is_the_owners_alone(made: Made, role: StaffRole) -> None:
    routes = [each for each in made.app.extensions["qaqpa-routes"].all if each.path.startswith("/settings")]
    assert len(routes) == 14
    for route in routes:
        answer = made.as_role(role).open(route.path, method=route.method, data=ours(), headers=OURS)
        assert answer.status_code == 403
    assert made.steward.asked == []
