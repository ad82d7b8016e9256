"""What the SMS side finds to be wrong: a code with its values, and what to do.

A terminal shows the English sentences of ``SENTENCES``; whoever speaks another language says the same by code and
values. Must not know: how anything is found out, how it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_REACH = "check the uplink, the port, and that the provider allows this venue's address"
_ALLOWS = "check the uplink, and that the provider allows this venue's address"
_TLS = "check host, port and tls_ca_file; ask the provider which certificate it uses"
_LINK = "SMS provider %(name)s, %(role)s: %(said)s"

SENTENCES: Mapping[str, tuple[str, str]] = {
    "sender.silent": ("%(said)s", "start it: systemctl start qaqpa-sms; its journal says why it stopped"),
    "sender.closed": ("%(said)s", "run 'qaqpa doctor' as root"),
    "link.down": (_LINK, "check the uplink, host and port, and that the provider allows this venue's address"),
    "link.refused": (
        _LINK,
        "correct system_id and the password file, or ask the provider about the account; then restart qaqpa-sms",
    ),
    "link.tls": (_LINK, _TLS),
    "links.none": ("no SMS provider takes messages: no visitor gets a password", "mend one of those above"),
    "smsc.late": ("the SMSC %(host)s port %(port)s did not answer within %(seconds)s s", _ALLOWS),
    "smsc.name": ("no address is known for the SMSC %(host)s", "check its name, and the uplink's DNS"),
    "smsc.tls": (
        "the SMSC %(host)s port %(port)s is reached, but without TLS that can be trusted (%(said)s)",
        _TLS,
    ),
    "smsc.unreached": ("the SMSC %(host)s port %(port)s cannot be reached (%(said)s)", _REACH),
}
"""Code → what is wrong, and what to do."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    ok: bool
    what: str
    """What was found, a sentence."""
    remedy: str = ""
    """What to do about it; "" if ``ok``."""
    code: str = ""
    """"": it is right."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What the sentences of ``code`` are filled with."""
    cause: str = ""
    """The code of another of these that the first tells of; here none does."""


def right(what: str) -> Finding:
    """Nothing is to be done."""
    return Finding(True, what)


def wrong(code: str, **values: object) -> Finding:
    """The fault of this code."""
    what, remedy = SENTENCES[code]
    filled = {name: str(value) for name, value in values.items()}
    return Finding(False, what % filled, remedy % filled, code, filled)
