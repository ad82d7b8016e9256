"""Whether a journal is still the one that an extract was made of: what an inspector took home is held against the box.

    compare(Path("journal.db"), Path("2026-11.zip"))[-1].what    # "visits.jsonl: 312 visits, as the journal has them"

An extract alone proves that nobody changed it since the gate signed, not that its maker left nothing out: the gate
signs what whoever asks has made. Here the visits are read from the journal anew, as it was then, and compared. Must not
know: how an extract is made, other formats than the lines of JSON (make those anew).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from journal.clock import clocks_of
from journal.database import reading
from journal.entries import ExtractMade, decode
from journal.manifest import MANIFEST, RECORD, SIGNATURE, Record, digest_of
from journal.notary import Signature
from journal.proof import Files, Finding, check, opened
from journal.seal import verify
from journal.visit import Visit
from journal.visits import Tally, visits_in
from journal.wanted import Wanted

_VISITS = "visits.jsonl"


def compare(journal: Path, extract: Path, keys: Collection[str] = ()) -> tuple[Finding, ...]:
    """All that was found; the journal is the extract's if every finding is ``ok``.

    Args:
        keys: fingerprints that may have sealed the journal, beside the one that signed the extract.

    Raises:
        ExtractUnreadable, JournalUnavailable, JournalCorrupt
    """
    judged = check(extract)
    if not judged.whole:
        return tuple(finding for finding in judged.findings if not finding.ok)
    with opened(extract) as files:
        with files.open(RECORD) as stream:
            record = msgspec.json.decode(stream.read(), type=Record)
        with files.open(SIGNATURE) as stream:
            signature = msgspec.json.decode(stream.read(), type=Signature)
        with files.open(MANIFEST) as stream:
            _, manifest = digest_of(stream)
        verdict = verify(journal, {judged.fingerprint, *keys}, _heads(record, signature))
        if verdict.first_bad is not None:
            return (Finding(False, f"the journal's entry {verdict.first_bad}: {verdict.problem}"),)
        whole = Finding(
            True, f"the journal is the extract's: {verdict.entries} entries, {verdict.entries - signature.seq} since"
        )
        return (whole, _made(journal, manifest), _same(journal, files, record))


def _heads(record: Record, signature: Signature) -> dict[int, str]:
    links = [link for link in (record.first, record.last, record.head) if link]
    heads = {link.seq: link.digest for link in links if link.seq} | {signature.seq: signature.head}
    return heads | ({record.first.seq - 1: record.before} if record.first and record.first.seq > 1 else {})


def _made(journal: Path, manifest: str) -> Finding:
    query = "SELECT body FROM entries NOT INDEXED WHERE kind = 'extract_made' ORDER BY seq DESC"
    with reading(journal) as connection:
        for (body,) in connection.execute(query):
            entry = decode(body)
            if isinstance(entry, ExtractMade) and entry.manifest == manifest:
                return Finding(True, f"the journal says that {entry.by} made it: {entry.why}")
    return Finding(False, "the journal says nothing of this extract")


def _same(journal: Path, files: Files, record: Record) -> Finding:
    if _VISITS not in files.names:
        return Finding(True, f"there is no {_VISITS}, so that its visits cannot be compared")
    wanted = Wanted(_instant(record.since), _instant(record.until), **record.filter)
    count = emptied = 0
    tally = Tally()
    with reading(journal) as connection, files.open(_VISITS) as stream:
        found = visits_in(
            connection,
            journal,
            since=wanted.since,
            until=wanted.until,
            correct=clocks_of(journal, record.head.seq).correct,
            tally=tally,
            last=record.head.seq,
        )
        there: Iterator[Visit] = filter(wanted.takes, found)
        visit = next(there, None)
        for text in stream:
            if visit is not None and text.rstrip(b"\n") == msgspec.json.encode(visit):
                count, visit = count + 1, next(there, None)
            else:
                emptied += 1
        if visit is not None:
            return Finding(False, f"{_VISITS}: the visit {visit.visit} is missing or another than in the journal")
    if emptied and not tally.expired:
        return Finding(False, f"{_VISITS}: {emptied} visits are not in the journal")
    since = f", {emptied} cannot be compared since retention has emptied them" if emptied else ""
    return Finding(True, f"{_VISITS}: {count} visits, as the journal has them{since}")


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
