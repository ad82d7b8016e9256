"""Opening the gate's books: the journal, whatever happened to it, the key that seals it, and the state kept in it.

Must not know: how any of them is written.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from appliance import adjtimex, effective
from appliance.bookkeeper import Bookkeeper, Keeping
from appliance.config import Config
from appliance.events import Moment
from appliance.kept import restore
from appliance.performer import ALIVE, last_alive
from appliance.state import Terms, Visit
from journal.entries import Entry, JournalBegan, Stamp, VisitBegan
from journal.salvage import Opened, open_or_begin
from journal.signing import SealKey, fingerprint
from journal.store import Store

log = logging.getLogger(__name__)


LOST = "the key is older than this journal, and of the one before nothing is left here"
"""Why a journal begins that has no predecessor."""
COPY_BOOT = "restored"
"""Stands for a boot that is over: no machine has such an identifier."""


@dataclass(frozen=True)
class Books:
    """Ready to be written to."""

    keeper: Bookkeeper
    saved: Mapping[str, bytes]
    """What an earlier gate kept, or what could be rescued of it."""
    key: SealKey
    """Signs checkpoints and extracts."""


def journal_path(config: Config) -> Path:
    """The journal's file."""
    return Path(config.paths.state) / "gate" / "journal.db"


def own_key(config: Config) -> str:
    """The fingerprint of the key that seals this appliance's journal; "": there is none yet, or it is not for our eyes.

    Raises:
        JournalUnavailable: it is no key.
    """
    path = journal_path(config).with_name("seal.key")
    if not os.access(path, os.R_OK):
        return ""
    return fingerprint(SealKey.load_or_make(path).public)


def open_books(
    config: Config,
    boot_id: str,
    clock: Callable[[], Moment],
    running: Callable[[], frozenset[str]],
    synchronised: Callable[[], bool] = adjtimex.synchronised,
) -> Books:
    """The books, to be closed by ``keeper.close``.

    Raises:
        JournalError: they cannot be kept; whoever starts us tries again.
    """
    path, now = journal_path(config), clock()
    key_path = path.with_name("seal.key")
    lost = key_path.exists() and not path.exists()
    key = SealKey.load_or_make(key_path)
    opened = open_or_begin(path, datetime.fromtimestamp(now.utc_ms / 1000, UTC))
    if lost and opened.began is None:  # not even a checkpoint is left to say where the one before stopped
        opened = replace(opened, began=JournalBegan("", 0, "", LOST))
    try:
        if opened.began is not None:
            _begin(opened, Stamp(now.utc_ms, boot_id, now.boot_ms))
        saved = opened.store.kept()
        keeper = Bookkeeper(
            path,
            opened.store,
            key,
            keeping(config),
            boot_id=boot_id,
            kept=saved,
            clock=clock,
            synchronised=synchronised,
            running=running,
        )
        if told := effective.noticed(saved.get(effective.KEY, b""), config):
            entry, to_keep = told
            keeper.append([(Stamp(now.utc_ms, boot_id, now.boot_ms), entry)], {effective.KEY: to_keep})
    except BaseException:
        opened.store.close()
        raise
    return Books(keeper, saved, key)


def resume_copy(path: Path, began: JournalBegan) -> None:
    """Say in a journal that was put back what it is, and that no visit in it goes on: who was online when the copy was
    made may have left long ago.

    Raises:
        JournalError
    """
    now = datetime.now(UTC)
    store = Store.open(path)
    try:
        _, alive_utc_ms = last_alive(store.kept())
        stamp = Stamp(int(now.timestamp() * 1000), COPY_BOOT, 0)
        store.append([(stamp, began)], {ALIVE: f"{COPY_BOOT} {alive_utc_ms}".encode()})
    finally:
        store.close()


def keeping(config: Config) -> Keeping:
    """The configuration's words about the journal."""
    return Keeping(
        retention_days=config.journal.retention_days,
        reserve_bytes=config.journal.reserve_mb * 1_000_000,
        seal_entries=config.journal.seal_entries,
        seal_s=config.journal.seal_minutes * 60,
    )


def _begin(opened: Opened, stamp: Stamp) -> None:
    """Say in the journal why it does not go on where it stopped, and tell again which visits do."""
    assert opened.began is not None
    log.critical("the journal does not go on where it stopped: %s", opened.began.why)
    rescued, boot_before = dict(opened.rescued), last_alive(opened.rescued)[0]
    try:
        devices = restore(Terms(), rescued).devices
    except (msgspec.MsgspecError, ValueError) as error:
        log.error("of the state kept in it nothing could be rescued, so every visit ends: %s", error)
        rescued, devices = {}, restore(Terms(), {}).devices
    entries: list[tuple[Stamp, Entry]] = [(stamp, opened.began)]
    for device, state in devices.items():
        if isinstance(state, Visit):
            # As the file that is set aside has it: in each journal a visit that ends has also begun.
            told = VisitBegan(state.visit, device, state.addresses, state.number, state.method)
            entries.append((Stamp(state.began.utc_ms, boot_before, state.began.boot_ms), told))
    opened.store.append(entries, rescued)
