"""The sender as a process of its own, as ``qaqpa sms`` runs it, logging all there is.

python -m tests.edge.sms.process SETTINGS_JSON
"""

from __future__ import annotations

import json
import logging
import sys

from sms.sender import run
from sms.settings import Provider, Settings


def main() -> None:
    """Until SIGTERM."""
    given = json.loads(sys.argv[1])
    logging.basicConfig(level=logging.DEBUG, format="%(name)s %(levelname)s %(message)s")
    run(Settings(given["socket_path"], frozenset(given["peer_uids"]), Provider(**given["provider"])))


if __name__ == "__main__":
    main()
