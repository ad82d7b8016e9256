"""A WSGI application on a unix socket: granian's processes and threads, behind nginx.

Must not know: which application.
"""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server import Server

from appliance.supervision import Supervision
from portal.proving import keep_proving

_HEADER_BYTES = 64 * 1024
"""nginx passes on what fits into its own four buffers of 8 KB."""
_LONGER_THAN_NGINX_MS = 75_000
"""It is nginx who closes idle connections, after 60 s: no request meets one that is just closing."""


def serve(socket: Path, create: Callable[[], Any], *, workers: int, threads: int) -> None:
    """Serve until SIGTERM.

    Args:
        socket: made anew; everybody may connect whom its directory lets in.
        create: makes the application, once and for all processes: what it is made of they share.
        workers: processes.
        threads: of each, and so how many requests it answers at a time.
    """
    application = create()
    # Only a fork shares memory. Looking for garbage would write into every object, and so copy what is shared.
    multiprocessing.set_start_method("fork", force=True)
    gc.collect()
    gc.freeze()
    # One that was killed leaves its socket behind, and a socket that is there cannot be bound.
    socket.unlink(missing_ok=True)
    server = Server(
        getattr(create, "__module__", ""),
        uds=socket,
        uds_permissions=0o666,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_LONGER_THAN_NGINX_MS, max_buffer_size=_HEADER_BYTES),
        websockets=False,
        workers=workers,
        blocking_threads=threads,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=5,
    )
    supervision = Supervision()
    if supervision.awaited:
        server.on_startup(lambda: keep_proving(socket, workers, supervision.works, supervision.every_s))
    server.serve(target_loader=lambda: application, wrap_loader=False)
