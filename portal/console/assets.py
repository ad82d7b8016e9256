"""The console's one style sheet and one script, each made of its parts once and named by its digest.

``style/*.css`` and ``script/*.js`` are joined in the order of their names. Must not know: pages.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Flask, Response, abort

from portal.console.routes import Routes

_HERE = Path(__file__).parent
_KINDS = {"css": ("style", "text/css"), "js": ("script", "text/javascript")}


def register(routes: Routes, app: Flask) -> None:
    """Serve them, and let templates name them: ``{{ asset("css") }}``."""
    whole = {kind: _joined(folder, kind) for kind, (folder, _) in _KINDS.items()}
    names = {f"console-{hashlib.sha256(text).hexdigest()[:16]}.{kind}": kind for kind, text in whole.items()}
    of_kind = {kind: name for name, kind in names.items()}

    def asset(name: str) -> Response:
        kind = names.get(name) or abort(404)
        answer = Response(whole[kind], mimetype=_KINDS[kind][1])
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer

    routes.public("/assets/<name>", "asset", asset)
    app.jinja_env.globals["asset"] = lambda kind: f"/assets/{of_kind[kind]}"


def _joined(folder: str, kind: str) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted((_HERE / folder).glob(f"*.{kind}")))
