"""An SMPP password goes to nobody but whom it was given for: not by another host, another port, or in the clear."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import credentials
from appliance.config import parse
from appliance.steward import pending
from appliance.steward.destinations import sealed_elsewhere, unproved
from appliance.steward.secrets_kept import SecretRefused, save
from appliance.steward.wire import Done, SaveSecret, SecretKind, StewardRefusal
from appliance.steward.wire import Pending as PendingReply
from appliance.wire_console import StaffAct
from tests.edge.appliance.steward.house import UNDO_S, House
from tests.edge.appliance.steward.test_changing import acts, at_work, refusal, rested

OWN = "host = 'smsc.example.kz'\nport = 2775\ntls = true\ntls_ca_file = ''\nsystem_id = 'venue'"
ELSEWHERE = {
    "host": ("smsc.example.kz", "evil.example"),
    "port": ("2775", "2776"),
    "tls": ("tls = true", "tls = false"),
    "authority": ("tls_ca_file = ''", "tls_ca_file = '/etc/ssl/certs/own.pem'"),
    "file": ("/password'", "/other'"),
}


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    house = House.built(tmp_path, monkeypatch)
    house.path.write_text(provided(house, OWN))
    for name in ("password", "other"):
        (house.path.parent / name).write_text("first\n")
    return house


def provided(house: House, provider: str) -> str:
    kept = house.path.parent / "password"
    return f"{house.named('before')}[[sms.provider]]\nname = 'smsc'\npassword_file = '{kept}'\n{provider}\n"


def kept(house: House, name: str = "password") -> str:
    return (house.path.parent / name).read_text()


def apply(house: House, toml: str, passwords: dict[str, str], undo_s: int = UNDO_S) -> object:
    return house.changing.apply(toml, house.changing.settings().digest, "aigul", undo_s, passwords)


@pytest.mark.parametrize("way", ELSEWHERE)
def test_a_password_that_would_go_elsewhere_is_asked_for_again(house: House, way: str) -> None:
    toml = provided(house, OWN).replace(*ELSEWHERE[way])
    assert house.changing.trial.of(toml).passwords_wanted == ("smsc",)
    assert refusal(apply(house, toml, {})) is StewardRefusal.PASSWORD_WANTED
    assert refusal(apply(house, toml, {"smsc": ""})) is StewardRefusal.PASSWORD_WANTED
    assert house.path.read_text() == provided(house, OWN)
    assert (kept(house), pending.read(house.places)) == ("first\n", None)


def test_what_goes_where_it_went_is_not_asked_for(house: House) -> None:
    toml = provided(house, OWN.replace("'venue'", "'venue2'"))
    assert house.changing.trial.of(toml).passwords_wanted == ()
    assert apply(house, toml, {}) == PendingReply(UNDO_S)


def test_two_providers_do_not_get_each_others() -> None:
    both = "".join(f"[[sms.provider]]\nname = '{x}'\nhost = '{x}.kz'\npassword_file = '/etc/{x}'\n" for x in "ab")
    swapped = both.replace("/etc/a", "/etc/c").replace("/etc/b", "/etc/a").replace("/etc/c", "/etc/b")
    now = parse(both, "q")
    assert unproved(now, now) == ()
    assert unproved(now, parse(swapped, "q")) == ("a", "b")
    assert unproved(None, now) == ("a", "b"), "nobody knows where any went"


def test_the_new_one_takes_the_place_of_the_kept_one(house: House) -> None:
    with at_work(house):
        assert apply(house, provided(house, OWN.replace(".kz", ".org")), {"smsc": "second"}) == PendingReply(UNDO_S)
        rested(house)
        assert kept(house) == "second\n"
        assert house.changing.keep("aigul") == Done()
    assert kept(house) == "second\n"
    assert sorted(path.name for path in house.path.parent.glob(".*password*")) == [], "the former one is nowhere"
    assert ("aigul", StaffAct.SECRET_SAVED) in acts(house)
    assert "second" not in "".join(note.detail for note in house.gate.told)
    assert "sms" in house.units.renewed


def test_what_is_kept_by_itself_leaves_no_former_one(house: House) -> None:
    with at_work(house):
        apply(house, provided(house, OWN.replace(".kz", ".org")), {"smsc": "second"}, undo_s=0)
        rested(house)
    assert [path.name for path in house.path.parent.glob(".*")] == []
    assert kept(house) == "second\n"


def test_undone_the_host_before_has_its_password_again(house: House) -> None:
    with at_work(house):
        apply(house, provided(house, OWN.replace(".kz", ".org")), {"smsc": "second"})
        rested(house)
        assert house.changing.undo("aigul") == Done()
        rested(house)
    assert house.path.read_text() == provided(house, OWN)
    assert kept(house) == "first\n"


def test_a_crash_leaves_the_host_and_its_own_password(house: House) -> None:
    apply(house, provided(house, OWN.replace(".kz", ".org")), {"smsc": "second"})
    house.boot_id = "the next boot"
    again = house.steward()
    again.recover()
    assert house.path.read_text() == provided(house, OWN)
    assert kept(house) == "first\n"


@pytest.mark.parametrize("password", ["ninechars", "құпия"])
def test_what_is_no_password_changes_nothing(house: House, password: str) -> None:
    toml = provided(house, OWN.replace(".kz", ".org"))
    assert refusal(apply(house, toml, {"smsc": password})) is StewardRefusal.PROBLEMS
    assert (house.path.read_text(), kept(house)) == (provided(house, OWN), "first\n")


def test_a_certificate_is_not_saved_over_a_providers_authority(tmp_path: Path) -> None:
    ours = f"{tmp_path}/authority.pem"
    config = parse(
        f"[portal]\ncertificate_file = '{ours}'\n[[sms.provider]]\ntls = true\ntls_ca_file = '{ours}'\n", "q.toml"
    )
    with pytest.raises(SecretRefused, match="authority"):
        save(SaveSecret(SecretKind.CERTIFICATE, b"-----BEGIN CERTIFICATE-----\n", "aigul"), config, tmp_path)


@pytest.mark.parametrize("spelt", ["authority.pem", "./authority.pem", "/authority.pem"])
@pytest.mark.parametrize("kind", [SecretKind.CERTIFICATE_KEY, SecretKind.WIFI_PASSWORD])
def test_nothing_is_saved_over_a_providers_authority_however_it_is_spelt(
    tmp_path: Path, spelt: str, kind: SecretKind
) -> None:
    ours = f"{tmp_path}/authority.pem"
    (tmp_path / "authority.pem").write_text("the operator's")
    config = parse(
        f"[portal]\nkey_file = '{tmp_path}/{spelt}'\n[wifi]\npassword_file = '{tmp_path}/{spelt}'\n"
        f"[[sms.provider]]\ntls = true\ntls_ca_file = '{ours}'\n",
        "q.toml",
    )
    content = b"-----BEGIN PRIVATE KEY-----\n" if kind is SecretKind.CERTIFICATE_KEY else b"a long word"
    with pytest.raises(SecretRefused, match="authority"):
        save(SaveSecret(kind, content, "mallory"), config, tmp_path)
    assert (tmp_path / "authority.pem").read_text() == "the operator's"


@pytest.mark.parametrize("way", ["host", "port", "tls", "authority"])
def test_a_sealed_password_goes_to_nobody_else_whatever_is_given(
    house: House, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(credentials, "kept", lambda name: name == "smsc")
    toml = provided(house, OWN).replace(*ELSEWHERE[way])
    assert [each.key for each in house.changing.trial.of(toml).problems] == ["sms.provider[0].host"]
    assert refusal(apply(house, toml, {"smsc": "mine"})) is StewardRefusal.PROBLEMS
    assert house.path.read_text() == provided(house, OWN)
    assert apply(house, provided(house, OWN.replace("'venue'", "'venue2'")), {}) == PendingReply(UNDO_S)


def test_a_name_does_not_bring_the_sealed_password_along() -> None:
    both = "".join(f"[[sms.provider]]\nname = '{x}'\nhost = '{x}.kz'\npassword_file = '/etc/{x}'\n" for x in "ab")
    now, swapped = parse(both, "q"), parse(both.replace("'a'", "'c'").replace("'b'", "'a'"), "q")
    assert unproved(now, swapped) == (), "files go where they went"
    assert [*sealed_elsewhere(now, now, "a".__eq__)] == []
    assert [*sealed_elsewhere(now, swapped, "a".__eq__)] == [1]
    assert [*sealed_elsewhere(None, now, "a".__eq__)] == [0], "nobody knows where it went"
