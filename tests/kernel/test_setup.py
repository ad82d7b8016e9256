"""`qaqpa setup` on a machine with two ports: a network namespace, and a program that takes systemctl's words."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.cli import main
from appliance.own_units import OwnUnits
from tests.lab.entering import inside

BOX = "ktsetup"
pytestmark = pytest.mark.usefixtures("box")
EXAMPLE = Path(__file__).parents[2] / "appliance/example.toml"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def box() -> Iterator[None]:
    """Two ports that are down: nobody is asked for an address there."""
    ip("netns", "add", BOX)
    try:
        ip("-n", BOX, "link", "add", "wan9", "type", "veth", "peer", "name", "lan9")
        yield
    finally:
        ip("netns", "del", BOX)


def setup(folder: Path, *words: str, answers: str | None = None, works: bool = True) -> Result:
    program = folder / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >>{folder}/log\nexit {0 if works else 1}\n')
    program.chmod(0o755)
    units = folder / "units"
    units.mkdir(exist_ok=True)
    (units / "qaqpa.target").write_text("[Install]\nWantedBy=multi-user.target\n")
    own = OwnUnits(str(program), units, folder / "not-booted")
    line = ["setup", *words, "--config", str(folder / "etc/qaqpa.toml")]
    with inside(BOX):
        return CliRunner().invoke(main, line, obj=own, input=answers)


def written(folder: Path) -> dict[str, dict[str, object]]:
    return tomllib.loads((folder / "etc/qaqpa.toml").read_text(encoding="utf-8"))


def asked_of_systemd(folder: Path) -> str:
    log = folder / "log"
    return log.read_text() if log.exists() else ""


def test_whoever_answers_gets_a_configuration_with_these_ports(tmp_path: Path) -> None:
    """systemd refuses, so that nothing of this machine's own is touched; the configuration stays for the next time."""
    done = setup(tmp_path, answers="wan9\nlan9\ny\n", works=False)
    assert done.exit_code == 1
    assert "systemctl enable failed" in done.output
    assert "wan9            nothing plugged in" in done.output
    config = written(tmp_path)
    assert (config["wan"]["interface"], config["console"]["interface"]) == ("wan9", "wan9")
    assert (config["lan"]["ports"], config["venue"]["open"]) == (["lan9"], False)
    assert (tmp_path / "etc/qaqpa.toml").stat().st_mode & 0o777 == 0o644


def test_whoever_does_not_agree_has_changed_nothing(tmp_path: Path) -> None:
    done = setup(tmp_path, "--wan", "wan9", "--lan", "lan9", answers="n\n")
    assert done.exit_code == 1
    assert not (tmp_path / "etc").exists()
    assert asked_of_systemd(tmp_path) == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--yes",), "name them by --wan and --lan"),
        (("--yes", "--wan", "wan8", "--lan", "lan9"), "there is no port wan8; there are:"),
        (("--yes", "--wan", "wan9", "--lan", "wan9"), "named twice"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_changes(
    tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    done = setup(tmp_path, *words)
    assert done.exit_code == 1
    assert sentence in done.output
    assert not (tmp_path / "etc").exists()
    assert asked_of_systemd(tmp_path) == ""


def test_an_address_on_the_visitors_port_is_refused(tmp_path: Path) -> None:
    ip("-n", BOX, "address", "add", "192.168.9.2/24", "dev", "lan9")
    done = setup(tmp_path, "--yes", "--wan", "wan9", "--lan", "lan9")
    assert "ip address del 192.168.9.2/24 dev lan9" in done.output
    assert not (tmp_path / "etc").exists()


def test_a_configuration_that_is_there_stays_and_is_begun(tmp_path: Path) -> None:
    file = tmp_path / "etc/qaqpa.toml"
    file.parent.mkdir()
    text = EXAMPLE.read_text(encoding="utf-8").replace('"/var/lib/qaqpa"', f'"{tmp_path}/state"')
    file.write_text(text, encoding="utf-8")
    (tmp_path / "state").mkdir()
    refused = setup(tmp_path, "--wan", "wan9", "--lan", "lan9", "--yes")
    assert refused.exit_code == 1
    assert "is there already" in refused.output
    assert asked_of_systemd(tmp_path) == ""

    done = setup(tmp_path, "--yes")
    assert done.exit_code == 0, done.output
    assert file.read_text(encoding="utf-8") == text
    assert re.search(r"makes it yours:\n[A-Z0-9]+(-[A-Z0-9]+)+\n", done.output)
    assert "enable systemd-networkd.service qaqpa.target\n" in asked_of_systemd(tmp_path)


def test_undo_needs_no_ports(tmp_path: Path) -> None:
    done = setup(tmp_path, "--undo")
    assert done.exit_code == 0, done.output
    assert asked_of_systemd(tmp_path) == "disable qaqpa.target\n"
