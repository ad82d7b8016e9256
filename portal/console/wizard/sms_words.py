"""The steps of a test SMS in the owner's language. The steward tells them in English; what is not known stays so.

Must not know: how the SMS is sent.
"""

from __future__ import annotations

import re

from appliance.steward.wire import SmsStep
from portal.words import Words

# What ``sms.trial`` says, each with the sentences that stand for it.
_STEPS = (
    (re.compile(r"the SMS sender answers"), "sender"),
    (re.compile(r"provider (?P<name>\S+) is not ready \((?P<why>.*)\)"), "not_ready"),
    (re.compile(r"provider (?P<name>\S+) is bound"), "bound"),
    (re.compile(r"the text is (?P<parts>one|\d+) parts? in .*"), "text"),
    (re.compile(r"the SMSC took it after (?P<s>[\d.]+) s, as (?P<id>.*)"), "taken"),
    (re.compile(r"delivered after (?P<s>[\d.]+) s"), "delivered"),
    (re.compile(r"failed after (?P<s>[\d.]+) s: (?P<why>.*)"), "failed"),
    (re.compile(r"no news within (?P<s>[\d.]+) s"), "silence"),
)
_REASONS = (
    ("expired", "expired"),
    ("no provider", "no_provider"),
    ("unanswered", "unanswered"),
    ("undeliverable", "undeliverable"),
    ("rejected", "rejected"),
    ("text too long", "too_long"),
    ("0x0a", "sender"),
    ("0x48", "sender"),
    ("0x49", "sender"),
    ("0x0b", "number"),
)
OTHER = "other"


def told(words: Words, step: SmsStep) -> tuple[str, str]:
    """What happened, and what it means."""
    for pattern, kind in _STEPS:
        if found := pattern.fullmatch(step.what):
            filled = {name: "1" if text == "one" else text for name, text in found.groupdict().items()}
            if kind == "failed":
                reason = next((key for begin, key in _REASONS if filled["why"].startswith(begin)), OTHER)
                return words.say("wizard.test.failed", **filled), words.say(f"wizard.why.{reason}")
            return words.say(f"wizard.test.{kind}", **filled), words.say(f"wizard.test.{kind}_means", **filled)
    return step.what, step.means
