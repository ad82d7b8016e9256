"""The portal's process.

    python -m portal.visitor.serve SOCKET '{"gate": "/run/qaqpa/gate/gate.sock", "venue": "Café", "language": "kk"}'

Must not know: pages, configuration.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from portal.serving import serve
from portal.visitor.app import create_app

THREADS = 16
"""A gate that is slow to answer one visitor must not keep the others."""


def main(socket: str, told: dict[str, Any]) -> None:
    """Serve until SIGTERM.

    Args:
        told: arguments of ``create_app``.
    """
    serve(Path(socket), partial(create_app, **told), threads=THREADS)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
