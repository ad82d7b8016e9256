"""SMPP passwords that systemd hands to the SMS process alone, for whoever wants none in a file of ours.

    systemd-creds encrypt --name=qaqpa.smpp.smsc.kz - /etc/credstore.encrypted/qaqpa.smpp.smsc.kz

``qaqpa-sms.service`` imports every credential of such a name (systemd.exec(5), ImportCredential=): sealed to this
machine, opened when the process starts, in memory that is never swapped. Must not know: SMPP.
"""

from __future__ import annotations

import os
from pathlib import Path

PREFIX = "qaqpa.smpp."
STORES = (
    *(Path(f"/{root}/credstore{kind}") for root in ("etc", "run", "usr/lib") for kind in (".encrypted", "")),
    *(Path(f"/run/credentials/@{kind}") for kind in ("system", "encrypted")),
)
"""Where systemd looks for them; the last two are what firmware or hypervisor gave to the machine."""


def handed(provider: str) -> str | None:
    """What systemd handed to this process for the provider of that name; None: nothing.

    Raises:
        OSError, UnicodeDecodeError: it is no password.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder or not _there(Path(folder), provider):
        return None
    return (Path(folder) / f"{PREFIX}{provider}").read_text(encoding="ascii").strip()


def kept(provider: str) -> bool:
    """Whether systemd has one for that provider, which nobody but the SMS process is given."""
    return any(_there(store, provider) for store in STORES)


def _there(folder: Path, provider: str) -> bool:
    return "/" not in provider and os.access(folder / f"{PREFIX}{provider}", os.F_OK)
