"""What is there for each architecture, and what the scripts make of ``--arch``; nothing is built."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.updating import ARCHITECTURES
from tests.image.boards import BOARDS
from tests.lab.run import ROOT
from tests.unit.image.test_layout import settings

SCRIPTS = ("scripts/image", "scripts/boot-test", "scripts/deb", "image/foreign", "image/tools")


def said(tmp_path: Path, script: str, *words: str, here: str = "amd64") -> subprocess.CompletedProcess[str]:
    """By that script on such a machine, where whatever comes after the arguments is not to be found."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "dirname").symlink_to(str(shutil.which("dirname")))
    (tools / "dpkg").write_text(f"#!/bin/sh\necho {here}\n")
    (tools / "dpkg").chmod(0o755)
    command = ["/bin/bash", str(ROOT / script), *words]
    return subprocess.run(command, env={"PATH": str(tools)}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_is_one(script: str) -> None:
    done = subprocess.run(["bash", "-n", str(ROOT / script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_can_be_updated_is_built_and_booted() -> None:
    named = set(ARCHITECTURES.values())
    assert set(BOARDS) == named
    built = dict(re.findall(r"^ {4}(\w+)\) machine=(\S+) ;;$", (ROOT / "scripts/image").read_text(), re.M))
    assert set(built) == named
    for name, machine in built.items():
        config = settings((ROOT / f"image/mkosi.conf.d/{name}.conf").read_text())
        assert config["Match"]["Architecture"] == machine
        assert config["Content"]["Packages"] == f"linux-image-{name}"


def test_the_screen_is_on_each_ones_first_serial_line() -> None:
    preset = (ROOT / "image/tree/usr/lib/systemd/system-preset/00-qaqpa-image.preset").read_text()
    (screens,) = re.findall(r"^enable qaqpa-screen@\.service (.*)$", preset, re.M)
    lines = [
        settings(path.read_text())["Content"]["KernelCommandLine"] for path in (ROOT / "image/mkosi.conf.d").iterdir()
    ]
    consoles = {line.removeprefix("console=").partition(",")[0] for line in lines}
    assert {"tty1", *consoles} == set(screens.split())
    assert len(consoles) == len(ARCHITECTURES)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--short", "--arch", "sparc"), "--arch needs amd64 or arm64"),
        (("--short", "--arch"), "--arch needs amd64 or arm64"),
        (("--arch", "arm64"), "the short form only: --short --arch arm64"),
        (("--long",), "'--long' is none of --short, --arch"),
    ],
)
def test_the_boot_test_refuses(tmp_path: Path, words: tuple[str, ...], why: str) -> None:
    done = said(tmp_path, "scripts/boot-test", *words)
    assert (done.returncode, why in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("words", [(), ("--short",), ("--short", "--arch", "arm64"), ("--arch", "amd64")])
def test_the_boot_test_takes(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = said(tmp_path, "scripts/boot-test", *words)
    # It goes on to scripts/setup, for which there is no bash.
    assert (done.returncode, "scripts/boot-test:" in done.stderr) == (127, False), done.stderr


def test_the_whole_boot_test_is_for_amd64_wherever_it_runs(tmp_path: Path) -> None:
    done = said(tmp_path, "scripts/boot-test", here="arm64")
    assert (done.returncode, "the short form only" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("script", ["scripts/image", "scripts/deb"])
def test_no_image_and_no_package_for_another(tmp_path: Path, script: str) -> None:
    done = said(tmp_path, script, "--arch", "sparc")
    assert (done.returncode, "sparc" in done.stderr) == (2, True), done.stderr


def test_a_machine_runs_its_own_programs_as_ever(tmp_path: Path) -> None:
    done = said(tmp_path, "image/foreign", "arm64", "dpkg", "it", here="arm64")
    assert (done.returncode, done.stdout) == (0, "arm64\n")


def test_an_architecture_without_an_emulator_is_named(tmp_path: Path) -> None:
    done = said(tmp_path, "image/foreign", "riscv64", "dpkg")
    assert (done.returncode, done.stderr) == (1, "image/foreign: no emulator for riscv64 is known here\n")
