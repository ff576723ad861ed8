"""Crops and photographs; crops by plain ASGI, because a screen asks for a hundred at once."""

import re
from collections.abc import Sequence
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from facecorpus.corpus import Corpus
from facecorpus.errors import PictureError
from facecorpus.records import Box
from review_ui.pages import picture_type

_FACE_ID = re.compile(r"[0-9a-f]{24}-[0-9]{1,6}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHOWN_QUALITY = 90
_FOR_EVER = "private, max-age=31536000, immutable"
# Photographs come from anywhere: even a file that is a picture and a document at once stays a picture.
_ALONE = "default-src 'none'; sandbox"


class Crops:
    """Answers /crops/FACE_ID.jpg itself and passes everything else on."""

    def __init__(self, app: ASGIApp, corpus: Corpus) -> None:
        self._app = app
        self._crops = corpus.crops

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        path = scope.get("path", "")
        jpeg = self._read(path) if path.startswith("/crops/") and scope["method"] == "GET" else None
        if jpeg is None:
            await self._app(scope, receive, send)
            return
        headers = [
            (b"content-type", b"image/jpeg"),
            (b"content-length", str(len(jpeg)).encode()),
            (b"cache-control", _FOR_EVER.encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": jpeg})

    def _read(self, path: str) -> bytes | None:
        face_id = path.removeprefix("/crops/").removesuffix(".jpg")
        if not _FACE_ID.fullmatch(face_id):
            return None
        try:
            # About 10 kB: reading it here costs less than a thread.
            return self._crops.path(face_id).read_bytes()
        except OSError:
            return None


def photograph(corpus: Corpus, sha256: str) -> Response:
    """A photograph as the picture that its bytes are; HTTPException where there is none."""
    path = _photograph(corpus, sha256)
    with path.open("rb") as file:
        media_type = picture_type(file.read(16))
    if media_type is None:
        raise HTTPException(415, "Browsers do not show photographs of this kind.")
    headers = {"Cache-Control": _FOR_EVER, "Content-Security-Policy": _ALONE}
    return FileResponse(path, media_type=media_type, headers=headers)


def blurred_photograph(corpus: Corpus, sha256: str, boxes: Sequence[tuple[str, Box]], subject: str) -> Response:
    """A photograph with every face blurred but the subject's; faces as face_id and box, the subject by its face_id."""
    from facecorpus.faces.bystanders import without_bystanders
    from facecorpus.faces.decode import decode
    from facecorpus.faces.jpeg import as_jpeg

    path = _photograph(corpus, sha256)
    try:
        picture = decode(path.read_bytes(), corpus.settings.fetch.max_pixels).picture
    except PictureError as error:
        raise HTTPException(415, str(error)) from None
    own = dict(boxes).get(subject)
    shown = without_bystanders(picture, [box for face_id, box in boxes if face_id != subject], own)
    # Not kept by the browser: who is blurred follows from the settings and from the faces that are known.
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": _ALONE}
    return Response(as_jpeg(shown, _SHOWN_QUALITY), media_type="image/jpeg", headers=headers)


def _photograph(corpus: Corpus, sha256: str) -> Path:
    path = corpus.photos.path(sha256)
    if not _SHA256.fullmatch(sha256) or not path.is_file():
        raise HTTPException(404, "There is no such photograph.")
    return path
