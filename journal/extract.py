"""Makes what an inspector takes away: a folder or a zip with the visits of a period in the formats asked for, the
chain's entries, what proves them, and the page that verifies it all in a browser.

    visits.csv  visits.xlsx  visits.jsonl  entries.jsonl     the data, in one pass over one state of the journal
    record.json                                              what this is, and the data's digests
    register-001.pdf …                                       the same visits on paper, with the record's digest
    verify.html                                              nothing but a browser is needed
    manifest.json  signature.json                            every file's digest, and the gate's signature under them

It appears whole or not at all: everything is written beside the target under a hidden name, the signature last, brought
to the disk, and renamed. Must not know: who may ask, how the gate is reached.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec

from journal import manifest as manifests
from journal.appearing import beside, bring_to_disk, writing
from journal.extract_data import Data, Order, write_data
from journal.manifest import FORMAT, MANIFEST, SIGNATURE, Manifest
from journal.notary import Signature
from journal.verifier_page import VERIFIER, page
from journal.visits import Correction, as_recorded


class Signer(Protocol):
    """The gate, which alone has the key."""

    @property
    def public(self) -> str:
        """The key's public half, 64 hexadecimal digits."""

    def sign(self, manifest: str) -> Signature:
        """Record that the extract was made, then sign the manifest with that SHA-256."""


class Made(msgspec.Struct, frozen=True):
    """What it came to."""

    data: Data
    manifest: str
    """SHA-256 of manifest.json."""
    signature: Signature | None


def make(
    journal: Path,
    target: Path,
    order: Order,
    signer: Signer | None,
    *,
    progress: Callable[[float], None] = lambda _: None,
    correct: Correction = as_recorded,
) -> Made:
    """Make the extract at ``target``: a zip if its name ends so, else a folder.

    Args:
        signer: None: unsigned, and nothing is recorded.
        progress: is told from time to time which part is done, 0 to 1.
        correct: from recorded to true times.

    Raises:
        ExtractFailed: nothing of it is left; says why.
        JournalUnavailable, JournalCorrupt: the same.
        whatever ``signer`` raises: the same.
    """
    with beside(target) as aside:
        folder = aside / "extract"
        with writing(target):
            folder.mkdir(mode=0o700)
        public = signer.public if signer else ""
        data = write_data(
            journal,
            folder,
            order,
            public=public,
            progress=progress,
            correct=correct,
            writing=lambda: writing(target),
        )
        with writing(target):
            (folder / VERIFIER).write_text(page(), encoding="utf-8")
            text = manifests.written(Manifest(FORMAT, tuple(map(manifests.hashed, sorted(folder.iterdir())))))
            (folder / MANIFEST).write_bytes(text)
            archive = _zipped(folder, aside / "extract.zip") if target.suffix.lower() == ".zip" else None
            digest = manifests.hashed(folder / MANIFEST).sha256
        signature = signer.sign(digest) if signer else None  # the last thing that can be refused, but for a few bytes
        with writing(target):
            if signature is not None:
                (folder / SIGNATURE).write_bytes(msgspec.json.encode(signature) + b"\n")
                if archive is not None:
                    with ZipFile(archive, "a") as opened:
                        opened.write(folder / SIGNATURE, SIGNATURE)
            bring_to_disk([archive] if archive else [*folder.iterdir(), folder])
            (archive or folder).rename(target)
            bring_to_disk([target.parent])
    progress(1.0)
    return Made(data, digest, signature)


def _zipped(folder: Path, archive: Path) -> Path:
    with ZipFile(archive, "x", ZIP_DEFLATED, compresslevel=3) as opened:
        for path in sorted(folder.iterdir()):
            opened.write(path, path.name)
    archive.chmod(0o600)
    return archive
