"""Whether an extract is whole: the same judgement as the page ``verify.html``, for a terminal.

Reads nothing but the extract. The anchor is the fingerprint of the key, as it is printed: with it the manifest is
signed, and every checkpoint. Must not know: the journal it came from, formats.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar
from zipfile import BadZipFile, ZipFile

import msgspec

from journal import checkpoints
from journal.as_entries import EntryLine
from journal.entries import Sealed
from journal.errors import ExtractUnreadable
from journal.manifest import ENTRIES, FORMAT, MANIFEST, RECORD, SIGNATURE, Link, Manifest, Record, digest_of
from journal.notary import Signature, genuine
from journal.seal import GENESIS, SALT_BYTES, Line, link
from journal.signing import fingerprint

_MOST_BYTES = 64 << 20
"""Of a manifest or record; more is none of ours."""
_LONGEST_LINE = 1 << 20
_UNREADABLE = (OSError, EOFError, BadZipFile, zlib.error, NotImplementedError, UnicodeDecodeError, msgspec.DecodeError)
_Kind = TypeVar("_Kind")


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    ok: bool
    what: str
    """A sentence."""


class Verdict(msgspec.Struct, frozen=True):
    """What was found."""

    findings: tuple[Finding, ...]
    fingerprint: str
    """Of the key that signed, rightly; "": none did. Whose it is, a person must compare."""
    record: str
    """SHA-256 of record.json, as the printed register has it; "" if there is none."""
    notes: tuple[str, ...] = ()
    """What the extract itself says against its journal: nothing is wrong with the extract, and yet ask the owner."""

    @property
    def whole(self) -> bool:
        """Every file is as it was written, and somebody vouches for it."""
        return all(finding.ok for finding in self.findings)


class Files:
    """What lies in the extract, by name."""

    def __init__(self, names: list[str], opener: Callable[[str], IO[bytes]]) -> None:
        self.names, self.open = names, opener


def check(path: Path, key: str = "") -> Verdict:
    """Judge the extract at ``path``, a folder or a zip.

    Args:
        key: the fingerprint that the signing key must have, with or without blanks; "": whichever.

    Raises:
        ExtractUnreadable: it is neither, or cannot be read.
    """
    with opened(path) as files:
        return _Check(files, key).verdict()


class _Check:
    def __init__(self, files: Files, key: str) -> None:
        self._files, self._key = files, "".join(key.lower().split())
        self._findings: list[Finding] = []
        self._notes: tuple[str, ...] = ()

    def verdict(self) -> Verdict:
        for name in sorted(name for name, times in Counter(self._files.names).items() if times > 1):
            self._say(False, f"{name}: is there twice")
        manifest, digest = self._parsed(MANIFEST, Manifest)
        if manifest is None:
            return Verdict(tuple(self._findings), "", "")
        if manifest.format != FORMAT:
            self._say(False, f"{MANIFEST}: is of a later version than this program")
        signature = self._signature(digest)
        self._compare(manifest)
        record, record_digest = self._parsed(RECORD, Record)
        if record is not None:
            if not set(record.files) <= set(manifest.files):
                self._say(False, f"{RECORD} and {MANIFEST} contradict each other")
            self._notes = tuple(
                f"the journal does not go on where it stopped, {broken.recorded}: {broken.why}"
                for broken in record.breaks
            )
            if signature and record.public != signature.public:
                self._say(False, f"the signature's key is not the one that {RECORD} names")
            if record.seal is not None:
                self._newest(record)
            if ENTRIES in self._files.names:
                self._walk(record)
        name = fingerprint(bytes.fromhex(signature.public)) if signature else ""
        return Verdict(tuple(self._findings), name, record_digest, self._notes)

    def _say(self, ok: bool, what: str) -> None:
        self._findings.append(Finding(ok, what))

    def _parsed(self, name: str, kind: type[_Kind]) -> tuple[_Kind | None, str]:
        """The file's content and its SHA-256."""
        if name not in self._files.names:
            self._say(False, f"{name}: is missing")
            return None, ""
        try:
            with self._files.open(name) as stream:
                text = stream.read(_MOST_BYTES)
            return msgspec.json.decode(text, type=kind), hashlib.sha256(text).hexdigest()
        except _UNREADABLE:
            self._say(False, f"{name}: cannot be read")
            return None, ""

    def _signature(self, manifest: str) -> Signature | None:
        if SIGNATURE not in self._files.names:
            self._say(False, "there is no signature: the gate does not vouch for this extract")
            return None
        signature, _ = self._parsed(SIGNATURE, Signature)
        if signature is None:
            return None
        if not genuine(manifest, signature):
            self._say(False, "the signature is wrong")
            return None
        name = fingerprint(bytes.fromhex(signature.public))
        if self._key and self._key != name.replace(" ", ""):
            self._say(False, f"another key has signed: {name}")
            return None
        self._say(True, f"the signature is right; fingerprint of the key {name}")
        return signature

    def _compare(self, manifest: Manifest) -> None:
        for file in manifest.files:
            if file.name not in self._files.names:
                self._say(False, f"{file.name}: is missing")
                continue
            try:
                with self._files.open(file.name) as stream:
                    same = digest_of(stream) == (file.size, file.sha256)
            except _UNREADABLE:
                self._say(False, f"{file.name}: cannot be read")
            else:
                self._say(same, f"{file.name}: {'unchanged' if same else 'changed'}")
        known = {MANIFEST, SIGNATURE, *(file.name for file in manifest.files)}
        for name in sorted(set(self._files.names) - known):
            self._say(False, f"{name}: is no part of the extract")

    def _newest(self, record: Record) -> None:
        """The newest checkpoint of the journal, which need not be one of these entries."""
        try:
            seal = msgspec.convert(record.seal, Sealed)
        except msgspec.ValidationError:
            return self._say(False, f"the newest checkpoint in {RECORD} is wrong")
        if not checkpoints.genuine(seal) or (seal.seq == record.head.seq and seal.head != record.head.digest):
            return self._say(False, f"the newest checkpoint in {RECORD} is wrong")
        if record.public not in ("", seal.public):
            name = fingerprint(bytes.fromhex(seal.public))
            return self._say(False, f"the newest checkpoint in {RECORD} is signed by another key: {name}")
        return self._say(True, f"the newest checkpoint is right: entry {seal.seq}")

    def _sealed(self, line: EntryLine, previous: str, public: str) -> bool:
        """Judge a checkpoint met on the way, after an entry with the digest ``previous``."""
        try:
            seal = msgspec.json.decode(line.body or "", type=Sealed)
        except msgspec.DecodeError:
            seal = None
        if seal is None or (seal.seq, seal.head) != (line.seq - 1, previous) or not checkpoints.genuine(seal):
            self._say(False, f"the checkpoint {line.seq} is wrong: the entries before it were computed anew")
            return False
        if public not in ("", seal.public):
            name = fingerprint(bytes.fromhex(seal.public))
            self._say(False, f"the checkpoint {line.seq} is signed by another key: {name}")
            return False
        return True

    def _walk(self, record: Record) -> None:
        """Link entry to entry, from the digest before the first to that of the last."""
        seq, digest, count = (record.first.seq - 1 if record.first else 0), record.before, 0
        last = record.last or Link(0, record.before)
        decode = msgspec.json.Decoder(EntryLine).decode
        newest = record.seal or {}
        sealed = True
        try:
            with self._files.open(ENTRIES) as stream:
                while text := stream.readline(_LONGEST_LINE):  # cut off, a longer one is no entry
                    line = decode(text)
                    if line.seq != seq + 1 or _linked(digest, line) != line.digest:
                        return self._say(False, f"the chain of entries is broken at entry {seq + 1}")
                    if line.kind == "sealed" and sealed:  # the first wrong one is named
                        sealed = self._sealed(line, digest, record.public)
                    if line.seq == newest.get("seq") and line.digest != newest.get("head"):
                        self._say(False, f"entry {line.seq} is another than the newest checkpoint in {RECORD} says")
                    seq, digest, count = line.seq, line.digest, count + 1
        except (*_UNREADABLE, ValueError, struct.error):
            return self._say(False, f"the chain of entries is broken at entry {seq + 1}")
        if Link(seq, digest) != last or (seq == record.head.seq and digest != record.head.digest):
            return self._say(False, f"the chain of entries is broken at entry {seq + 1}")
        self._say(True, f"the chain of entries holds: {count} entries, the last is {seq}")


def _linked(previous: str, line: EntryLine) -> str:
    body, salt, emptied = b"", b"", None
    if (line.body is None) is not bool(line.commitment):
        raise ValueError("a body that no digest covers, or nothing at all")
    if line.body is not None:
        body, salt = line.body.encode(), bytes.fromhex(line.salt)
        if len(salt) != SALT_BYTES:
            raise ValueError("a salt of another length")
    else:
        emptied = bytes.fromhex(line.commitment)
        if len(emptied) != len(GENESIS):
            raise ValueError("a commitment of another length")
    whole = Line(line.seq, line.utc_ms, line.boot_id.encode(), line.boot_ms, line.kind.encode(), body, salt, emptied)
    return link(bytes.fromhex(previous), whole).hex()


@contextmanager
def opened(path: Path) -> Iterator[Files]:
    """The files of a folder or zip.

    Raises:
        ExtractUnreadable
    """
    try:
        if path.is_dir():
            yield Files([each.name for each in path.iterdir()], lambda name: (path / name).open("rb"))
        else:
            with ZipFile(path) as archive:
                yield Files(archive.namelist(), archive.open)
    except BadZipFile as error:
        raise ExtractUnreadable(path, f"neither a folder nor a zip ({error})") from error
    except OSError as error:
        raise ExtractUnreadable(path, error.strerror or str(error)) from error
