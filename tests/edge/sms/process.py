"""The sender as a process of its own, as ``qaqpa sms`` runs it, logging all there is.

python -m tests.edge.sms.process SETTINGS_JSON
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from sms.sender import run
from sms.settings import Bind, Long, Provider, Settings
from sms.status import Verdict


def main() -> None:
    """Until SIGTERM."""
    given = json.loads(sys.argv[1])
    logging.basicConfig(level=logging.DEBUG, format="%(name)s %(levelname)s %(message)s")
    providers = tuple(_provider(**provider) for provider in given.pop("providers"))
    run(Settings(given.pop("socket_path"), frozenset(given.pop("peer_uids")), providers, **given))


def _provider(bind: str = "transceiver", long: str = "udh", **given: Any) -> Provider:
    """JSON has neither enums nor tuples nor numbers as keys."""
    statuses = {int(code): Verdict(meaning) for code, meaning in given.pop("statuses", {}).items()}
    prefixes = tuple(given.pop("prefixes", ()))
    return Provider(bind=Bind(bind), long=Long(long), statuses=statuses, prefixes=prefixes, **given)


if __name__ == "__main__":
    main()
