"""What a process of ours does not do before it serves: load what it may never need, or search the machine.

A gate that starts holds everybody's pages up, whoever types a command waits for all that it loads, and what a process
loaded it has in memory for as long as it runs: pyroute2 is 16 MB, reportlab 8, cryptography 3.
"""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys

import pytest

from tests.lab.run import ROOT
from tests.lab.waiting import PATIENCE_S

_TELLS = """
import sys
ran = []
sys.addaudithook(lambda event, given: ran.append(given[0]) if event == "subprocess.Popen" else None)
import {module}
print(*ran)
print(*sys.modules)
"""


def loaded(module: str) -> tuple[list[str], set[str]]:
    """The programs that a new interpreter runs when it loads these modules, and all that it has loaded then."""
    told = subprocess.run([sys.executable, "-c", _TELLS.format(module=module)], capture_output=True, check=True)
    ran, modules = told.stdout.decode().splitlines()
    return ran.split(), set(modules.split())


@pytest.mark.parametrize(
    ("module", "unneeded"),
    [
        (
            "appliance.cli",
            {"pyroute2", "iptc", "cryptography", "sqlite_utils", "reportlab", "importlib.metadata"}
            | {"phonenumbers", "argon2", "tomlkit", "appliance.cli_staff", "appliance.cli_desk"},
        ),
        (
            "appliance.daemon",
            {"flask", "reportlab", "xlsxwriter", "argon2", "smpplib", "pyroute2", "scapy", "unittest", "tomlkit"}
            | {"sqlite_utils", "dateutil", "click", "html", "xml", "appliance.render", "appliance.steward"},
        ),
        (
            "portal.visitor.serve",
            {"pyroute2", "iptc", "cryptography", "sqlite3", "reportlab", "phonenumbers", "tomllib", "appliance.config"},
        ),
        (
            "portal.console.serve",
            {
                "pyroute2",
                "iptc",
                "reportlab",
                "xlsxwriter",
                "smpplib",
                "cryptography",
                "phonenumbers",
                "argon2",
                "pyotp",
            }
            | {"prometheus_client", "tomlkit", "sqlite_utils", "appliance.daemon"},
        ),
        (
            "appliance.cli_sms, appliance.smpp, sms.sender",
            {"pyroute2", "iptc", "cryptography", "sqlite3", "flask", "phonenumbers", "asyncio", "email", "html", "xml"}
            | {"appliance.daemon", "appliance.session", "appliance.render", "journal.entries"},
        ),
        (
            "appliance.steward.daemon",
            {
                "pyroute2",
                "iptc",
                "cryptography",
                "sqlite3",
                "flask",
                "phonenumbers",
                "asyncio",
                "email",
                "argon2",
                "ssl",
            }
            | {
                "appliance.daemon",
                "appliance.session",
                "journal.store",
                "zipfile",
                "tarfile",
                "smpplib",
                "concurrent",
            },
        ),
        (
            "appliance.screen_terminal",
            {"pyroute2", "iptc", "cryptography", "sqlite3", "reportlab", "PIL", "argon2", "pyotp", "tomlkit", "asyncio"}
            | {"ssl", "email", "html", "xml", "click", "appliance.daemon", "appliance.session", "appliance.render"},
        ),
    ],
)
def test_who_starts_loads_only_what_serving_takes(module: str, unneeded: set[str]) -> None:
    ran, modules = loaded(module)
    assert modules & unneeded == set()
    # By ldconfig ctypes finds a library. python-iptables' own are named to it: it would compile programs to find them.
    assert set(ran) <= {"/sbin/ldconfig"} and len(ran) <= 6, ran


_BEGUN = """
import sys
from appliance.entry import main
sys.argv = ["qaqpa", *{words}]
try:
    main()
except SystemExit as ended:
    print(ended.code)
print(*sys.modules)
"""


@pytest.mark.parametrize(
    ("name", "root"), [("gate", "appliance.daemon"), ("sms", "sms.sender"), ("steward", "appliance.steward.daemon")]
)
def test_what_a_unit_begins_has_nothing_that_only_a_person_needs(name: str, root: str) -> None:
    unit = (ROOT / f"systemd/qaqpa-{name}.service").read_text()
    (line,) = re.findall(r"^ExecStart=(.+)$", unit, re.MULTILINE)
    words = [*shlex.split(line)[1:-1], "/nowhere/qaqpa.toml"]
    done = subprocess.run([sys.executable, "-c", _BEGUN.format(words=words)], capture_output=True, check=True)
    ended, modules = done.stdout.decode().splitlines()
    assert ended.startswith("Error: /nowhere/qaqpa.toml: cannot be read")
    assert {root} <= set(modules.split())
    assert {"click", "appliance.cli"} & set(modules.split()) == set()


_STANDS = """
import sys
from appliance.entry import main
sys.argv = ["qaqpa", *{words}]
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def test_what_stands_on_a_screen_has_nothing_that_only_a_person_needs() -> None:
    unit = (ROOT / "systemd/qaqpa-screen@.service").read_text().replace("%I", "ttyS9")
    (line,) = re.findall(r"^ExecStart=(.+)$", unit, re.MULTILINE)
    words = [*shlex.split(line)[1:-1], "/nowhere/qaqpa.toml"]
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", _STANDS.format(words=words)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE) as process:
        os.close(theirs)
        shown = b""
        while b"root shell" not in shown:
            shown += os.read(ours, 65536)
        os.close(ours)
        modules = process.communicate(timeout=PATIENCE_S)[1].decode().split()
    assert "appliance.screen_terminal" in modules
    assert {"click", "appliance.cli"} & set(modules) == set()
