"""`qaqpa apply` with the real nginx and dnsmasq as judges, and the command's own manners."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from appliance.apply import CheckFailed, apply
from appliance.cli import main
from appliance.config import Config, parse
from appliance.holding import Holding, holding
from appliance.reloading import reload
from tests.support.authority import Authority, Issued

EXAMPLE = Path(__file__).parents[3] / "appliance" / "example.toml"


def config_in(folder: Path, text: str = "") -> Config:
    return parse(f"{text}\n[paths]\nstate = '{folder}/state'\nruntime = '{folder}/run'", "q.toml")


def test_rendered_files_satisfy_nginx_and_dnsmasq(tmp_path: Path) -> None:
    config = config_in(tmp_path, "[wan]\ndns = ['9.9.9.9']\n[portal]\nhost = 'login.example.kz'")
    names = ("dnsmasq-announced.opts", "dnsmasq-captive.conf", "dnsmasq-lan.conf", "nginx.conf", "portal.json")
    changed = dict.fromkeys(names, True)
    assert apply(config, Holding()) == changed
    assert apply(config, Holding()) == dict.fromkeys(changed, False)
    assert {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "state/conf").iterdir()} == dict.fromkeys(
        changed, 0o644
    )


@pytest.mark.parametrize("text", ["[venue]\nname = '; evil # <b>'", "[venue]\nname = 'Ақжайық & Ко'"])
def test_odd_names_are_no_directives(tmp_path: Path, text: str) -> None:
    apply(config_in(tmp_path, text), Holding())


def test_what_is_refused_replaces_nothing(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    apply(config, Holding())
    before = {path.name: path.read_text() for path in (tmp_path / "state/conf").iterdir()}
    # No such port: the configuration's own bounds are passed by, so that nginx has something to refuse.
    broken = replace(config, portal=replace(config.portal, port=99999))
    with pytest.raises(CheckFailed, match="nginx -q -t"):
        apply(broken, Holding())
    assert {path.name: path.read_text() for path in (tmp_path / "state/conf").iterdir()} == before


HOST = "login.example.kz"
AUTHORITY = Authority()
DAY_S = 86400.0


def on_https(folder: Path, issued: Issued | None) -> Config:
    """A configuration with https, whose files hold this certificate; none: they are not there."""
    files = {name: folder / name for name in ("portal.pem", "portal.key", "ca.pem")}
    files["ca.pem"].write_bytes(AUTHORITY.root)
    for name in ("portal.pem", "portal.key"):
        files[name].unlink(missing_ok=True)
    if issued:
        issued.write(files["portal.pem"], files["portal.key"])
    named = (
        f"certificate_file = '{files['portal.pem']}'\nkey_file = '{files['portal.key']}'\nca_file = '{files['ca.pem']}'"
    )
    return config_in(folder, f"[lan]\naddress6 = 'fd77::1/64'\n[portal]\nhost = '{HOST}'\nhttps = true\n{named}")


def in_place(folder: Path, name: str) -> str:
    return (folder / "state" / "conf" / name).read_text()


def test_a_good_certificate_is_served_and_announced(tmp_path: Path) -> None:
    issued = AUTHORITY.issue(HOST)
    config = on_https(tmp_path, issued)
    assert apply(config, holding(config, time.time()))["portal.pem"] is True
    api = f"https://{HOST}/captive-portal"
    assert in_place(tmp_path, "dnsmasq-announced.opts") == f"114,{api}\noption6:103,{api}\n"
    assert "listen 10.77.0.1:443 ssl" in in_place(tmp_path, "nginx.conf")
    assert "listen [::]:443 ssl" in in_place(tmp_path, "nginx.conf")
    kept = tmp_path / "state" / "conf" / "portal.pem"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.read_bytes() == issued.fullchain + issued.key
    assert not any(apply(config, holding(config, time.time())).values())


@pytest.mark.parametrize(
    "issued",
    [None, AUTHORITY.issue("other.example.kz"), AUTHORITY.issue(HOST, ends_in_days=-0.5), Authority().issue(HOST)],
    ids=["none", "other name", "expired", "stranger's authority"],
)
def test_one_that_phones_refuse_leaves_the_portal_on_http(tmp_path: Path, issued: Issued | None) -> None:
    config = on_https(tmp_path, issued)
    held = holding(config, time.time())
    assert held.problem
    assert "portal.pem" not in apply(config, held)
    assert in_place(tmp_path, "dnsmasq-announced.opts") == ""
    assert ":443 " not in in_place(tmp_path, "nginx.conf")
    assert f"default http://{HOST}/;" in in_place(tmp_path, "nginx.conf")


def test_a_renewal_gone_wrong_leaves_the_one_before_until_it_expires(tmp_path: Path) -> None:
    first = on_https(tmp_path, AUTHORITY.issue(HOST))
    apply(first, holding(first, time.time()))
    before = in_place(tmp_path, "portal.pem")
    config = on_https(tmp_path, AUTHORITY.issue("other.example.kz"))
    held = holding(config, time.time())
    assert "is not for login.example.kz" in held.problem
    assert not any(apply(config, held).values())
    assert in_place(tmp_path, "portal.pem") == before
    assert "https://" in in_place(tmp_path, "dnsmasq-announced.opts")
    late = holding(config, held.expires_utc_s - 60)
    apply(config, late)
    assert in_place(tmp_path, "dnsmasq-announced.opts") == ""
    assert "443 ssl" in in_place(tmp_path, "nginx.conf"), "who was told before may still come"


def test_a_renewed_certificate_alone_is_what_changes(tmp_path: Path) -> None:
    first = on_https(tmp_path, AUTHORITY.issue(HOST))
    apply(first, holding(first, time.time()))
    config = on_https(tmp_path, AUTHORITY.issue(HOST, ends_in_days=90))
    changed = apply(config, holding(config, time.time()))
    assert [name for name, is_new in changed.items() if is_new] == ["portal.pem"]


def test_command_says_what_became_of_https(tmp_path: Path) -> None:
    on_https(tmp_path, None)
    path = tmp_path / "q.toml"
    path.write_text(
        f"[portal]\nhost = '{HOST}'\nhttps = true\ncertificate_file = '{tmp_path}/portal.pem'\n"
        f"[paths]\nstate = '{tmp_path}/state'\nruntime = '{tmp_path}/run'"
    )
    said = CliRunner().invoke(main, ["apply", "--at-boot", "--reload", "--config", str(path)])
    assert said.exit_code == 0, said.output
    assert f"https: none ({tmp_path}/portal.pem cannot be read: No such file or directory)" in said.output
    assert "qaqpa-nginx does not run: it begins with what is new" in said.output


def test_a_number_that_is_another_programs_by_now_gets_no_signal(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    (tmp_path / "run" / "nginx").mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        (tmp_path / "run" / "nginx" / "nginx.pid").write_text(f"{sleeper.pid}\n")
        said = list(reload(config, apply(config, Holding())))
        with pytest.raises(subprocess.TimeoutExpired):
            sleeper.wait(0.3)
        sleeper.kill()
    assert said[0] == "qaqpa-nginx does not run: it begins with what is new"


def test_command_refuses_a_wrong_file_with_a_sentence(tmp_path: Path) -> None:
    wrong = tmp_path / "q.toml"
    wrong.write_text("[lan]\nlease = 60\n")
    said = CliRunner().invoke(main, ["apply", "--config", str(wrong)])
    assert said.exit_code == 1
    assert said.output == f'Error: {wrong}, line 2: lan.lease: there is no such key; did you mean "lease_s"?\n'


@pytest.mark.parametrize("command", [["visits"], ["end", "02:00:00:00:00:01"]])
def test_no_gate_is_said(tmp_path: Path, command: list[str]) -> None:
    path = tmp_path / "q.toml"
    path.write_text(f"[paths]\nruntime = '{tmp_path}'")
    said = CliRunner().invoke(main, [command[0], "--config", str(path), *command[1:]])
    assert said.exit_code == 1
    assert "is 'qaqpa gate' running?" in said.output


def test_no_journal_is_said(tmp_path: Path) -> None:
    path = tmp_path / "q.toml"
    path.write_text(f"[paths]\nstate = '{tmp_path}'")
    unsigned = ["extract", "--unsigned", "--why", "x", "--output", str(tmp_path / "extract")]
    for command in (["verify"], ["visits"], unsigned):
        said = CliRunner().invoke(main, ["journal", command[0], "--config", str(path), *command[1:]])
        assert said.exit_code == 1
        assert "journal.db" in said.output


def test_period_that_is_none() -> None:
    said = CliRunner().invoke(main, ["journal", "extract", "--config", str(EXAMPLE), "--from", "yesterday"])
    assert said.exit_code == 2
    assert "give a day as 2026-11-21" in said.output
