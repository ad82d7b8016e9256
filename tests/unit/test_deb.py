"""The Debian package before it is built: what it depends on, its scripts, what it tells of the wheels inside.

What it does once it is installed is tried by ``scripts/deb --check``.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOME = ROOT / "image/deb"
BUILDING = {"python3-venv", "python3-dev", "gcc", "libc6-dev"}
"""Only to make the virtual environment; the package brings it ready."""


def field(name: str) -> str:
    found = re.search(rf"^{name}: (.*)$", (HOME / "control").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None, name
    return found[1]


def test_it_depends_on_what_set_up_installs_for_a_gateway() -> None:
    listed = re.search(r"^gateway=\((.*)\)$", (ROOT / "scripts/setup").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed is not None
    depends = {each.split()[0] for each in field("Depends").split(", ")}
    assert set(listed[1].split()) - BUILDING - depends == set()
    assert "python3 (>= 3.13), python3 (<< 3.14)" in field("Depends"), "the environment is of one minor version"


@pytest.mark.parametrize(
    "script", ["scripts/deb", *(f"image/deb/{name}" for name in ("build", "check", "postinst", "prerm", "postrm"))]
)
def test_a_script_is_one(script: str) -> None:
    shell = (ROOT / script).read_text(encoding="utf-8").splitlines()[0].split("/")[-1].split()[-1]
    done = subprocess.run([shell, "-n", str(ROOT / script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_purging_spares_the_journal() -> None:
    text = (HOME / "postrm").read_text(encoding="utf-8")
    removed = re.findall(r"^\s*rm -rf (.*)$", text, re.MULTILINE)
    assert removed == ["/etc/qaqpa /var/lib/qaqpa/conf /var/lib/qaqpa/console /var/lib/qaqpa/leases", "/var/lib/qaqpa"]
    beside = text.partition("if [ -n \"$(find /var/lib/qaqpa/gate -name 'journal.db*'")[2]
    assert beside.index("the law asks for them") < beside.index("else") < beside.index("rm -rf /var/lib/qaqpa\n")


def wheel(site: Path, name: str, *lines: str) -> None:
    folder = site / f"{name}-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *lines, ""]))


def told(site: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(HOME / "wheels.py"), str(site), str(site)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_wheel_is_told_with_its_licence(tmp_path: Path) -> None:
    wheel(tmp_path, "qaqpa", "License-Expression: GPL-2.0-or-later")
    wheel(tmp_path, "Bee", "License-Expression: MIT", "License: something older")
    wheel(tmp_path, "ant", "License: BSD")
    wheel(tmp_path, "cat", "License: UNKNOWN", "Classifier: License :: OSI Approved :: Apache Software License")
    done = told(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    rows = json.loads((tmp_path / "wheels.json").read_text())
    assert [(row["name"], row["version"], row["licence"]) for row in rows] == [
        ("ant", "1.0", "BSD"),
        ("Bee", "1.0", "MIT"),
        ("cat", "1.0", "Apache Software License"),
        ("qaqpa", "1.0", "GPL-2.0-or-later"),
    ]
    copyright_ = (tmp_path / "copyright").read_text()
    assert "Bee 1.0: MIT\n" in copyright_
    assert "qaqpa 1.0" not in copyright_


def test_a_wheel_without_a_licence_stops_the_build(tmp_path: Path) -> None:
    wheel(tmp_path, "dog", "Author: somebody")
    done = told(tmp_path)
    assert done.returncode == 1
    assert done.stderr == "no licence is told by: dog\n"
    assert not (tmp_path / "wheels.json").exists()


def test_the_document_names_the_files_that_are_built() -> None:
    text = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"^```install\n(.*?)^```", text, re.M | re.S) for line in block.splitlines()]
    assert [line.split()[0] for line in lines] == ["sha256sum", "zstd", "apt", "apt", "apt"]
    assert "apt install ./qaqpa_*_amd64.deb" in lines
    assert "package=qaqpa_${version}_$arch.deb" in (ROOT / "scripts/deb").read_text(encoding="utf-8")
    taken = set(re.findall(r"^\s*(--[a-z]+)\)", (ROOT / "scripts/deb").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"^scripts/deb (--[a-z]+)", text, re.MULTILINE)) == taken
