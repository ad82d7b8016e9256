"""A configuration that is tried: what is wrong with the text, what would not work here, and what would begin anew."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from appliance.config import parse
from appliance.steward import trying
from appliance.steward.trying import MAX_PROBLEMS, Trial
from appliance.steward.units import ORDER
from firewall.errors import KernelRefused

BEFORE = "[paths]\nstate = '/nowhere/state'\nruntime = '/nowhere/run'\n"


def codes(text: str, now: str | None = None) -> Mapping[str, str]:
    """What keeps it from working on this machine, by key."""
    found = trying.here(parse(text, "q.toml"), text, None if now is None else parse(now, "q.toml"))
    return {each.key: each.code for each in found}


def test_all_that_is_wrong_is_said_at_once_and_bounded() -> None:
    judged = trying.read("[venue]\nnme = 'x'\nopen = 'yes'\n[lan]\nlease_s = 1\n")
    assert judged.config is None
    assert {each.key for each in judged.problems} == {"venue.nme", "venue.open", "lan.lease_s"}
    assert [each.line for each in judged.problems if each.key == "lan.lease_s"] == [5]
    many = "\n".join(f"key{number} = 1" for number in range(2 * MAX_PROBLEMS))
    assert len(trying.read(many).problems) == MAX_PROBLEMS
    (whole,) = trying.read("venue = 5").problems
    assert whole.key == "venue"
    assert Trial(Path("/nowhere")).of("[venue]\nnme = 'x'").problems[0].key == "venue.nme"


def test_what_is_missing_of_a_table_cannot_be_taken_out_and_is_said_once() -> None:
    judged = trying.read("[[sms.provider]]\nhost = 5\n[sms.provider.status]\n0x0403 = 'no'")
    assert {each.key.rpartition(".")[2] for each in judged.problems} == {"host", "status"}


def test_sockets_and_journal_do_not_move_under_running_processes() -> None:
    moved = BEFORE.replace("/nowhere/state", "/elsewhere/state")
    assert codes(moved, now=BEFORE)["paths.state"] == "paths.fixed"
    assert "paths.state" not in codes(moved), "where nothing runs yet they are free"


def test_a_machine_that_cannot_be_looked_at_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(_: object) -> None:
        raise KernelRefused("look", "on purpose")

    monkeypatch.setattr("firewall.surroundings.missing", refuses)
    assert codes(BEFORE)[""] == "machine"


def test_a_logo_that_acts_is_refused_and_its_change_renews_everything(tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>')
    text = f"{BEFORE}[venue]\nlogo = '{logo}'\n"
    assert codes(text)["venue.logo"] == "venue.logo.refused"
    assert trying.restarts(parse(BEFORE, "q.toml"), parse(text, "q.toml")) == ORDER
    assert trying.restarts(None, parse(BEFORE, "q.toml")) == ORDER
    assert trying.restarts(parse(BEFORE, "q.toml"), parse(BEFORE, "q.toml")) == ()


def test_who_reads_what_changed_begins_anew_and_nobody_else() -> None:
    before = parse(BEFORE, "q.toml")
    for change, units in (
        ("[venue]\nname = 'Other'\n", {"portal", "nginx"}),
        ("[portal]\ngarden = ['pay.example.kz']\n", {"dnsmasq-captive"}),
        ("[lan]\nlease_s = 7200\n", {"dnsmasq-lan"}),
        ("[sms]\nbound = false\n", {"sms"}),
    ):
        told = set(trying.restarts(before, parse(BEFORE + change, "q.toml")))
        assert told == units | {"gate", "console"}, change


def test_what_would_not_work_is_not_put_in_force(tmp_path: Path) -> None:
    (tmp_path / "qaqpa.toml").write_text(BEFORE)
    trial = Trial(tmp_path / "qaqpa.toml")
    with pytest.raises(trying.SettingsWrong, match=r"venue\.nme: "):
        trial.good("[venue]\nnme = 'x'")
    with pytest.raises(trying.SettingsWrong):
        trial.good(BEFORE)  # no bridge, no uplink of these names
    (tmp_path / "qaqpa.toml").write_text("[venue]\nnme = 'x'")
    assert trial.in_force() is None
