"""A WSGI application on a unix socket: granian's threads in this process, behind nginx.

Must not know: which application.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces, RuntimeModes
from granian.http import HTTP1Settings
from granian.server.mp import MPServer

from appliance.supervision import Supervision
from portal.proving import keep_proving

_HEADER_BYTES = 64 * 1024
"""nginx passes on what fits into its own four buffers of 8 KB."""
_LONGER_THAN_NGINX_MS = 75_000
"""It is nginx who closes idle connections, after 60 s: no request meets one that is just closing."""
_ANOTHER_S = 1.0


def serve(socket: Path, create: Callable[[], Any], *, threads: int) -> None:
    """Serve until SIGTERM.

    Args:
        socket: made anew; everybody may connect whom its directory lets in.
        create: makes the application.
        threads: how many requests are answered at a time.
    """
    application = create()
    # What is there now stays as long as the process: looking for garbage in it would only take time.
    gc.collect()
    gc.freeze()
    # One that was killed leaves its socket behind, and a socket that is there cannot be bound.
    socket.unlink(missing_ok=True)
    server = _Alone(
        getattr(create, "__module__", ""),
        uds=socket,
        uds_permissions=0o666,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_LONGER_THAN_NGINX_MS, max_buffer_size=_HEADER_BYTES),
        websockets=False,
        runtime_mode=RuntimeModes.mt,
        blocking_threads=threads,
    )
    supervision = Supervision()
    if supervision.awaited:
        keep_proving(socket, supervision.works, supervision.every_s)
    server.serve_here(application)


class _Alone(MPServer):
    """granian with a worker and without the process that keeps it: systemd starts anew what ends, and that took
    twelve megabytes to do nothing else.

    granian offers that to asynchronous applications alone (``granian.server.embed``), so its worker is made as it makes
    it, and run instead of started: its version is pinned for this, and ``tests/edge/portal`` sees it serve and stop.
    """

    def serve_here(self, application: Any) -> None:
        """Until SIGTERM; what was begun is answered first."""
        # Python misses a signal that comes when its main thread is just about to wait, until there is another.
        signal.signal(signal.SIGALRM, lambda _number, _frame: None)
        signal.setitimer(signal.ITIMER_REAL, _ANOTHER_S, _ANOTHER_S)
        self._init_shared_socket()  # type: ignore[no-untyped-call]  # granian says no types here
        self._spawn_worker(0, self._spawn_wsgi_worker, lambda: application).inner.run()
