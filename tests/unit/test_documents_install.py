"""How a box is set up by hand, as the owner's documents say it: each file, package, unit and command is there.

The commands themselves change the machine they are typed on; what pip does of them is done in ``tests/system``.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from appliance import cli

ROOT = Path(__file__).parents[2]
DOCUMENTS = tuple(f"docs/owner{suffix}.md" for suffix in ("", ".ru", ".kk"))
NOT_OURS = {"nginx.service"}
OPTIONAL = {"qaqpa-certbot.timer", "qaqpa-update-daily.timer"} | {
    f"qaqpa-{each}.service" for each in ("first-boot", "health", "network", "screen@")
}
"""For who has certbot renew the portal's certificate; and what only the image, or a box with its own network, has."""

AT_BOOT = {"qaqpa-closed.service"}
"""Once more, while visitors are online, it would close for them too."""


def install(document: str) -> list[list[str]]:
    """The words of each line that is typed once on a new box."""
    text = (ROOT / document).read_text(encoding="utf-8")
    blocks = re.findall(r"^```install\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


def units(*beginning: str) -> set[str]:
    """What ``systemctl`` is told of, in lines that begin so."""
    lines = [line for line in install(DOCUMENTS[0]) if line[: len(beginning)] == list(beginning)]
    return {word for line in lines for word in line if word.endswith((".service", ".socket", ".timer", ".target"))}


@pytest.mark.parametrize("document", DOCUMENTS[1:])
def test_it_is_the_same_in_every_language(document: str) -> None:
    assert install(document) == install(DOCUMENTS[0]) != []


def test_what_it_names_is_there() -> None:
    commands, files = set(), []
    for words in install(DOCUMENTS[0]):
        if words[0] == "qaqpa":
            commands.add(words[1])
        files += [word for word in words if "/" in word and not word.startswith("/")]
    assert commands <= set(cli.main.commands)
    assert {"claim", "doctor"} <= commands
    assert len(files) > 6
    assert [name for name in files if not list(ROOT.glob(name))] == []


def test_it_takes_the_packages_that_set_up_takes() -> None:
    (line,) = (words for words in install(DOCUMENTS[0]) if words[0] == "apt-get")
    wanted = re.search(r"^gateway=\((.*)\)$", (ROOT / "scripts/setup").read_text(encoding="utf-8"), re.MULTILINE)
    assert wanted is not None
    assert line[3:] == wanted[1].split()


def test_every_unit_that_wants_to_be_started_is() -> None:
    ours = {
        path.name for path in (ROOT / "systemd").glob("qaqpa[-.]*") if "[Install]" in path.read_text(encoding="utf-8")
    }
    assert units("systemctl", "enable") == ours - OPTIONAL
    assert units("systemctl", "restart") == ours - OPTIONAL - AT_BOOT
    assert units("systemctl", "disable") == NOT_OURS


def test_an_update_does_not_overwrite_the_configuration() -> None:
    """It repeats what stands between the first ``pip install`` and the last ``systemctl restart``."""
    lines = [" ".join(words) for words in install(DOCUMENTS[0])]
    first = next(number for number, line in enumerate(lines) if "pip install" in line)
    repeated = lines[first : max(number for number, line in enumerate(lines) if "restart" in line) + 1]
    assert any("systemd/*.service" in line for line in repeated)
    assert [line for line in repeated if "qaqpa.toml" in line or "claim" in line] == []
