"""What the demo's web site answers: a request in, a response out, no sockets.

It speaks as Wikimedia Commons does: the API, originals, thumbnails at fixed widths only, file pages, robots.txt,
refusal of clients that do not say who they are, opt-outs, conditional requests, and now and then a fault (see faults).
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

from facecorpus.demo import pages, urls
from facecorpus.demo.faults import RETRY_AFTER, CallFault, Faults
from facecorpus.demo.imageinfo import UPLOADER, mime_of_name
from facecorpus.demo.mediawiki import ApiError, MediaWikiApi, maxlag_error
from facecorpus.demo.thumbnails import make_thumbnail
from facecorpus.demo.wiki import CategoryPage, FilePage, Wiki, normalise
from facecorpus.demo.world import DemoWorld
from facecorpus.errors import PictureError

_KNOWN_CLIENT = re.compile(r"facecorpus|\S@\S|https?://|^Mozilla/", re.IGNORECASE)  # a browser may look, too
_HTML = "text/html; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """A GET or HEAD; the headers' names mind no upper or lower case."""

    path: str
    query: Mapping[str, str]
    headers: Message


@dataclass(frozen=True, slots=True)
class Response:
    """Status, body, its type, and further headers."""

    status: int
    body: bytes = b""
    content_type: str = _TEXT
    headers: Mapping[str, str] = field(default_factory=dict)


class Site:
    """Answers for one world, served at base_url (scheme, host and port, without a slash at the end)."""

    def __init__(self, world: DemoWorld, base_url: str) -> None:
        self.world = world
        self.faults = Faults([row.file for row in world.truth if row.file not in world.opted_out])
        self._wiki = Wiki(world)
        self._api = MediaWikiApi(self._wiki, base_url)
        self._thumbnail = lru_cache(maxsize=256)(self._make_thumbnail)
        self._places: dict[str, Callable[[Request], Response]] = {
            "/": lambda request: _redirect(pages.MAIN_PAGE),
            "/robots.txt": self._answer_robots,
            "/w/api.php": self._answer_api,
            "/w/index.php": self._answer_page_id,
        }

    def answer(self, target: str, headers: Message) -> Response:
        """The response to a GET or HEAD of a target: path and query."""
        if not _KNOWN_CLIENT.search(headers.get("User-Agent", "")):
            return _plain(403, "Please set a user-agent that names your tool and how to reach you.")
        url = urlsplit(target)
        request = Request(url.path, dict(parse_qsl(url.query, keep_blank_values=True)), headers)
        if place := self._places.get(url.path):
            return place(request)
        if url.path.startswith("/images/"):
            return self._answer_file(request)
        if url.path.startswith("/wiki/"):
            return self._answer_page(request)
        return _plain(404, f"There is no {url.path} here.")

    def _answer_robots(self, request: Request) -> Response:
        lines = ["User-agent: *", "Allow: /", "Disallow: /private/"]
        for file, how in self.world.opted_out.items():
            if how == "robots.txt":
                title = self.world.title_of(file)
                lines += [f"Disallow: {urls.original_path(title)}", f"Disallow: {urls.thumb_folder(title)}"]
        return _plain(200, "\n".join(lines) + "\n")

    def _answer_api(self, request: Request) -> Response:
        fault = self.faults.of_call(wants_maxlag="maxlag" in request.query)
        if fault is CallFault.THROTTLED:
            return _wait(429)
        try:
            if fault is CallFault.LAGGED:
                raise maxlag_error(lag=6)
            return _json(self._api.answer(request.query))
        except ApiError as error:
            more = {"MediaWiki-API-Error": error.code}
            if error.code == "maxlag":
                more |= {"Retry-After": str(RETRY_AFTER), "X-Database-Lag": str(error.more["lag"])}
            return _json(self._api.error(error), more)

    def _answer_file(self, request: Request) -> Response:
        file = self._file_at(request.path)
        if file is None:
            return _plain(404, f"There is no file at {request.path}.")
        if status := self.faults.of_file(file):
            return _wait(status)
        if thumb := urls.thumb_in_path(request.path):
            return self._answer_thumbnail(file, thumb[1], request)
        return self._conditional(file, self.world.read(file), "", request)

    def _file_at(self, path: str) -> str | None:
        """The file whose original or thumbnail has exactly this path."""
        file = self.world.file_of_url(path)
        if file is None:
            return None
        title, thumb = self.world.title_of(file), urls.thumb_in_path(path)
        expected = urls.thumb_path(title, thumb[1]) if thumb else urls.original_path(title)
        return file if path == expected else None

    def _answer_thumbnail(self, file: str, width: int, request: Request) -> Response:
        if width not in urls.THUMB_WIDTHS:
            allowed = ", ".join(map(str, urls.THUMB_WIDTHS))
            return _plain(400, f"{width} is no width of thumbnails here; use one of {allowed}.")
        try:
            scaled = self._thumbnail(file, width)
        except PictureError as error:
            return _plain(500 if self.world.truth_of(file).kind == "broken" else 400, str(error))
        return self._conditional(file, scaled, f"-{width}px", request)

    def _conditional(self, file: str, body: bytes, variant: str, request: Request) -> Response:
        """The bytes with their validators, or 304 where the client has them already (RFC 9110 §13)."""
        recorded = self._wiki.record(self.world.truth_of(file))
        etag = f'"{recorded.sha1}{variant}"'
        about = {
            "ETag": etag,
            "Last-Modified": format_datetime(recorded.uploaded_at, usegmt=True),
            "Cache-Control": "max-age=86400",
        }
        if self.world.opted_out.get(file) == "X-Robots-Tag":
            about["X-Robots-Tag"] = "noai"
        if _is_known(request.headers, etag, recorded.uploaded_at):
            return Response(304, headers=about)
        return Response(200, body, mime_of_name(request.path), about)

    def _answer_page_id(self, request: Request) -> Response:
        page_id = request.query.get("curid", "")
        page = self._wiki.page_of_id(int(page_id)) if page_id.isdecimal() else None
        return _redirect(urls.page_path(page.title)) if page else _plain(404, "There is no page of that id.")

    def _answer_page(self, request: Request) -> Response:
        title = normalise(unquote(request.path.removeprefix("/wiki/")))
        page = self._wiki.page(title)
        if isinstance(page, FilePage):
            return _html(pages.file_page(self._wiki, page))
        if isinstance(page, CategoryPage):
            return _html(pages.category_page(self._wiki, page))
        if title == "Main Page":
            return _html(pages.main_page(self._wiki))
        if title == f"User:{UPLOADER}":
            return _html(pages.about_page(self._wiki))
        return _plain(404, f"There is no page {title}.")

    def _make_thumbnail(self, file: str, width: int) -> bytes:
        return make_thumbnail(self.world.read(file), urls.name_of_title(self.world.title_of(file)), width)


def _is_known(headers: Message, etag: str, modified_at: datetime) -> bool:
    """Whether the client's conditions hold: If-None-Match decides, If-Modified-Since only without it."""
    if tags := headers.get("If-None-Match"):
        return tags.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in tags.split(","))
    try:
        return modified_at.replace(microsecond=0) <= parsedate_to_datetime(headers["If-Modified-Since"])
    except (KeyError, TypeError, ValueError):  # not asked, or no date that can be compared
        return False


def _wait(status: int) -> Response:
    return Response(status, HTTPStatus(status).phrase.encode(), headers={"Retry-After": str(RETRY_AFTER)})


def _redirect(path: str) -> Response:
    return Response(301, headers={"Location": path})


def _plain(status: int, text: str) -> Response:
    return Response(status, text.encode())


def _html(text: str) -> Response:
    return Response(200, text.encode(), _HTML)


def _json(answer: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Response:
    body = json.dumps(answer, separators=(",", ":")).encode()
    return Response(200, body, "application/json; charset=utf-8", headers or {})
