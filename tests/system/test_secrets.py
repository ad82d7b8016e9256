"""Nothing that a process of ours writes holds a password: neither the visitors' nor the SMSC's (law 7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.lab.venue import SMPP_PASSWORD, Venue
from tests.lab.waiting import until
from tests.system.audit import entries, settled
from tests.system.guest import Guest

CHANGES = {"presence.grace_s": 1}


def written(venue: Venue) -> Iterator[tuple[Path, bytes]]:
    """Every file of the gateway with its bytes: logs, state with the journal and its WAL, configuration, /run."""
    for folder in (venue.places.folder, venue.places.runtime):
        for path in sorted(folder.rglob("*")):
            # The SMSC's own log holds what it was sent; the phones' folder is the phones'.
            outside = path.name in ("sms.jsonl", "arrivals.jsonl") or "phones" in path.parts
            if path.is_file() and not outside:
                yield path, path.read_bytes()


def running(venue: Venue) -> Iterator[tuple[Path, bytes]]:
    """Command line and environment of every process of the gateway, which other users may read."""
    for unit in venue.processes.values():
        for name in ("cmdline", "environ"):
            path = Path(f"/proc/{unit.pid}/{name}")
            yield path, path.read_bytes()


def holds(data: bytes, secret: str) -> bool:
    """Whether the secret stands in the bytes by itself, as text of 8 or 16 bits: six digits in the middle of a digest
    or of a time stamp, or the microseconds at the end of one, are chance."""
    alone = rb"(?<![0-9a-f]\0)(?<![0-9a-f])(?<!:[0-9]{2}\.)"
    return any(
        re.search(alone + re.escape(secret.encode(coding)) + rb"(?!\0?[0-9a-f])", data)
        for coding in ("utf-8", "utf-16-be", "utf-16-le")
    )


def test_no_password_is_written_anywhere(venue: Venue) -> None:
    guest, other = Guest.new(venue), Guest.new(venue)
    guest.go_online()
    other.phone.connect()
    other.ask()
    unused = venue.password_for(other.number)
    other.enter(f"{(int(unused) + 1) % 1_000_000:06d}")
    other.enter(f" {unused[:5]}x")
    venue.processes["gate"].kill9()
    venue.restart("gate")
    until(lambda: entries(venue, "password_delivered", other.phone.mac), "the receipt")
    venue.processes["sms"].stop()
    venue.restart("sms")
    guest.leave()
    until(lambda: guest.phase() is None, "the visit to end")
    until(lambda: "WRONG" not in venue.qaqpa("doctor", check=False), "the doctor to find all well again", 60.0)
    # In the venue's folder, where the search goes too.
    extract = venue.places.folder / "extract"
    venue.qaqpa("journal", "extract", "--why", "secrets", "--format", "jsonl", "--output", str(extract))
    settled(venue)

    secrets = [venue.password_for(guest.number), unused, SMPP_PASSWORD]
    found = [
        f"{path}: {secret}"
        for path, data in (*written(venue), *running(venue))
        for secret in secrets
        if holds(data, secret) and path.name != "smpp-password"
    ]
    assert found == []

    # That the search can find: where they must be, it finds them.
    sent = (venue.places.folder / "sms.jsonl").read_bytes()
    assert holds(sent, secrets[0])
    assert holds(sent, secrets[1])
    assert holds((venue.places.folder / "etc" / "smpp-password").read_bytes(), SMPP_PASSWORD)
    assert {"journal.db", "journal.db-wal", "gate.log", "sms.log", "portal.log", "nginx.conf"} <= {
        path.name for path, _ in written(venue)
    }


def test_what_stays_secret_is_closed_to_others(venue: Venue) -> None:
    gate = venue.places.state / "gate"
    assert gate.stat().st_mode & 0o027 == 0  # the console may read the journal, and make nothing
    for key in ("password.key", "seal.key"):
        assert (gate / key).stat().st_mode & 0o777 == 0o600
    assert not any(path.stat().st_mode & 0o027 for path in gate.iterdir())
