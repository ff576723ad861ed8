"""The review page as an ASGI application: three pages, their pictures, and the JSON that their scripts ask for."""

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from facecorpus.corpus import Corpus
from facecorpus.errors import FacecorpusError
from facecorpus.judging.agreement import measure_rates
from facecorpus.manifest import Identity
from facecorpus.system.trouble import sentence_of
from review_ui.answers import change_json, details_json, disputes_json, faces_json, news_json, order_json, stood_json
from review_ui.bodies import read_drawing, read_step, read_verdicts, whole_number
from review_ui.catalog_thread import CatalogThread
from review_ui.files import static
from review_ui.guard import Access, Guard, reviewer_of
from review_ui.language import t
from review_ui.map import map_json
from review_ui.overview import next_page, read_overview, subgroup_title
from review_ui.pages import page, refusal
from review_ui.pictures import Crops, blurred_photograph, photograph
from review_ui.traits import traits_json

MOST_DETAILS = 500
"""Faces whose details are answered at once."""


def create_app(corpus: Corpus, access: Access) -> ASGIApp:
    """The application for one corpus; `access` says who may come in, and as which reviewer."""
    catalog = CatalogThread(corpus)
    questions, pages = Questions(catalog), Pages(catalog)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        catalog.close()

    async def photo(request: Request) -> Response:
        sha256 = request.path_params["sha256"]
        if corpus.settings.build.bystanders == "keep":
            return photograph(corpus, sha256)
        faces = (await catalog.run(lambda known: known.faces.boxes(sha256))).get(sha256, [])
        subject = request.query_params.get("face", "")
        return await asyncio.to_thread(blurred_photograph, corpus, sha256, faces, subject)

    routes = [
        Route("/", pages.overview),
        Route("/identity/{identity_id}", pages.identity),
        Route("/identity/{identity_id}/next", pages.following),
        Route("/disagreements", pages.disagreements),
        Route("/photos/{sha256}", photo),
        Route("/static/{version}/{name}", static),
        Route("/api/identity/{identity_id}", questions.faces),
        Route("/api/identity/{identity_id}/details", questions.details),
        Route("/api/identity/{identity_id}/news", questions.news),
        Route("/api/identity/{identity_id}/order", questions.order),
        Route("/api/identity/{identity_id}/search", questions.search),
        Route("/api/identity/{identity_id}/traits", questions.traits),
        Route("/api/identity/{identity_id}/map", questions.map),
        Route("/api/identity/{identity_id}/near-duplicates/{face_id}", questions.near_duplicates),
        Route("/api/identity/{identity_id}/photographs/{sha256}", questions.photograph),
        Route("/api/identity/{identity_id}/faceless", questions.faceless),
        Route("/api/identity/{identity_id}/like/{face_id}", questions.like),
        Route("/api/disagreements", questions.disagreements),
        Route("/api/decisions", questions.decide, methods=["POST"]),
        Route("/api/drawings", questions.draw, methods=["POST"]),
        Route("/api/undo", questions.undo, methods=["POST"]),
        Route("/api/redo", questions.redo, methods=["POST"]),
    ]
    told = (HTTPException, FacecorpusError, OSError, sqlite3.Error, Exception)
    handlers = dict.fromkeys(told, _refuse)
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    return Guard(Crops(app, corpus), access)


class Pages:
    """The pages, as HTML."""

    def __init__(self, catalog: CatalogThread) -> None:
        self._catalog = catalog
        self._corpus_key = hashlib.sha256(str(catalog.corpus.root.resolve()).encode()).hexdigest()[:12]

    async def overview(self, request: Request) -> Response:
        """Everybody by subgroup, and how far they are."""
        corpus, reviewer = self._catalog.corpus, reviewer_of(request)
        identities = corpus.manifest.identities
        counts = self._catalog.counts
        read = await self._catalog.run(lambda catalog: read_overview(catalog, identities, counts.of(catalog, reviewer)))
        return page("overview.html", overview=read, corpus=corpus.root, reviewer=reviewer)

    async def identity(self, request: Request) -> Response:
        """One person's faces."""
        person = _person(self._catalog.corpus, request.path_params["identity_id"])
        people = self._catalog.corpus.manifest.identities
        place = people.index(person)
        return page(
            "identity.html",
            person=person,
            subgroup=subgroup_title(person.subgroup) if person.subgroup else "",
            place=place + 1,
            people=len(people),
            before=people[place - 1] if place else None,
            more=len(people) > 1,
            reviewer=reviewer_of(request),
            queue_key=self._queue_key(request),
        )

    async def following(self, request: Request) -> Response:
        """On to the next person with faces left, once round; to the overview where nobody else has any."""
        corpus, reviewer = self._catalog.corpus, reviewer_of(request)
        place = corpus.manifest.identities.index(_person(corpus, request.path_params["identity_id"]))
        counts = self._catalog.counts
        address = await self._catalog.run(lambda catalog: next_page(counts.of(catalog, reviewer), place))
        return RedirectResponse(address, 303)

    async def disagreements(self, request: Request) -> Response:
        """The faces on which people disagree."""
        return page(
            "disagreements.html",
            corpus=self._catalog.corpus.root,
            reviewer=reviewer_of(request),
            queue_key=self._queue_key(request),
            rates=await self._catalog.run(lambda catalog: measure_rates(catalog, self._catalog.sharing)),
        )

    def _queue_key(self, request: Request) -> str:
        """Under which name the browser keeps what is not on disk yet: another corpus or reviewer, another name."""
        return f"facecorpus:{self._corpus_key}:{reviewer_of(request)}"


class Questions:
    """What the pages' scripts ask and say, as JSON."""

    def __init__(self, catalog: CatalogThread) -> None:
        self._catalog = catalog

    async def faces(self, request: Request) -> Response:
        """A person's faces in columns: all, or ?faces=ID,ID,…, of which those that are not on the page are left out."""
        person, asked = self._asked(request), request.query_params.get("faces")
        face_ids = None if asked is None else _at_most(asked)
        read = await self._catalog.faces(person.identity_id, reviewer_of(request), face_ids)
        return _json(faces_json(read, self._catalog.corpus.manifest.identities, reviewer_of(request)))

    async def details(self, request: Request) -> Response:
        """What is shown of some faces: ?faces=ID,ID,…"""
        face_ids = _at_most(request.query_params.get("faces", ""))
        return _json(details_json(await self._catalog.details(self._asked(request).identity_id, face_ids)))

    async def news(self, request: Request) -> Response:
        """How the faces stand of which anybody said something since: ?after=ROW."""
        after = whole_number(request.query_params.get("after", ""))
        if after is None:
            raise HTTPException(422, "after: a whole number is expected.")
        person = self._asked(request)
        return _json(news_json(await self._catalog.news(person.identity_id, after, reviewer_of(request))))

    async def order(self, request: Request) -> Response:
        """The undecided faces ranked anew."""
        return _json(order_json(await self._catalog.order(self._asked(request))))

    async def search(self, request: Request) -> Response:
        """The faces whose caption, author, licence, page or reasons hold a text: ?text=…"""
        person, text = self._asked(request), request.query_params.get("text", "").strip()
        return _json(
            {"faces": await self._catalog.run(lambda catalog: catalog.review.matching(person.identity_id, text))}
        )

    async def traits(self, request: Request) -> Response:
        """What the faces are chosen and sorted by."""
        person = self._asked(request)
        return _json(await self._catalog.run(lambda catalog: traits_json(catalog.traits.of(person.identity_id))))

    async def map(self, request: Request) -> Response:
        """Where the person's kept faces lie on the map."""
        person = self._asked(request)
        return _json(await self._catalog.run(lambda catalog: map_json(catalog.descriptors.of(person))))

    async def near_duplicates(self, request: Request) -> Response:
        """The near-duplicates of a face, of all people."""
        person = self._asked(request)
        found = await self._catalog.near_duplicates(
            person.identity_id, request.path_params["face_id"], reviewer_of(request)
        )
        return _json(stood_json(found))

    async def photograph(self, request: Request) -> Response:
        """All faces of a photograph."""
        person = self._asked(request)
        return _json(
            stood_json(
                await self._catalog.photograph(person.identity_id, request.path_params["sha256"], reviewer_of(request))
            )
        )

    async def like(self, request: Request) -> Response:
        """The faces of all people that are most like one."""
        person = self._asked(request)
        found = await self._catalog.like(person.identity_id, request.path_params["face_id"], reviewer_of(request))
        return _json(stood_json(found))

    async def disagreements(self, _: Request) -> Response:
        """The faces on which people disagree, and what each says."""
        return _json(disputes_json(*await self._catalog.disputes(), self._catalog.corpus.manifest.identities))

    async def faceless(self, request: Request) -> Response:
        """The person's photographs in which no face was found."""
        return _json({"photographs": list(map(asdict, await self._catalog.faceless(self._asked(request).identity_id)))})

    async def draw(self, request: Request) -> Response:
        """Note a face that somebody drew."""
        asked = await read_drawing(request)
        _person(self._catalog.corpus, asked.page)
        return _json(change_json(await self._catalog.draw(asked, reviewer_of(request))))

    async def decide(self, request: Request) -> Response:
        """Say one thing of several faces."""
        asked = await read_verdicts(request)
        for identity_id in (asked.page, asked.identity_id):
            _person(self._catalog.corpus, identity_id)
        return _json(change_json(await self._catalog.decide(asked, reviewer_of(request))))

    async def undo(self, request: Request) -> Response:
        """Take back what was said last."""
        asked = await read_step(request)
        _person(self._catalog.corpus, asked.page)
        return _json(change_json(await self._catalog.undo(asked, reviewer_of(request))))

    async def redo(self, request: Request) -> Response:
        """Say again what was taken back last."""
        asked = await read_step(request)
        _person(self._catalog.corpus, asked.page)
        return _json(change_json(await self._catalog.redo(asked, reviewer_of(request))))

    def _asked(self, request: Request) -> Identity:
        return _person(self._catalog.corpus, request.path_params["identity_id"])


def _at_most(faces: str) -> list[str]:
    """Ids between commas; HTTPException 422 where they are too many."""
    face_ids = faces.split(",")
    if len(face_ids) > MOST_DETAILS:
        raise HTTPException(422, f"faces: at most {MOST_DETAILS} at once.")
    return face_ids


def _person(corpus: Corpus, identity_id: str) -> Identity:
    try:
        return corpus.manifest[identity_id]
    except KeyError:
        raise HTTPException(404, t("Nobody in this corpus has the id {id}.", id=repr(identity_id))) from None


def _json(document: Mapping[str, object]) -> Response:
    # Member by member: the encoder holds a text for every number of a document until it is done.
    members = (f"{_text(key)}:{_text(value)}".encode("utf-8", "surrogatepass") for key, value in document.items())
    return Response(b"{" + b",".join(members) + b"}", media_type="application/json")


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def _refuse(request: Request, error: Exception) -> Response:
    path = request.scope["path"]
    if isinstance(error, HTTPException):
        unknown = error.detail == HTTPStatus.NOT_FOUND.phrase  # the framework's, of an address without a route
        return refusal(path, error.status_code, t("There is no such page.") if unknown else error.detail)
    if isinstance(error, FacecorpusError):
        return refusal(path, 409, str(error))
    if sentence := sentence_of(error):
        return refusal(path, 507, sentence)
    return refusal(path, 500, t("Something went wrong; the terminal of facecorpus review says what."))
