"""``scripts/lab`` as a person uses it, from one terminal and from another."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.lab import cli, device
from tests.lab.run import ROOT, Completed, Process, run, start
from tests.lab.waiting import PATIENCE_S, until

PREFIX = cli.PREFIX
LEFTOVERS = (
    *(
        f"/run/netns/{PREFIX}*",
        f"/etc/netns/{PREFIX}*",
        f"/run/{PREFIX}lab",
        f"/run/lock/lab-{PREFIX.rstrip('-')}.lock",
    ),
    f"{ROOT}/build/{PREFIX}lab",
)
PROBE = "http://captive.apple.com/hotspot-detect.html"
NUMBER = "+77011234567"
COMES_UP_S = 120.0

WORDS = {
    "gate": "qaqpa gate",
    "dnsmasq-lan": "dnsmasq-lan.conf",
    "dnsmasq-captive": "dnsmasq-captive.conf",
    "sms": "qaqpa sms",
    "portal": "portal.visitor.serve",
    "nginx": "nginx: master",
}
"""Each unit by what its command line says."""


@pytest.fixture(scope="module")
def detached() -> Iterator[str]:
    """A lab with two visitors in the background, for the first tests here; what it said."""
    lab("down")
    said = lab("up", "--visitors", "2", "--detach")
    try:
        assert said.code == 0, said.stderr
        yield said.stdout
    finally:
        lab("down")


@pytest.fixture
def no_lab() -> Iterator[None]:
    """A machine on which none runs, before and after."""
    lab("down")
    yield
    lab("down")


def test_the_address_is_the_visitors_and_takes_no_foreign_form(detached: str) -> None:
    address = browser_address(detached)
    assert address.startswith("http://127.0.0.1:")
    given = ("--data", f"number={NUMBER}", "-H", "Origin: http://evil.example")
    assert status(curl("-i", *given, f"{address}password")) == 403
    assert lab("sms").stdout == ""


def test_a_second_lab_is_refused_and_harms_nothing(detached: str) -> None:
    assert detached
    before = processes()
    for options in ([], ["--detach"]):
        refused = lab("up", *options)
        assert refused.code == 1
        assert re.fullmatch(r"Error: a lab is up already \(process \d+\).*`scripts/lab down` first\n", refused.stderr)
        assert refused.stdout == ""
    assert processes() == before
    assert status(curl("-i", PROBE, namespace=f"{PREFIX}visitor2")) == 302


def test_qaqpa_answers_with_its_own_words_and_exit_codes(detached: str) -> None:
    assert detached
    assert "Usage: qaqpa visits" in lab("qaqpa", "visits", "--help").stdout
    assert "Usage: qaqpa [" in lab("qaqpa", "--help").stdout
    assert lab("qaqpa", "end", "02:00:00:00:00:09").code == 1
    assert lab("qaqpa", "visit").code == 2


def test_what_is_killed_is_started_again(detached: str) -> None:
    assert detached
    for unit, words in WORDS.items():
        before = pid_of(words)
        assert before, unit
        os.kill(before, signal.SIGKILL)
        until(lambda w=words, b=before: pid_of(w) not in (None, b), f"{unit} to be started again")  # type: ignore[misc]
    assert set(WORDS) == set(device.UNITS)
    until(lambda: "Парольды алу" in curl("http://10.77.0.1/", namespace=f"{PREFIX}visitor2"), "the page")
    log = (ROOT / f"build/{PREFIX}lab/log/lab.log").read_text()
    assert [line.split()[0] for line in log.splitlines()] == list(WORDS)


def test_a_person_walks_about(detached: str) -> None:
    """Probe, page, whole stay through the browser's address, SMS, visits, journal, end."""
    for name in ("operator", "gate", "visitor1", "visitor2"):
        assert f"{PREFIX}{name}" in detached
    told = curl("-i", PROBE, namespace=f"{PREFIX}visitor1")
    assert status(told) == 302
    assert "Location: http://10.77.0.1/" in told

    address = browser_address(detached)
    assert "Парольды алу" in curl(address)
    asked = curl("-i", "--data-urlencode", f"number={NUMBER}", *own_page(address), f"{address}password")
    assert status(asked) == 303
    assert "location: /\r\n" in asked.lower()

    sms = until(lambda: [json.loads(line) for line in lab("sms").stdout.splitlines()], "the SMS")
    assert [message["to"] for message in sms] == [NUMBER.removeprefix("+")]
    password = re.findall(r"\b\d{6}\b", sms[0]["text"])[0]
    entered = curl("-i", "--data", f"password={password}", *own_page(address), f"{address}login")
    assert status(entered) == 303
    assert "Сіз интернеттесіз" in curl(f"{address}online")

    visits = json.loads(lab("qaqpa", "visits", "--json").stdout)
    assert [(visit["device"], visit["phase"]) for visit in visits] == [("02:00:00:00:00:01", "online")]
    assert "Success" in curl(PROBE, namespace=f"{PREFIX}visitor1")
    assert status(curl("-i", PROBE, namespace=f"{PREFIX}visitor2")) == 302
    assert "the chain holds" in lab("qaqpa", "journal", "verify").stdout
    assert lab("qaqpa", "end", "02-00-00-00-00-01").code == 0
    assert status(curl("-i", PROBE, namespace=f"{PREFIX}visitor1")) == 302

    inside = processes()
    assert len(inside) > 8
    assert lab("down").code == 0
    nothing_left(inside)


@pytest.mark.usefixtures("no_lab")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_ended_in_the_foreground_it_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    with foreground(tmp_path) as started:
        inside = processes()
        started.send(number)

        def ended() -> bool:
            started.send(number)  # an impatient person's second, third … Ctrl-C, while it clears up
            return not started.alive

        until(ended, "it to end", PATIENCE_S)
        assert started.wait(PATIENCE_S) == 0
        assert "nothing is left behind" in started.output()
        nothing_left(inside)


@pytest.mark.usefixtures("no_lab")
def test_a_crashed_lab_is_cleared_away(tmp_path: Path) -> None:
    with foreground(tmp_path) as started:
        crashed = processes()
        started.kill9()
        assert leftovers(), "a lab killed by -9 cannot have cleared up: this test proves nothing"
        again = lab("up", "--detach")
        assert again.code == 0, again.stderr
        assert not crashed & processes()
        assert status(curl("-i", PROBE, namespace=f"{PREFIX}visitor1")) == 302
        inside = processes()
        assert lab("down").code == 0
        nothing_left(crashed | inside)


@pytest.mark.usefixtures("no_lab")
def test_down_alone_clears_away_a_crash(tmp_path: Path) -> None:
    with foreground(tmp_path) as started:
        crashed = processes()
        started.kill9()
        done = lab("down")
        assert f"{PREFIX}gate" in done.stdout
        nothing_left(crashed)
    assert lab("down").stdout == "Nothing is left behind.\n"


@pytest.mark.usefixtures("no_lab")
def test_without_a_lab_each_command_says_what_to_do() -> None:
    for words in (["sms"], ["qaqpa", "visits"]):
        done = lab(*words)
        assert (done.code, done.stderr) == (1, "Error: no lab is up; `scripts/lab up` brings one up\n")


def test_somebody_else_than_root_is_told_so() -> None:
    with tempfile.TemporaryDirectory() as folder:
        # The scripts alone, where anybody may read them: a checkout may lie in /root.
        Path(folder).chmod(0o755)
        shutil.copytree(ROOT / "scripts", Path(folder) / "scripts")
        nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        done = run([*nobody, f"{folder}/scripts/lab", "up"], check=False)
    assert done.code == 1
    assert "run me as root" in done.stderr


def test_help_says_something_of_every_command_and_option() -> None:
    for name, command in cli.main.commands.items():
        assert command.help, name
        for option in command.params:
            assert not isinstance(option, click.Option) or option.help, f"{name} {option.name}"


def lab(*words: str) -> Completed:
    """What a person types."""
    return run(["scripts/lab", *words], check=False, timeout_s=COMES_UP_S + 30)


@contextlib.contextmanager
def foreground(folder: Path) -> Iterator[Process]:
    """``scripts/lab up`` in a terminal of its own, up."""
    with start(["scripts/lab", "up"], name="scripts/lab", log=folder / "terminal.log") as started:
        until(lambda: cli.READY in started.output() or not started.alive, "the lab to come up", COMES_UP_S)
        assert started.alive, started.output()
        yield started


def curl(*words: str, namespace: str | None = None) -> str:
    """What curl prints, in a namespace or here."""
    return run(
        ["curl", "-q", "-s", "--noproxy", "*", "--max-time", "30", *words],
        namespace=namespace,
        check=False,
    ).stdout


def status(answer: str) -> int:
    """Of an answer that ``curl -i`` printed; the forwarder speaks HTTP/1.0."""
    return int(answer.split()[1])


def own_page(address: str) -> tuple[str, str]:
    return "-H", f"Origin: {address.rstrip('/')}"


def browser_address(said: str) -> str:
    found = re.search(r"a browser on this machine.*?(http://\S+)", said)
    assert found, said
    return found[1]


def processes() -> frozenset[tuple[int, str]]:
    """All processes in the lab's namespaces, each with the time it began (its number alone could be another's)."""
    rooms = {(path.stat().st_dev, path.stat().st_ino) for path in Path("/run/netns").glob(f"{PREFIX}*")}
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it may end while we look
            room = (entry / "ns/net").stat()
            if (room.st_dev, room.st_ino) in rooms:
                found.add((int(entry.name), began(entry)))
    return frozenset(found)


def began(process: Path) -> str:
    """When it began, of one that lives; ended and not yet waited for by its parent is no life (proc(5), stat)."""
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return fields[19] if fields[0] != "Z" else ""


def pid_of(words: str) -> int | None:
    """The lab's own child whose command line has these words."""
    holder = Path(f"/run/lock/lab-{PREFIX.rstrip('-')}.lock").read_text()
    for pid in Path(f"/proc/{holder}/task/{holder}/children").read_text().split():
        with contextlib.suppress(OSError):
            if words in Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "):
                return int(pid)
    return None


def leftovers() -> list[str]:
    return sorted(str(path) for pattern in LEFTOVERS for path in Path("/").glob(pattern.removeprefix("/")))


def nothing_left(were: frozenset[tuple[int, str]]) -> None:
    """No namespace, file or process of the lab's is there."""
    assert leftovers() == []
    alive = []
    for pid, since in were:
        with contextlib.suppress(OSError):
            if began(Path(f"/proc/{pid}")) == since:
                alive.append(Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "))
    assert alive == []
