"""What the documents promise: the demo, the commands they name, and an install without the developers' tools."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from appliance import cli
from tests.lab import cli as lab_cli
from tests.lab import demo
from tests.lab.run import ROOT, program, run, start
from tests.lab.steps import StepFailed, Steps
from tests.lab.venue import Venue

DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")),
)
FREE_ARGUMENTS = tuple(
    f"scripts/{name}"
    for name in (
        "attack",
        "bench",
        "boot-test",
        "chaos",
        "deb",
        "deb-test",
        "demo",
        "image",
        "lock",
        "screens",
        "setup",
        "test",
    )
)
"""Scripts whose arguments are pytest's or plain words; scripts/lab and qaqpa are checked to the last option."""
DEMO_PREFIX = "qd-"
DEMO_S, PIP_S = 240.0, 300.0
WRECKED = """
import functools
import sys
from tests.lab import demo

def crashed(steps, venue, password=demo.password):
    venue.smsc.kill9()
    venue.password_for = functools.partial(venue.password_for, timeout_s=5.0)  # it will not come
    password(steps, venue)

demo.password = crashed
sys.exit(demo.main())
"""
"""The demo, in which the SMSC crashes once the phone has joined; from outside that moment may be missed."""


def commands() -> list[tuple[str, str]]:
    """Every line of every ``sh`` block: (document, line)."""
    found = []
    for document in DOCUMENTS:
        text = (ROOT / document).read_text()
        for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            found += [(document, line) for line in block.splitlines() if line.strip() and not line.startswith("#")]
    return found


@pytest.mark.parametrize(("document", "line"), commands())
def test_a_command_in_a_document_is_one_that_exists(document: str, line: str) -> None:
    problem = wrong_with(line)
    assert problem is None, f"{document}: {line}: {problem}"


def test_the_documents_have_commands_at_all() -> None:
    assert {document for document, _ in commands()} >= {"README.md", "CONTRIBUTING.md"}
    assert {"scripts/demo", "scripts/test"} <= {line for document, line in commands() if document == "README.md"}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("make demo", "neither"),
        ("scripts/dem", "no such script"),
        ("scripts/lab upp", "no such command"),
        ("scripts/lab up --visitor 2 --x", "No such option"),
        ("scripts/lab up --visitors many", "Invalid value"),
        ("scripts/lab qaqpa visit", "no such command"),
        ("qaqpa visits --jso --n", "No such option"),
        ("qaqpa end", "Missing argument"),
        ("qaqpa journal extract --format docx", "Invalid value"),
        ("qaqpa journal", "a command must follow"),
    ],
)
def test_a_command_that_does_not_exist_would_be_found(line: str, problem: str) -> None:
    assert problem in str(wrong_with(line))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_of_the_documents_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text()
    links = re.findall(r"\]\(([^)\s]+)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
    for link in links:
        if not link.startswith(("http:", "https:", "mailto:")):
            path, _, heading = link.partition("#")
            target = (ROOT / document).parent / path if path else ROOT / document
            assert target.exists(), f"{document}: {link}"
            assert not heading or heading in headings(target), f"{document}: {link}"


def test_every_command_and_option_of_qaqpa_says_what_it_does() -> None:
    silent = [name for name, command in tree(cli.main, "qaqpa") if not (command.help or "").strip()]
    for name, command in tree(cli.main, "qaqpa"):
        options = [each for each in command.params if isinstance(each, click.Option)]
        silent += [f"{name} {option.opts[0]}" for option in options if not option.help]
        arguments = [each for each in command.params if isinstance(each, click.Argument)]
        silent += [f"{name} {each.name}" for each in arguments if str(each.name).upper() not in str(command.help)]
    assert silent == []


def test_the_demo_holds_every_step_and_shows_the_journal() -> None:
    done = run(program("tests.lab.demo"), check=False, timeout_s=DEMO_S)
    assert done.code == 0, done.stdout + done.stderr
    assert "✗" not in done.stdout
    assert re.search(r"^ +\d+ entries, the chain holds; head [0-9a-f]{64}$", done.stdout, re.MULTILINE)
    rows = [line.split(";") for line in done.stdout.splitlines() if line.count(";") > 8]
    assert [len(row) for row in rows] == [len(rows[0])] * 3, "a header and two visits, as CSV"
    assert "Every step held" in done.stdout
    assert left_of_the_demo() == []


def test_the_demo_fails_when_a_promise_does_not_hold(tmp_path: Path) -> None:
    """Its SMSC crashes under it: no SMS comes."""
    with start([program("")[0], "-c", WRECKED], name="demo", log=tmp_path / "demo.log") as playing:
        assert playing.wait(DEMO_S) == 1
        said = playing.output()
    assert "✗ «8 701 123 45 67» entered" in said
    assert re.search(r"^The demo failed: waited .* an SMS to \+77011234567$", said, re.MULTILINE)
    assert "Every step held" not in said
    assert left_of_the_demo() == []


def test_the_demo_sees_a_gate_that_stands_open() -> None:
    """Law 1's step: the rules are taken away by hand, behind a gate that is dead and cannot put them back."""
    with Venue.open("qb-", changes={"presence.grace_s": demo.GRACE_S}) as venue:
        venue.visitors[0].connect()
        demo.closed(venue, venue.visitors[0])
        venue.processes["gate"].kill9()
        for words in ("-P FORWARD ACCEPT", "-F FORWARD", "-t nat -F PREROUTING"):
            run(["iptables-legacy", "-w", "5", *words.split()], namespace=venue.gate)
        with pytest.raises(StepFailed, match="a foreign TCP port answered"):
            demo.closed(venue, venue.visitors[0])
        with pytest.raises(StepFailed, match="the probe saw"):
            demo.arrival(Steps(), venue)
        venue.visitors[0].disconnect()


def test_an_install_from_the_production_pins_alone_works(tmp_path: Path) -> None:
    """A wheel built from a copy of the checkout, in an environment that has nothing of the developers'."""
    machine = dict(os.environ)  # which package index to ask is the machine's own setting
    source = copy_of_the_checkout(tmp_path / "source")
    pip = ["-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    here = program("pip")[0]
    run([here, *build, "--wheel-dir", str(tmp_path), str(source)], environment=machine, timeout_s=PIP_S)
    (wheel,) = tmp_path.glob("qaqpa-*.whl")
    assert packed(wheel) == kept_in(source), "every file of a package is installed: catalogues, verifier, templates"

    run(["/usr/bin/python3", "-m", "venv", str(tmp_path / "venv")], timeout_s=PIP_S)
    python, qaqpa = (str(tmp_path / "venv/bin" / name) for name in ("python", "qaqpa"))
    pins = ["install", "--require-hashes", "--no-build-isolation"]
    for name in ("build", "production"):
        line = [python, *pip, *pins, "-r", str(ROOT / f"requirements/{name}.txt")]
        run(line, environment=machine, timeout_s=PIP_S)
    run([python, *pip, "install", "--no-deps", "--no-index", str(wheel)], environment=machine, timeout_s=PIP_S)
    run([python, *pip, "check"])

    # -I: not the working directory's packages, which are the checkout's own.
    told = json.loads(run([python, "-I", "-c", LOOK_AROUND]).stdout)
    assert Path(told["appliance"]).is_relative_to(tmp_path)
    assert told["templates"] == sorted(path.name for path in (ROOT / "portal/visitor/templates").iterdir())
    assert told["pages"] == {"/": 200, "/online": 303, "/nowhere": 404, "POST /password": 503}
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    developers = {re.split(r"[<>=\[]", wanted)[0] for wanted in (*extras["dev"], *extras["lab"])}
    assert {"pytest", "scapy", "playwright", "smpp34"} <= developers
    assert developers & set(told["distributions"]) == set()
    assert told["importable"] == []

    assert "doctor" in run([qaqpa, "--help"]).stdout
    # In a network namespace of its own: the doctor looks at interfaces and the kernel, and finds an empty machine.
    doctor = ["unshare", "--net", qaqpa, "doctor", "--json", "--config", str(ROOT / "appliance/example.toml")]
    done = run(doctor, check=False)
    findings = json.loads(done.stdout)
    assert done.code == 1
    assert {(finding["ok"], bool(finding["remedy"])) for finding in findings} == {(True, False), (False, True)}
    assert any("br-lan" in finding["what"] for finding in findings if not finding["ok"])


LOOK_AROUND = """
import importlib.metadata, importlib.util, json, pathlib
import appliance
from appliance import wire
from portal.visitor.app import create_app

class Stranger:
    def ask(self, question):
        match question:
            case wire.Look():
                return wire.Status(phase=wire.Phase.STRANGER)
            case _:
                return wire.Refused(wire.Refusal.JOURNAL_UNAVAILABLE)

app = create_app(gate="/nowhere", venue="Qaqpa", asks=Stranger())
client, given = app.test_client(), {"headers": {"X-Real-IP": "10.77.0.2"}}
pages = {path: client.get(path, **given).status_code for path in ("/", "/online", "/nowhere")}
pages["POST /password"] = client.post("/password", data={"number": "87011234567"}, **given).status_code
for name in (names := app.jinja_env.list_templates()):
    app.jinja_env.get_template(name) if name.endswith(".html") else None
print(json.dumps({
    "appliance": appliance.__file__,
    "templates": sorted(names),
    "pages": pages,
    "distributions": sorted(each.metadata["Name"].lower() for each in importlib.metadata.distributions()),
    "importable": [n for n in ("pytest", "scapy", "playwright", "smpp34", "tests") if importlib.util.find_spec(n)],
}))
"""


def wrong_with(line: str) -> str | None:
    """Why this command line of a document could not be typed; None if it could."""
    match shlex.split(line, comments=True):
        case ["qaqpa", *words]:
            return wrong_words(cli.main, "qaqpa", words)
        case ["scripts/lab", "qaqpa", *words]:
            return wrong_words(cli.main, "qaqpa", words)
        case ["scripts/lab", *words]:
            return wrong_words(lab_cli.main, "scripts/lab", words)
        case [str(script), *_] if script.startswith("scripts/"):
            if not os.access(ROOT / script, os.X_OK):
                return "no such script, or not executable"
            return None if script in FREE_ARGUMENTS else "this test does not know its arguments"
    return "neither a script of ours nor qaqpa"


def wrong_words(command: click.Command, name: str, words: list[str]) -> str | None:
    """The last command's own click judges the words, without running it. Our groups have no options."""
    if isinstance(command, click.Group):
        if not words:
            return f"{name}: a command must follow"
        child = command.commands.get(words[0])
        return wrong_words(child, f"{name} {words[0]}", words[1:]) if child else f"no such command '{words[0]}'"
    try:
        with command.make_context(name, words):
            return None
    except click.UsageError as error:
        return error.format_message()


def tree(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """The command and all below it, each with its full name."""
    yield name, command
    if isinstance(command, click.Group):
        for child_name, child in command.commands.items():
            yield from tree(child, f"{name} {child_name}")


def headings(document: Path) -> set[str]:
    """What a link may name after "#", as GitHub makes it of headings: small letters, blanks become hyphens."""
    lines = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines}


def left_of_the_demo() -> list[Path]:
    places = (Path("/run/netns"), Path("/etc/netns"), Path("/run"), ROOT / "build")
    return [found for place in places for found in place.glob(f"{DEMO_PREFIX}*")]


def copy_of_the_checkout(to: Path) -> Path:
    """What building needs, so that nothing is built in the checkout itself."""
    to.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, to)
    for package in ("appliance", "portal", "firewall", "sms", "journal", "paper"):
        shutil.copytree(ROOT / package, to / package, ignore=shutil.ignore_patterns("__pycache__"))
    return to


def our_packages() -> list[str]:
    """Top-level packages of the product."""
    listed: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
    return listed


def kept_in(source: Path) -> set[str]:
    """Every file of our packages there, by its path."""
    files = [file for package in our_packages() for file in (source / package).rglob("*") if file.is_file()]
    return {str(file.relative_to(source)) for file in files}


def packed(wheel: Path) -> set[str]:
    """What a wheel installs besides its own papers."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}
