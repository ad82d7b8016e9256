"""`qaqpa apply` with the real nginx and dnsmasq as judges, and the command's own manners."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from appliance.apply import CheckFailed, apply
from appliance.cli import main
from appliance.config import Config, parse

EXAMPLE = Path(__file__).parents[3] / "appliance" / "example.toml"


def config_in(folder: Path, text: str = "") -> Config:
    return parse(f"{text}\n[paths]\nstate = '{folder}/state'\nruntime = '{folder}/run'", "q.toml")


def test_rendered_files_satisfy_nginx_and_dnsmasq(tmp_path: Path) -> None:
    config = config_in(tmp_path, "[wan]\ndns = ['9.9.9.9']\n[portal]\nhost = 'login.example.kz'")
    changed = {"dnsmasq-captive.conf": True, "dnsmasq-lan.conf": True, "nginx.conf": True, "portal.json": True}
    assert apply(config) == changed
    assert apply(config) == dict.fromkeys(changed, False)
    assert {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "state/conf").iterdir()} == dict.fromkeys(
        changed, 0o644
    )


@pytest.mark.parametrize("text", ["[venue]\nname = '; evil # <b>'", "[venue]\nname = 'Ақжайық & Ко'"])
def test_odd_names_are_no_directives(tmp_path: Path, text: str) -> None:
    apply(config_in(tmp_path, text))


def test_what_is_refused_replaces_nothing(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    apply(config)
    before = {path.name: path.read_text() for path in (tmp_path / "state/conf").iterdir()}
    # No such port: the configuration's own bounds are passed by, so that nginx has something to refuse.
    broken = replace(config, portal=replace(config.portal, port=99999))
    with pytest.raises(CheckFailed, match="nginx -q -t"):
        apply(broken)
    assert {path.name: path.read_text() for path in (tmp_path / "state/conf").iterdir()} == before


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
    for command in ("verify", "extract"):
        said = CliRunner().invoke(main, ["journal", command, "--config", str(path)])
        assert said.exit_code == 1
        assert "journal.db" in said.output


def test_period_that_is_none() -> None:
    said = CliRunner().invoke(main, ["journal", "extract", "--config", str(EXAMPLE), "--from", "yesterday"])
    assert said.exit_code == 2
    assert "give a day as 2026-11-21" in said.output
