"""What the machine must have whatever the configuration says: programs and users; each missing one with what to do.

Must not know: the configuration, other rooms' findings.
"""

from __future__ import annotations

import pwd
import shutil
from collections.abc import Iterator

from appliance.found import Found, right, wrong
from appliance.users import CONSOLE_USER, GATE_USER, PORTAL_USER, SMS_USER

_PACKAGES = {"nginx": "nginx-light", "dnsmasq": "dnsmasq-base", "ipset": "ipset"}


def programs() -> Iterator[Found]:
    """Of Debian's, those that the box cannot do without."""
    for program, package in _PACKAGES.items():
        path = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
        yield right(f"{program}: {path}") if path else wrong("program.missing", program=program, package=package)


def users() -> Iterator[Found]:
    """Ours."""
    for user in (GATE_USER, PORTAL_USER, SMS_USER, CONSOLE_USER):
        try:
            uid = pwd.getpwnam(user).pw_uid
        except KeyError:
            yield wrong("user.missing", user=user)
        else:
            yield right(f"user {user} is uid {uid}")
