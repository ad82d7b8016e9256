"""To whom an SMPP password goes. It was given for one SMSC: another, or the same in the clear, must be given it anew.

Whoever may change settings could else send the password of a contract to a host of their own, without ever seeing it.
Pure. Must not know: passwords.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from appliance.config import Config
from appliance.sections import SmsProvider

_Destination = tuple[str, int, bool, str]


def unproved(before: Config | None, after: Config) -> tuple[str, ...]:
    """The providers whose kept password would go where it never went, by name.

    Args:
        before: the configuration in force; None: it cannot be read, and nobody knows where any went.
    """
    known = {(one.password_file, _destination(one)) for one in before.sms.provider} if before else set()
    return tuple(one.name for one in after.sms.provider if (one.password_file, _destination(one)) not in known)


def sealed_elsewhere(before: Config | None, after: Config, sealed: Callable[[str], bool]) -> Iterator[int]:
    """The providers, by number, whose password systemd keeps and which are not who it was sealed for.

    Such a password goes with the provider's name, and a new one that somebody gives would change nothing about it.

    Args:
        sealed: whether systemd has one for the provider of that name.
    """
    known = {(one.name, _destination(one)) for one in before.sms.provider} if before else set()
    for number, one in enumerate(after.sms.provider):
        if (one.name, _destination(one)) not in known and sealed(one.name):
            yield number


def _destination(one: SmsProvider) -> _Destination:
    return one.host, one.port, one.tls, one.tls_ca_file
