"""What the machine must have whatever the configuration says: programs and users; each missing one with what to do.

Must not know: the configuration, other rooms' findings.
"""

from __future__ import annotations

import pwd
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from appliance import daemon

_PACKAGES = {"nginx": "nginx-light", "dnsmasq": "dnsmasq-base", "ipset": "ipset"}


@dataclass(frozen=True)
class Found:
    """One thing that is there, or not."""

    ok: bool
    what: str
    remedy: str = ""


def programs() -> Iterator[Found]:
    """Of Debian's, those that the box cannot do without."""
    for program, package in _PACKAGES.items():
        path = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
        yield Found(path is not None, f"{program}: {path or 'not installed'}", f"apt-get install {package}")


def users() -> Iterator[Found]:
    """Ours."""
    for user in (daemon.GATE_USER, daemon.PORTAL_USER, daemon.SMS_USER, daemon.CONSOLE_USER):
        try:
            uid = pwd.getpwnam(user).pw_uid
        except KeyError:
            # By name: systemd finds it where the package put it, /usr/lib/sysusers.d.
            yield Found(False, f"there is no user {user}", "systemd-sysusers qaqpa.conf")
        else:
            yield Found(True, f"user {user} is uid {uid}")
