"""The page's own scripts and style sheet: read once, and kept by browsers for ever."""

import hashlib
import mimetypes
from functools import cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_FOLDER = Path(__file__).parent / "static"
_FOR_EVER = "private, max-age=31536000, immutable"


async def static(request: Request) -> Response:
    """A script or style sheet, under the version's address: browsers may keep it for ever."""
    body = _files().get(request.path_params["name"])
    if body is None:
        raise HTTPException(404, "There is no such file.")
    media_type, _ = mimetypes.guess_type(request.path_params["name"])
    return Response(body, media_type=media_type, headers={"Cache-Control": _FOR_EVER})


@cache
def static_root() -> str:
    """Where the page's own files are asked for; another version, another address."""
    digest = hashlib.sha256()
    for name, body in sorted(_files().items()):
        digest.update(name.encode() + body)
    return f"/static/{digest.hexdigest()[:12]}"


@cache
def scripts() -> tuple[str, ...]:
    """The names of all modules, so that a page can ask for them at once."""
    return tuple(sorted(name for name in _files() if name.endswith(".js")))


@cache
def _files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in _FOLDER.iterdir()}
