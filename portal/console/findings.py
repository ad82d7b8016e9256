"""What was found in an extract, in the reader's language: the sentences of ``journal.proof`` and ``journal.against``.

    >>> told(Finding(False, "visits.csv: changed"), words("console", Language.RUSSIAN)).what
    'visits.csv: ИЗМЕНЁН'

They are the journal's own, in English, since a terminal shows them too; the page that each extract brings with it says
the same in the same words. What is not known here is shown as it is. Must not know: pages, how anything is judged.
"""

from __future__ import annotations

import re

from journal.columns import visible
from journal.proof import Finding
from portal.words import Words

_KEYS = tuple(
    (re.compile(pattern, re.DOTALL), f"verdict.{key}")
    for pattern, key in (
        (r"the signature is right; fingerprint of the key (?P<fingerprint>.+)", "signed"),
        (r"there is no signature: .*", "unsigned"),
        (r"the signature is wrong", "forged"),
        (r"the signature's key is not the one that record\.json names", "other_key"),
        (r"(?P<name>.+): unchanged", "same"),
        (r"(?P<name>.+): changed", "changed"),
        (r"(?P<name>.+): is missing", "missing"),
        (r"(?P<name>.+): cannot be read", "unreadable"),
        (r"(?P<name>.+): is no part of the extract", "foreign"),
        (r"(?P<name>.+): is there twice", "twice"),
        (r"the chain of entries holds: (?P<count>\d+) entries, the last is (?P<seq>\d+)", "walked"),
        (r"the chain of entries is broken at entry (?P<seq>\d+)", "broken"),
        (r"the newest checkpoint is right: entry (?P<seq>\d+)", "newest_right"),
        (r"the newest checkpoint in record\.json is wrong", "newest_wrong"),
        (r"the newest checkpoint in record\.json is signed by another key: (?P<fingerprint>.+)", "newest_other"),
        (r"entry (?P<seq>\d+) is another than the newest checkpoint in record\.json says", "newest_unfit"),
        (r"the checkpoint (?P<seq>\d+) is wrong: .*", "seal_wrong"),
        (r"the checkpoint (?P<seq>\d+) is signed by another key: (?P<fingerprint>.+)", "seal_other"),
        (r"record\.json and manifest\.json contradict each other", "contradiction"),
        (r"the journal is the extract's: (?P<count>\d+) entries, (?P<since>\d+) since", "against_whole"),
        (r"the journal says that (?P<by>.*?) made it: (?P<why>.*)", "against_made"),
        (r"the journal says nothing of this extract", "against_unknown"),
        (r"visits\.jsonl: (?P<count>\d+) visits, as the journal has them", "against_same"),
        (r"there is no visits\.jsonl, so that its visits cannot be compared", "against_without"),
    )
)


def told(finding: Finding, words: Words) -> Finding:
    """The finding in these words."""
    for pattern, key in _KEYS:
        if found := pattern.fullmatch(finding.what):
            filled = {name: visible(text) for name, text in found.groupdict().items()}
            return Finding(finding.ok, words.say(key, **filled))
    return Finding(finding.ok, visible(finding.what))
