"""Extracts and looks at the gate: recorded before they are answered, and never for the portal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import wire
from appliance.errors import WireError
from appliance.inbox import Role
from appliance.wire import Refusal, Refused
from appliance.wire_journal import Key, LookAtKey, NoteLook, Signed, SignExtract
from journal.entries import ExtractMade, IdentifierShown
from journal.notary import Signature, chain_end, genuine
from journal.visits import entries
from tests.edge.appliance.venue import Core

MANIFEST = "ab" * 32
SIGN = SignExtract("ayan", "тексеру", None, 1_800_000_000_000, MANIFEST)
LOOK = NoteLook("ayan", "live visits")


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    made = Core(tmp_path / "journal.db")
    made.start()
    yield made
    made.crash()


def recorded(path: Path) -> list[object]:
    return [entry for _, _, entry in entries(path) if isinstance(entry, ExtractMade | IdentifierShown)]


def test_an_extract_is_recorded_before_it_is_signed(core: Core, tmp_path: Path) -> None:
    (key,) = core.ask(LookAtKey(), role=Role.ADMINISTRATOR)
    (signed,) = core.ask(SIGN, role=Role.ADMINISTRATOR)
    assert isinstance(key, Key) and isinstance(signed, Signed)
    assert recorded(tmp_path / "journal.db") == [ExtractMade("ayan", "тексеру", None, 1_800_000_000_000, MANIFEST)]
    assert (signed.seq, signed.head) == chain_end(tmp_path / "journal.db"), "the signature covers its own record"
    assert signed.public == key.public
    signature = Signature(signed.signature, signed.public, signed.seq, signed.head)
    assert genuine(MANIFEST, signature)
    assert not genuine("ac" * 32, signature)
    assert not genuine(MANIFEST, Signature(signed.signature, signed.public, signed.seq + 1, signed.head))


def test_what_cannot_be_recorded_is_neither_signed_nor_shown(core: Core, tmp_path: Path) -> None:
    core.disk.full = True
    assert core.ask(SIGN, LOOK, role=Role.ADMINISTRATOR) == [Refused(Refusal.JOURNAL_UNAVAILABLE)] * 2
    (key,) = core.ask(LookAtKey(), role=Role.ADMINISTRATOR)
    assert isinstance(key, Key), "looking at the key changes nothing"
    core.disk.full = False
    core.wait(1)
    core.happen()
    assert recorded(tmp_path / "journal.db") == [], "what was refused is not done later"


def test_a_look_is_recorded(core: Core, tmp_path: Path) -> None:
    assert core.ask(LOOK, role=Role.ADMINISTRATOR) == [wire.Done()]
    assert recorded(tmp_path / "journal.db") == [IdentifierShown("ayan", "live visits")]


@pytest.mark.parametrize("request_", [SIGN, LOOK, LookAtKey()])
def test_the_portal_may_none_of_it(core: Core, tmp_path: Path, request_: wire.Request) -> None:
    assert core.ask(request_) == [Refused(Refusal.FORBIDDEN)]
    assert recorded(tmp_path / "journal.db") == []


@pytest.mark.parametrize(
    "line",
    [
        b'{"request":"sign_extract","by":"a","why":"","since_utc_ms":null,"until_utc_ms":null,"manifest":"%s"}',
        b'{"request":"sign_extract","by":"a","why":"b","since_utc_ms":1e30,"until_utc_ms":null,"manifest":"%s"}',
        b'{"request":"sign_extract","by":"a","why":"b","since_utc_ms":null,"until_utc_ms":null,"manifest":"%sA"}',
        b'{"request":"note_look","by":"%s%s","what":"x"}',
    ],
)
def test_what_is_out_of_bounds_never_reaches_the_core(line: bytes) -> None:
    with pytest.raises(WireError):
        wire.decode_request(line.replace(b"%s", MANIFEST.encode()))
