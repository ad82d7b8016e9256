"""The gate as the one who signs extracts, for whoever makes them. Must not know: who that is, what is in an extract."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from appliance import wire
from appliance.wire_journal import Key, LookAtKey, Signed, SignExtract
from journal.notary import Signature
from journal.wanted import Wanted


class GateSigner:
    """Asks the gate for its key at once, and for a signature when there is something to sign.

    Args:
        ask: raises for every refusal; what it raises leaves ``sign`` and the constructor as it is.
        by: who makes the extract.
        why: the reason.
        wanted: whose period is recorded.
    """

    def __init__(self, ask: Callable[[wire.Request], wire.Reply], by: str, why: str, wanted: Wanted) -> None:
        self._ask, self._by, self._why, self._wanted = ask, by, why, wanted
        reply = ask(LookAtKey())
        assert isinstance(reply, Key)
        self.public = reply.public
        """64 hexadecimal digits."""

    def sign(self, manifest: str) -> Signature:
        """Recorded first, then signed."""
        since, until = map(_milliseconds, (self._wanted.since, self._wanted.until))
        reply = self._ask(SignExtract(self._by, self._why, since, until, manifest))
        assert isinstance(reply, Signed)
        return Signature(reply.signature, reply.public, reply.seq, reply.head)


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
