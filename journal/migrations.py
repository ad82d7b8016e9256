"""The journal file's layout, as the ordered steps that lead to it.

A step that has been released is never edited: what must change is a new step below, named in ``journal.layout`` too.
Each is committed together with its record in ``_sqlite_migrations``, so that a crash between two steps leaves the file
at one of them. Must not know: what an entry says, the chain's arithmetic.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

steps = Migrations("journal")


@steps()
def entries_and_kept(db: Database) -> None:
    """The record, which only grows, and the gate's working state, which is saved with the entries that explain it."""
    # No index and no second copy of any field: what an extract reads is exactly what verification has read, so that
    # nobody can hide an entry by editing an index. STRICT: a value of another type is refused, not converted.
    db.execute("""
        CREATE TABLE entries (
            seq INTEGER PRIMARY KEY,
            utc_ms INTEGER NOT NULL,
            boot_id TEXT NOT NULL,
            boot_ms INTEGER NOT NULL,
            kind TEXT NOT NULL,
            body TEXT NOT NULL,
            salt BLOB NOT NULL CHECK (length(salt) = 16),
            digest BLOB NOT NULL CHECK (length(digest) = 32)
        ) STRICT
    """)
    # The triggers stop mistakes; malice is for the chain to show, for whoever can write the file can drop a trigger.
    for refused in ("UPDATE", "DELETE"):
        db.execute(f"""
            CREATE TRIGGER entries_refuse_{refused.lower()} BEFORE {refused} ON entries
            BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
        """)
    # INSERT OR REPLACE deletes without firing a DELETE trigger; only the next number is ever accepted.
    db.execute("""
        CREATE TRIGGER entries_refuse_gap BEFORE INSERT ON entries
        WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entries)
        BEGIN SELECT RAISE(ABORT, 'entries are numbered without a gap'); END
    """)
    db.execute("CREATE TABLE kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID")


@steps()
def expired_bodies(db: Database) -> None:
    """Retention takes body and salt of an entry away and leaves what the chain needs of them: their commitment."""
    db.execute("ALTER TABLE entries ADD COLUMN commitment BLOB CHECK (length(commitment) = 32)")
    db.execute("DROP TRIGGER entries_refuse_update")
    db.execute("""
        CREATE TRIGGER entries_refuse_update BEFORE UPDATE ON entries
        WHEN NOT (
            OLD.commitment IS NULL AND NEW.commitment IS NOT NULL AND NEW.body = '' AND NEW.salt = zeroblob(16)
            AND NEW.seq = OLD.seq AND NEW.utc_ms = OLD.utc_ms AND NEW.boot_id = OLD.boot_id
            AND NEW.boot_ms = OLD.boot_ms AND NEW.kind = OLD.kind AND NEW.digest = OLD.digest
        )
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
    """)
