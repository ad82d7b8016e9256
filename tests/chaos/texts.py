"""The SMS that the SMSC took, against what the visitors asked for and what may be spent.

Pure. Must not know: any code of the product.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.chaos.book import Allows
from tests.chaos.evidence import Evidence
from tests.chaos.excuses import Excuses

_TWICE_MS = 60_000
"""How long after the fault an SMS may come a second time: a response time-out later, at the next bind."""


def beyond(evidence: Evidence, excuses: Excuses) -> Iterator[tuple[int, str, str]]:
    """Moment, number and trouble of every SMS that should not have been sent."""
    if len(evidence.texts) > evidence.budget:
        yield evidence.texts[evidence.budget].at_ms, "", f"{len(evidence.texts)} SMS of {evidence.budget}"
    asked: dict[str, list[int]] = defaultdict(list)
    for entry in evidence.entries:
        if entry.kind == "password_asked":
            asked[str(entry.body["number"])].append(entry.at_ms)
    times, different = Counter[tuple[str, str]](), Counter[str]()
    for text in evidence.texts:
        times[text.to, text.text] += 1
        different[text.to] += times[text.to, text.text] == 1
        if different[text.to] > sum(at_ms <= text.at_ms for at_ms in asked[text.to]):
            yield text.at_ms, text.to, "no entry says that it was asked for"
        allowed = 2 if excuses.excuse(Allows.SMS_TWICE, text.at_ms, text.at_ms, _TWICE_MS) else 1
        if times[text.to, text.text] > allowed:
            yield text.at_ms, text.to, f"the same for the {times[text.to, text.text]}. time"
