"""How long a box is given to be well, and when a version on trial is given up."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance import image
from appliance.config import parse
from appliance.errors import GateUnreachable
from appliance.health import Part, Unwell, examine, none_left


@dataclass
class Clock:
    """Time passes only while somebody waits."""

    now_s: float = 0.0
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, for_s: float) -> None:
        self.waits.append(for_s)
        self.now_s += for_s


def after(clock: Clock, at_s: float) -> Part:
    """Well from then on."""

    def ask() -> str:
        if clock() < at_s:
            raise Unwell("not yet")
        return "well"

    return Part("late", ask)


def test_a_box_that_starts_slowly_is_waited_for() -> None:
    clock = Clock()
    found = [*examine([after(clock, 100), after(clock, 150)], 180, clock, clock.sleep)]
    assert [answer.ok for answer in found] == [True, True]
    assert 150 <= clock.now_s < 160


def test_all_parts_share_one_patience_and_each_is_asked_once_at_least() -> None:
    clock = Clock()
    found = [*examine([after(clock, 1_000), after(clock, 1_000), Part("well", lambda: "yes")], 60, clock, clock.sleep)]
    assert [(answer.ok, answer.said) for answer in found] == [(False, "not yet"), (False, "not yet"), (True, "yes")]
    assert 60 <= clock.now_s < 65


def test_a_process_that_does_not_answer_is_an_answer() -> None:
    def gone() -> str:
        raise GateUnreachable("/run/qaqpa/gate/gate.sock", "No such file or directory")

    clock = Clock()
    (found,) = examine([Part("journal", gone)], 0, clock, clock.sleep)
    assert not found.ok and "does not answer" in found.said and not clock.waits


def test_a_visitor_who_takes_all_addresses_undoes_no_update(tmp_path: Path) -> None:
    config = parse(f"[lan]\naddress = '10.77.0.1/24'\n[paths]\nstate = '{tmp_path}'\n", "q.toml")
    assert none_left(config) == 0, "there is no file yet"
    (tmp_path / "leases").mkdir()

    def given(hosts: range) -> None:
        lines = (f"1767225600 02:00:00:00:00:{host:02x} 10.77.0.{host} * *\n" for host in hosts)
        (tmp_path / "leases/dnsmasq.leases").write_text("".join(lines))

    given(range(2, 254))
    assert none_left(config) == 0, "one is left"
    given(range(2, 255))
    assert none_left(config) == 253


@pytest.mark.parametrize("counted", [True, False])
def test_only_a_version_on_trial_may_restart_the_box(tmp_path: Path, counted: bool) -> None:
    if counted:
        told = tmp_path / "sys/firmware/efi/efivars/LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
        told.parent.mkdir(parents=True)
        told.write_bytes(b"\x06\0\0\0")
    assert image.on_trial(tmp_path) is counted


def test_an_image_is_told_by_its_mark_and_its_version_by_os_release(tmp_path: Path) -> None:
    assert (image.is_image(tmp_path), image.version(tmp_path)) == (False, "")
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "usr/lib/qaqpa-image").touch()
    (tmp_path / "usr/lib/os-release").write_text('ID=debian\nIMAGE_VERSION="0.2.0"\n')
    assert (image.is_image(tmp_path), image.version(tmp_path)) == (True, "0.2.0")
    boot = tmp_path / "efi/EFI/Linux"
    boot.mkdir(parents=True)
    for name in ("qaqpa_0.1.0.efi", "qaqpa_0.2.0+2-1.efi", "qaqpa_0.3.0+0-3.efi"):
        (boot / name).touch()
    assert image.given_up(tmp_path) == ("0.3.0",)
