"""A world leaves nothing behind, however its lab ended."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.errors import BadName, LabTaken
from tests.lab.namespaces import claim, destroy, ip, write_configuration
from tests.lab.run import Process, program, run, start
from tests.lab.waiting import until

PREFIX = "lbcrash-"


def remains() -> list[str]:
    """What of the crashed world is still on this machine."""
    found = [str(path) for path in Path("/etc").glob(f"netns/{PREFIX}*")]
    found += [str(path) for path in Path("/run").glob(f"netns/{PREFIX}*")]
    found += [str(path) for path in Path("/run").glob(f"lab-{PREFIX.rstrip('-')}*")]
    for command_line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command_line.read_bytes()
        except OSError:
            continue
        if PREFIX.encode() in words and int(command_line.parent.name) != os.getpid():
            found.append(words.replace(b"\0", b" ").decode())
    return found


@pytest.fixture
def crashing(tmp_path: Path) -> Iterator[Process]:
    """A small lab with a connected phone, in a process of its own; its folder has the prefix in its path."""
    folder = tmp_path / PREFIX
    argv = program("tests.edge.lab.small_lab", PREFIX, str(folder))
    with start(argv, name="small lab", log=tmp_path / "log") as process:
        process.wait_for_line("up")
        yield process
    destroy(PREFIX)


def inside() -> set[int]:
    names = [path.name for path in Path("/run/netns").glob(f"{PREFIX}*")]
    return {int(pid) for name in names for pid in run(["ip", "netns", "pids", name]).stdout.split()}


def test_a_killed_lab_leaves_nothing_that_the_next_destroy_does_not_find(crashing: Process) -> None:
    namespaces = sorted(path.name for path in Path("/run/netns").glob(f"{PREFIX}*"))
    assert namespaces == [f"{PREFIX}{name}" for name in ("operator", "venue", "visitor1")]
    dnsmasqs = {pid for pid in inside() if Path(f"/proc/{pid}/comm").read_text() == "dnsmasq\n"}
    assert len(dnsmasqs) == 2
    crashing.kill9()
    # The programs follow at once; only the dnsmasq that changed its user is left to destroy.
    until(lambda: len(inside()) == 1, "the programs to follow the lab")
    assert inside() <= dnsmasqs
    assert destroy(PREFIX) == namespaces
    assert remains() == []
    assert destroy(PREFIX) == []


def test_the_next_lab_clears_the_crashed_one_away(crashing: Process) -> None:
    crashing.kill9()
    with claim(PREFIX) as world:
        assert world.namespaces() == []
        assert world.add("venue") == f"{PREFIX}venue"
    assert remains() == []


def test_a_lab_that_runs_is_not_taken_over_but_can_be_ended_from_outside(crashing: Process) -> None:
    with pytest.raises(LabTaken, match=str(crashing.pid)), claim(PREFIX):
        pass
    assert crashing.alive
    assert destroy(PREFIX) == []  # the lab tidied up by itself when it was told to end
    assert crashing.code == 0
    assert remains() == []


def test_a_lab_that_does_not_listen_is_ended_all_the_same(crashing: Process) -> None:
    crashing.send(signal.SIGSTOP)
    assert len(destroy(PREFIX, timeout_s=0.3)) == 3
    assert crashing.code == -signal.SIGKILL
    assert remains() == []


def test_a_lab_does_not_end_itself_by_destroy() -> None:
    with claim(PREFIX) as world:
        namespace = world.add("a")
        with pytest.raises(LabTaken):
            destroy(PREFIX)
        assert world.namespaces() == [namespace]


def test_a_process_that_broke_loose_is_found_by_its_namespace() -> None:
    with claim(PREFIX) as world:
        namespace = world.add("a")
        loose = subprocess.Popen(["ip", "netns", "exec", namespace, "setsid", "sleep", "60"])
        until(lambda: len(inside()) == 1, "it to be inside")
    assert loose.wait(60) == -signal.SIGKILL
    assert remains() == []


def test_other_worlds_are_left_alone() -> None:
    with claim("lbother-") as other:
        namespace = other.add("a")
        write_configuration(namespace, "resolv.conf", "nameserver 192.0.2.1\n")
        with start(["sleep", "60"], name="sleep", log=Path("/dev/null"), namespace=namespace) as process:
            with claim(PREFIX) as world:
                world.add("a")
            assert other.namespaces() == [namespace]
            assert process.alive
            assert run(["cat", "/etc/resolv.conf"], namespace=namespace).stdout == "nameserver 192.0.2.1\n"
    assert not Path("/etc/netns/lbother-a").exists()


def test_a_namespace_that_was_half_made_is_removed() -> None:
    # `ip netns add` that dies between making the file and mounting the namespace on it leaves a plain file.
    (Path("/run/netns") / f"{PREFIX}half").touch()
    assert destroy(PREFIX) == [f"{PREFIX}half"]
    assert remains() == []


@pytest.mark.parametrize("prefix", ["", "-", "q-", "qq", "QQ-", "q q-", "../-", "qq-a-", "waytoolong-"])
def test_a_prefix_that_could_mean_others_is_refused(prefix: str) -> None:
    with pytest.raises(BadName):
        destroy(prefix)


def test_a_name_is_refused_and_configuration_is_rewritten_under_a_running_program(tmp_path: Path) -> None:
    with claim(PREFIX) as world:
        with pytest.raises(BadName):
            world.add("a-b")
        namespace = world.add("a")
        assert "inet6 ::1/128" in ip(namespace, "address", "show", "dev", "lo")
        write_configuration(namespace, "resolv.conf", "nameserver 192.0.2.1\n")
        argv = ["sh", "-c", "echo ready; until grep -s 192.0.2.2 /etc/resolv.conf; do sleep 0.02; done"]
        with start(argv, name="reader", log=tmp_path / "log", namespace=namespace) as process:
            process.wait_for_line("ready")
            write_configuration(namespace, "resolv.conf", "nameserver 192.0.2.2\n")
            assert process.wait(60) == 0
