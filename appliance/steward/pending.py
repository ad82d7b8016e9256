"""A configuration that is in force on trial: what was there before, and until when it may be kept.

Two files beside the configuration, so that they are found whatever it says:

    qaqpa.toml.before    what was in force
    qaqpa.toml.pending   whose change it is, and when it is undone, on the clock of that boot

``before`` is written first, then ``pending``, then the configuration. So whatever a crash leaves, an existing
``pending`` means: ``before`` is whole, and to put it back is right. What was undone is kept as ``qaqpa.toml.undone``:
it may have been an hour's work. ``qaqpa.toml.worked`` is the last that was in force for good. Must not know: what is in
the configuration, what runs by it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from appliance.steward import below
from appliance.steward.files import locked, remove_durably, replace_durably


class Pending(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may still keep what, and how long."""

    boot_id: str
    deadline_boot_s: float
    """On CLOCK_BOOTTIME of that boot."""
    staff: str
    digest: str
    """SHA-256 of the configuration on trial."""
    kept_by_itself: bool = False
    """Nobody need keep it: it is kept once everything runs with it."""
    in_force: bool = False
    """Everything runs with it. Until then a crash undoes it."""
    secrets: tuple[str, ...] = ()
    """Files below the configuration's folder that came with it; what they replaced lies beside them."""


@dataclass(frozen=True)
class Now:
    """A moment of a boot."""

    boot_id: str
    boot_s: float


@dataclass(frozen=True)
class Places:
    """The configuration and what lies beside it."""

    config: Path

    @property
    def before(self) -> Path:
        return self.config.with_name(f"{self.config.name}.before")

    @property
    def pending(self) -> Path:
        return self.config.with_name(f"{self.config.name}.pending")

    @property
    def worked(self) -> Path:
        return self.config.with_name(f"{self.config.name}.worked")

    @property
    def undone(self) -> Path:
        return self.config.with_name(f"{self.config.name}.undone")


def left_s(pending: Pending, now: Now) -> float:
    """Seconds until it is undone; 0: it is to be undone now. Another boot's was never seen to work."""
    if pending.boot_id != now.boot_id:
        return 0.0
    return max(0.0, pending.deadline_boot_s - now.boot_s)


def read(places: Places) -> Pending | None:
    """What is pending; None: nothing. One that cannot be read is overdue: better the configuration before."""
    try:
        return msgspec.json.decode(places.pending.read_bytes(), type=Pending)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError:
        return Pending("", 0.0, "root", "")


def begin(places: Places, pending: Pending, toml: str, write_secrets: Callable[[], None] = lambda: None) -> None:
    """Put ``toml`` in the place of the configuration, on trial.

    Args:
        write_secrets: writes ``pending.secrets``, before anything names whom they are for.
    """
    stat = places.config.stat()
    replace_durably(places.before, places.config.read_bytes(), like=stat)
    note(places, pending)
    write_secrets()
    replace_durably(places.config, toml.encode(), like=stat)


def note(places: Places, pending: Pending) -> None:
    """This is how it stands with it."""
    replace_durably(places.pending, msgspec.json.encode(pending), 0o600)


def put_back(places: Places) -> None:
    """The configuration before is the configuration again. It is over only with ``end``: may be repeated."""
    now, before = places.config.read_bytes(), places.before.read_bytes()
    if now != before:
        replace_durably(places.undone, now, like=places.before.stat())
        replace_durably(places.config, before, like=places.before.stat())
    # After the configuration: a password must not be back before the host that it was kept from is gone.
    for each in _secrets(places):
        with suppress(OSError):  # its folder is gone, or somebody's link now: the configuration says what is missing
            below.put_back(places.config.parent, each)


def end(places: Places) -> None:
    """Nothing is pending any more; nor is what its secrets replaced there."""
    for each in _secrets(places):
        with suppress(OSError):
            below.forget(places.config.parent, each)
    remove_durably(places.pending)


def _secrets(places: Places) -> tuple[Path, ...]:
    held = read(places)
    return tuple(Path(each) for each in held.secrets) if held else ()


def recovered(places: Places, now: Now) -> bool:
    """What ``qaqpa apply --at-boot`` does before it reads the configuration; whether anything had to be done."""
    if not places.pending.exists():
        return False
    with locked(places.config.parent):
        pending = read(places)
        if pending is None or left_s(pending, now) > 0:
            return False
        put_back(places)
        end(places)
        return True
