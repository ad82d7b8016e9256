"""The list of what is in the image, made of a small root."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.lab.run import ROOT


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def listed(root: Path, out: Path) -> subprocess.CompletedProcess[str]:
    out.mkdir(exist_ok=True)
    environment = {"BUILDROOT": str(root), "OUTPUTDIR": str(out), "IMAGE_VERSION": "1.2", "SOURCE_DATE_EPOCH": "0"}
    return subprocess.run(
        ["/usr/bin/python3", str(ROOT / "image/sbom")], env=environment, capture_output=True, text=True, check=False
    )


def small_root(root: Path) -> None:
    installed = "Package: {0}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2-3\n"
    gone = "Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n"
    paragraphs = [installed.format(f"package{number}") for number in range(60)]
    write(root, "var/lib/dpkg/status", "\n".join([*paragraphs, gone]))
    formed = "Format: x\n\nFiles: *\nLicense: GPL-2+\n\nFiles: a\nLicense: Expat\n\nLicense: GPL-2+\n the text\n"
    write(root, "usr/share/doc/package0/copyright", formed)
    site = "usr/lib/qaqpa/lib/python3.13/site-packages"
    write(root, f"{site}/a-1.dist-info/METADATA", "Name: a\nVersion: 1\nLicense-Expression: MIT OR ISC\n\ntext")
    classifier = "License :: OSI Approved :: BSD License"
    write(root, f"{site}/b-2.dist-info/METADATA", f"Name: b\nVersion: 2\nClassifier: {classifier}\n\n")


def test_every_package_and_wheel_with_version_and_licence(tmp_path: Path) -> None:
    small_root(tmp_path / "root")
    assert listed(tmp_path / "root", tmp_path / "out").returncode == 0
    said = json.loads((tmp_path / "out/qaqpa.spdx.json").read_text())
    found = {entry["name"]: (entry["versionInfo"], entry["licenseDeclared"]) for entry in said["packages"]}
    assert len(found) == 62
    assert found["package0"] == ("1:2-3", "LicenseRef-Expat AND LicenseRef-GPL-2-or-later")
    assert found["package1"] == ("1:2-3", "NOASSERTION")
    assert found["a"] == ("1", "MIT OR ISC")
    assert found["b"] == ("2", "LicenseRef-BSD-License")
    assert "gone" not in found


def test_two_lists_of_one_root_are_the_same_to_the_bit(tmp_path: Path) -> None:
    small_root(tmp_path / "root")
    for name in ("one", "two"):
        listed(tmp_path / "root", tmp_path / name)
    assert (tmp_path / "one/qaqpa.spdx.json").read_bytes() == (tmp_path / "two/qaqpa.spdx.json").read_bytes()


def test_a_root_without_packages_is_no_image(tmp_path: Path) -> None:
    write(tmp_path / "root", "var/lib/dpkg/status", "")
    said = listed(tmp_path / "root", tmp_path / "out")
    assert (said.returncode, "this is no image" in said.stderr) == (1, True)
