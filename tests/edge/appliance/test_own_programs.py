"""Processes of ours that run a module of ours never take it from the folder in which somebody stands."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from appliance import health, render, render_console
from firewall import checks
from journal import apart
from portal.console import judging


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where it is noted that root, who stands in somebody's folder, has run what lies there by our packages' names."""
    for package in ("appliance", "firewall", "journal", "portal"):
        (tmp_path / package).mkdir()
        caught = f"open({str(tmp_path / 'caught')!r}, 'a').write({package!r})\n"
        (tmp_path / package / "__init__.py").write_text(caught)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "caught"


@pytest.mark.parametrize("module", [health, render, render_console, checks, apart, judging])
def test_every_module_is_run_without_the_folder_in_which_somebody_stands(module: object) -> None:
    source = Path(str(getattr(module, "__file__", ""))).read_text(encoding="utf-8")
    assert source.count('sys.executable, "-Pm"') == source.count("sys.executable") == 1


def test_what_lies_there_by_our_names_is_not_run(trap: Path) -> None:
    # It has no configuration to go by and ends; as far as that, it has come by our own modules.
    told = subprocess.run(
        render_console.command(Path("/nowhere/qaqpa.toml")), capture_output=True, check=False, timeout=60, text=True
    )
    assert not trap.exists()
    assert "/nowhere/qaqpa.toml" in told.stderr
