"""The review page as an ASGI application: two pages, their pictures, and the JSON that their scripts ask for."""

import hashlib
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from facecorpus.catalog.records import ReviewFace
from facecorpus.corpus import Corpus
from facecorpus.errors import FacecorpusError
from facecorpus.manifest import Identity
from review_ui.desk import Desk
from review_ui.guard import Guard
from review_ui.overview import read_overview, subgroup_title
from review_ui.pages import STATIC, page, picture_type, refusal

REASONS = {
    "w": "wrong person",
    "n": "not a face",
    "d": "duplicate",
    "q": "quality",
    "g": "age label",
    "o": "other",
}
"""Why a face is rejected, by the key that says so after 'r'."""

_FACE_ID = re.compile(r"[0-9a-f]{24}-[0-9]{1,6}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
# Photographs come from anywhere: even a file that is a picture and a document at once stays a picture.
_ALONE = {"Content-Security-Policy": "default-src 'none'; sandbox"}


class Verdicts(BaseModel):
    """POST /api/decisions."""

    identity_id: str
    face_ids: list[str] = Field(min_length=1, max_length=100_000)
    verdict: Literal["accept", "reject", "undecided"]
    reason: str = ""


class Step(BaseModel):
    """POST /api/undo and /api/redo; `batch` is the one that the page believes to be the latest."""

    identity_id: str
    batch: int | None = None


def create_app(corpus: Corpus, token: str, reviewer: str) -> ASGIApp:
    """The application for one corpus and one reviewer; `token` lets one browser in, once."""
    desk = Desk(corpus, reviewer)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        desk.close()

    app = FastAPI(openapi_url=None, lifespan=lifespan)
    app.mount("/static", StaticFiles(directory=STATIC))
    _add_pages(app, desk)
    _add_pictures(app, corpus)
    _add_api(app, desk)
    _add_refusals(app)
    return Guard(app, token)


def _add_pages(app: FastAPI, desk: Desk) -> None:
    corpus_key = hashlib.sha256(str(desk.corpus.root.resolve()).encode()).hexdigest()[:12]

    @app.get("/")
    async def overview() -> Response:
        identities = desk.corpus.manifest.identities
        counts = await desk.run(lambda catalog: read_overview(catalog, identities))
        return page("overview.html", overview=counts, corpus=desk.corpus.root, reviewer=desk.reviewer)

    @app.get("/identity/{identity_id}")
    async def identity(identity_id: str) -> Response:
        person = _person(desk.corpus, identity_id)
        people = desk.corpus.manifest.identities
        place = people.index(person)
        return page(
            "identity.html",
            person=person,
            subgroup=subgroup_title(person.subgroup) if person.subgroup else "",
            place=place + 1,
            people=len(people),
            before=people[place - 1] if place else None,
            after=people[place + 1] if place + 1 < len(people) else None,
            reasons=REASONS,
            queue_key=f"facecorpus:{corpus_key}:{desk.reviewer}",
        )


def _add_pictures(app: FastAPI, corpus: Corpus) -> None:
    async def crop(request: Request) -> Response:
        face_id = request.path_params["face_id"]
        path = corpus.crops.path(face_id)
        if not _FACE_ID.fullmatch(face_id) or not path.is_file():
            raise HTTPException(404, "There is no such crop.")
        # About 10 kB: reading it here costs less than a thread, and a screen asks for a hundred at once.
        return Response(path.read_bytes(), media_type="image/jpeg", headers=_FOR_EVER)

    async def photo(request: Request) -> Response:
        sha256 = request.path_params["sha256"]
        path = corpus.photos.path(sha256)
        if not _SHA256.fullmatch(sha256) or not path.is_file():
            raise HTTPException(404, "There is no such photograph.")
        with path.open("rb") as file:
            media_type = picture_type(file.read(16))
        if media_type is None:
            raise HTTPException(415, "Browsers do not show photographs of this kind.")
        return FileResponse(path, media_type=media_type, headers=_FOR_EVER | _ALONE)

    # Plain routes: the framework's parsing of arguments would take longer than reading a crop.
    app.add_route("/crops/{face_id}.jpg", crop, methods=["GET"])
    app.add_route("/photos/{sha256}", photo, methods=["GET"])


def _add_api(app: FastAPI, desk: Desk) -> None:
    @app.get("/api/identity/{identity_id}")
    async def faces(identity_id: str) -> Response:
        _person(desk.corpus, identity_id)
        read = await desk.faces(identity_id)
        return _json({"faces": _rows(read.faces), "undo": read.undo, "redo": read.redo})

    @app.post("/api/decisions")
    async def decide(asked: Verdicts) -> Response:
        _person(desk.corpus, asked.identity_id)
        if asked.reason not in (REASONS.values() if asked.verdict == "reject" else ("",)):
            raise HTTPException(422, f"A rejection, and nothing else, has a reason: {', '.join(REASONS.values())}.")
        face_ids = list(dict.fromkeys(asked.face_ids))
        return _json(asdict(await desk.decide(asked.identity_id, face_ids, asked.verdict, asked.reason)))

    @app.post("/api/undo")
    async def undo(asked: Step) -> Response:
        return _json(asdict(await desk.undo(_person(desk.corpus, asked.identity_id).identity_id, asked.batch)))

    @app.post("/api/redo")
    async def redo(asked: Step) -> Response:
        return _json(asdict(await desk.redo(_person(desk.corpus, asked.identity_id).identity_id, asked.batch)))


def _add_refusals(app: FastAPI) -> None:
    async def refuse(request: Request, error: Exception) -> Response:
        path = request.scope["path"]
        if isinstance(error, HTTPException):
            return refusal(path, error.status_code, error.detail)
        if isinstance(error, FacecorpusError):
            return refusal(path, 409, str(error))
        if isinstance(error, RequestValidationError):
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"][1:]) or "body"
            return refusal(path, 422, f"{field}: {first['msg']}.")
        return refusal(path, 500, "Something went wrong; the terminal of facecorpus review says what.")

    for kind in (HTTPException, FacecorpusError, RequestValidationError, Exception):
        app.add_exception_handler(kind, refuse)


def _person(corpus: Corpus, identity_id: str) -> Identity:
    try:
        return corpus.manifest[identity_id]
    except KeyError:
        raise HTTPException(404, f"Nobody in this corpus has the id {identity_id!r}.") from None


def _rows(faces: Sequence[ReviewFace]) -> list[dict[str, object]]:
    """The faces as the page's scripts read them: a copy of 30,000 by dataclasses.asdict would take a second."""
    return [{name: getattr(face, name) for name in ReviewFace.__slots__} for face in faces]


def _json(document: object) -> Response:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "surrogatepass"), media_type="application/json")
